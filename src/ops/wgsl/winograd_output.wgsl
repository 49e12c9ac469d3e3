// Winograd's transform back to the image, with the bias, and with the sums over a block of tiles
// that the next instance normalisation needs (see `statistics`). A workgroup takes 64 channels, one
// per invocation, and walks over `block` tiles in four lines.

// [36][tile][channels]
@group(0) @binding(0) var<storage, read> transformed: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@write 2 y one
// [image][block][2][channels]
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;
@group(0) @binding(4) var<uniform> tiles: Tiles;

var<workgroup> lines: array<vec2<f32>, 256>;

// Transforms six positions to four pixels in a row.
fn transform(m: array<f32, 6>) -> vec4<f32> {
    let a = m[1] + m[2];
    let b = m[1] - m[2];
    let c = m[3] + m[4];
    let d = m[3] - m[4];
    return vec4<f32>(m[0] + a + c, b + 2.0 * d, a + 4.0 * c, b + 8.0 * d + m[5]);
}

// One tile, a row of results per column of the matrix.
fn results(tile: u32, c: u32) -> mat4x4<f32> {
    let row = tile * tiles.channels + c;
    let step = tiles.batch * tiles.down * tiles.across * tiles.channels;
    @unroll r 6: let row_$r = transform(array<f32, 6>(transformed[row + $ru * 6u * step], transformed[row + ($ru * 6u + 1u) * step], transformed[row + ($ru * 6u + 2u) * step], transformed[row + ($ru * 6u + 3u) * step], transformed[row + ($ru * 6u + 4u) * step], transformed[row + ($ru * 6u + 5u) * step]));
    var columns = mat4x4<f32>();
    @unroll c 4: columns[$c] = transform(array<f32, 6>(row_0[$c], row_1[$c], row_2[$c], row_3[$c], row_4[$c], row_5[$c]));
    return transpose(columns);
}

@compute @workgroup_size(64, 4, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let c = group.x * 64u + local.x;
    let all = tiles.down * tiles.across;
    var sum = vec2<f32>();
    if (c < tiles.channels) {
        let shift = bias[c];
        // The image's first pixel as the reader of the sums will find it, except for the bias.
        let pivot = kept_y(results(group.z * all, c)[0][0] + shift) - shift;
        let end = min((group.y + 1u) * tiles.block, all);
        for (var tile = group.y * tiles.block + local.y; tile < end; tile += 4u) {
            var block = results(group.z * all + tile, c);
            let y0 = tile / tiles.across * 4u;
            let x0 = tile % tiles.across * 4u;
            for (var i = 0u; i < 4u; i++) {
                for (var j = 0u; j < 4u; j++) {
                    if (y0 + i < tiles.height && x0 + j < tiles.width) {
                        let pixel = (group.z * tiles.height + y0 + i) * tiles.width + x0 + j;
                        let value = block[i][j];
                        write_y(pixel * tiles.channels + c, value + shift);
                        let d = value - pivot;
                        sum += vec2<f32>(d, d * d);
                    }
                }
            }
        }
    }
    lines[index] = sum;
    workgroupBarrier();
    if (local.y == 0u && c < tiles.channels) {
        let total = lines[index] + lines[index + 64u] + lines[index + 128u] + lines[index + 192u];
        let at = (group.z * groups.y + group.y) * 2u * tiles.channels + c;
        sums[at] = total.x;
        sums[at + tiles.channels] = total.y;
    }
}
