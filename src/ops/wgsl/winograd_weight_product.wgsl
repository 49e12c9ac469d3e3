// The products in the middle of a weight's gradient by Winograd's filtering: for each position of a
// transformed tile, a matrix product of channels x tiles and tiles x outputs, with as many outputs
// as channels. It takes a quarter of the multiplications of a sum over pixels and taps.
//
// If that makes too few workgroups, the tiles are cut into parts, each workgroup sums one, and
// `winograd_weight_gradient` adds them up in a fixed order. A workgroup of 8 x 8 invocations
// computes 64 x 64 weights of one position. It loads 16 tiles of both factors into workgroup memory
// (8 KB), where everything is read as vec4 without transposing, because both store a tile's
// channels contiguously. Position (1, 1) of the gradient is the sum of a tile's pixels, which gives
// the gradient of the bias.

// [36][tile][channels], both: the transformed image, and its result's transformed gradient.
@read 0 source
@read 1 gradient
// Layout of a part: [36][channels][channels], then [channels] for the bias.
@write 2 part
@group(0) @binding(3) var<uniform> tiles: Tiles;

const POSITIONS: u32 = 36u;
const DEPTH: u32 = 16u;
var<workgroup> tile_source: array<vec4<f32>, 256>; // [16 tiles][64 channels]
var<workgroup> tile_gradient: array<vec4<f32>, 256>; // [16 tiles][64 outputs]

fn finish(value: vec4<f32>, k: u32, n: u32, start: u32) {
    if (k < tiles.channels && n < tiles.channels) {
        write_part(start + k * tiles.channels + n, tiles.channels - n, value);
    }
}

@compute @workgroup_size(8, 8, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let position = group.z % POSITIONS;
    let is_sum = position == 7u;
    // What this invocation loads: one vec4 of every fourth tile, from either factor.
    let quad = index % 16u;
    let line = index / 16u;
    let k = group.y * 64u + 4u * quad;
    let n = group.x * 64u + 4u * quad;

    // Quarters of this workgroup's results, each with a variable per row.
    @unroll i 4: var upper_left_$i = vec4<f32>();
    @unroll i 4: var upper_right_$i = vec4<f32>();
    @unroll i 4: var lower_left_$i = vec4<f32>();
    @unroll i 4: var lower_right_$i = vec4<f32>();
    var bias_left = vec4<f32>();
    var bias_right = vec4<f32>();

    // This part's tiles, over all images.
    let count = tiles.batch * tiles.down * tiles.across;
    let parts = groups.z / POSITIONS;
    let end = count * (group.z / POSITIONS + 1u) / parts;
    for (var first = count * (group.z / POSITIONS) / parts; first < end; first += DEPTH) {
        for (var i = line; i < DEPTH; i += 4u) {
            var source = vec4<f32>();
            var gradient = vec4<f32>();
            if (first + i < end) {
                let row = (position * count + first + i) * tiles.channels;
                if (k < tiles.channels) {
                    source = read_source(row + k, tiles.channels - k);
                }
                if (n < tiles.channels) {
                    gradient = read_gradient(row + n, tiles.channels - n);
                }
            }
            tile_source[i * 16u + quad] = source;
            tile_gradient[i * 16u + quad] = gradient;
        }
        workgroupBarrier();
        for (var t = 0u; t < DEPTH; t++) {
            let a0 = tile_source[t * 16u + local.y];
            let a1 = tile_source[t * 16u + 8u + local.y];
            let b0 = tile_gradient[t * 16u + local.x];
            let b1 = tile_gradient[t * 16u + 8u + local.x];
            @unroll i 4: upper_left_$i += a0[$i] * b0;
            @unroll i 4: upper_right_$i += a0[$i] * b1;
            @unroll i 4: lower_left_$i += a1[$i] * b0;
            @unroll i 4: lower_right_$i += a1[$i] * b1;
            if (is_sum) {
                bias_left += b0;
                bias_right += b1;
            }
        }
        workgroupBarrier();
    }

    let weights = tiles.channels * tiles.channels;
    let start = group.z / POSITIONS * (POSITIONS * weights + tiles.channels);
    let to = start + position * weights;
    let to_k = group.y * 64u + 4u * local.y;
    let to_n = group.x * 64u + 4u * local.x;
    @unroll i 4: finish(upper_left_$i, to_k + $iu, to_n, to);
    @unroll i 4: finish(upper_right_$i, to_k + $iu, to_n + 32u, to);
    @unroll i 4: finish(lower_left_$i, to_k + 32u + $iu, to_n, to);
    @unroll i 4: finish(lower_right_$i, to_k + 32u + $iu, to_n + 32u, to);

    if (is_sum && group.y == 0u && local.y == 0u) {
        let at = start + POSITIONS * weights;
        if (to_n < tiles.channels) {
            write_part(at + to_n, tiles.channels - to_n, bias_left);
        }
        if (to_n + 32u < tiles.channels) {
            write_part(at + to_n + 32u, tiles.channels - to_n - 32u, bias_right);
        }
    }
}
