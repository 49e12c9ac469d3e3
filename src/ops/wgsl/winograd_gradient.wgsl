// The way back through Winograd's last transform: the gradient of the results, 4 x 4 pixels a tile,
// as 6 x 6 positions, by the transpose of `winograd_output`'s matrix from either side. Position
// (1, 1) is the sum of the tile's pixels, as the second of the interpolation points is 1.
//
// All tiles are whole. A workgroup takes 64 channels, one to an invocation, and walks over `block`
// tiles in four lines.

// [image][height][width][channels]
@group(0) @binding(0) var<storage, read> gradient: array<f32>;
// [36][tile][channels]
@group(0) @binding(1) var<storage, read_write> transformed: array<f32>;
@group(0) @binding(2) var<uniform> tiles: Tiles;

// Four pixels in a row to six positions.
fn transform(d: vec4<f32>) -> array<f32, 6> {
    let even = d.x + d.z;
    let odd = d.y + d.w;
    let far_even = d.x + 4.0 * d.z;
    let far_odd = 2.0 * d.y + 8.0 * d.w;
    return array<f32, 6>(d.x, even + odd, even - odd, far_even + far_odd, far_even - far_odd, d.w);
}

@compute @workgroup_size(64, 4, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    let c = group.x * 64u + local.x;
    if (c >= tiles.channels) {
        return;
    }
    let all = tiles.down * tiles.across;
    let step = tiles.batch * all * tiles.channels;
    let end = min((group.y + 1u) * tiles.block, all);
    for (var tile = group.y * tiles.block + local.y; tile < end; tile += 4u) {
        let y0 = group.z * tiles.height + tile / tiles.across * 4u;
        let first = (y0 * tiles.width + tile % tiles.across * 4u) * tiles.channels + c;
        let line = tiles.width * tiles.channels;
        @unroll r 4: let row_$r = transform(vec4<f32>(gradient[first + $ru * line], gradient[first + $ru * line + tiles.channels], gradient[first + $ru * line + 2u * tiles.channels], gradient[first + $ru * line + 3u * tiles.channels]));
        let at = (group.z * all + tile) * tiles.channels + c;
        @unroll c 6: let column_$c = transform(vec4<f32>(row_0[$c], row_1[$c], row_2[$c], row_3[$c]));
        @unroll r 6: @unroll c 6: transformed[at + ($ru * 6u + $cu) * step] = column_$c[$r];
    }
}
