// Winograd's transform of the image, including the normalisation and activation before it and the
// mirrored border; none of these is ever written. A workgroup takes 64 channels, one per
// invocation, and walks over `block` tiles in four lines.

@read 0 x one
// [image][block][2][channels], from `statistics` or `winograd_output`.
@group(0) @binding(1) var<storage, read> sums: array<f32>;
// [36][tile][channels]
@group(0) @binding(2) var<storage, read_write> transformed: array<f32>;
// [image][2][channels]: mean, 1 / sqrt(var + epsilon), if there is a normalisation.
@group(0) @binding(3) var<storage, read_write> statistics: array<f32>;
@group(0) @binding({{ info }}) var<uniform> tiles: Tiles;

// 1 if a normalisation and an activation come first.
const NORMALISE: u32 = {{ normalise }};
const EPSILON: f32 = 1e-5;

// Transforms six pixels in a row to six positions.
fn transform(d: array<f32, 6>) -> array<f32, 6> {
    let a = d[4] - 4.0 * d[2];
    let b = d[3] - 4.0 * d[1];
    let c = d[4] - d[2];
    let e = 2.0 * (d[3] - d[1]);
    return array<f32, 6>(
        4.0 * d[0] - 5.0 * d[2] + d[4],
        a + b,
        a - b,
        c + e,
        c - e,
        4.0 * d[1] - 5.0 * d[3] + d[5],
    );
}

// Row or column i of the image, mirrored; arbitrary if only results outside the image read it.
fn mirrored(i: i32, size: u32) -> u32 {
    let last = i32(size) - 1;
    return u32(clamp(select(abs(i), 2 * last - i, i > last), 0, last));
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
    let image = group.z * tiles.height * tiles.width;
    var mean = 0.0;
    var scale = 1.0;
    if (NORMALISE == 1u) {
        var sum = 0.0;
        var squares = 0.0;
        for (var b = 0u; b < tiles.blocks; b++) {
            let at = (group.z * tiles.blocks + b) * 2u * tiles.channels + c;
            sum += sums[at];
            squares += sums[at + tiles.channels];
        }
        let count = f32(tiles.height * tiles.width);
        let shift = sum / count;
        mean = read_x(image * tiles.channels + c) + shift;
        let variance = at_least_zero(vec4<f32>(squares / count - shift * shift)).x;
        scale = 1.0 / sqrt(variance + EPSILON);
        if (group.y == 0u && local.y == 0u) {
            statistics[group.z * 2u * tiles.channels + c] = mean;
            statistics[(group.z * 2u + 1u) * tiles.channels + c] = scale;
        }
    }

    let by = learnt(c, 1u);
    let all = tiles.down * tiles.across;
    let end = min((group.y + 1u) * tiles.block, all);
    for (var tile = group.y * tiles.block + local.y; tile < end; tile += 4u) {
        let y0 = i32(tile / tiles.across) * 4 - 1;
        let x0 = i32(tile % tiles.across) * 4 - 1;
        @unroll c 6: let x_$c = mirrored(x0 + $c, tiles.width);
        var rows: array<array<f32, 6>, 6>;
        @unroll r 6: let y_$r = image + mirrored(y0 + $r, tiles.height) * tiles.width;
        @unroll r 6: @unroll c 6: rows[$r][$c] = read_x((y_$r + x_$c) * tiles.channels + c);
        if (NORMALISE == 1u) {
            for (var i = 0u; i < 6u; i++) {
                @unroll r 6: rows[$r][i] = activate(affine(vec4<f32>((rows[$r][i] - mean) * scale), by)).x;
            }
        }
        @unroll r 6: rows[$r] = transform(rows[$r]);
        let row = (group.z * all + tile) * tiles.channels + c;
        let step = tiles.batch * all * tiles.channels;
        @unroll c 6: let column_$c = transform(array<f32, 6>(rows[0][$c], rows[1][$c], rows[2][$c], rows[3][$c], rows[4][$c], rows[5][$c]));
        @unroll r 6: @unroll c 6: transformed[row + ($ru * 6u + $cu) * step] = column_$c[$r];
    }
}
