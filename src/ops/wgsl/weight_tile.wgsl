// Gradient of a convolution's weights, one tile of one part: a matrix product of (taps, channels) x
// pixels and pixels x outputs, with a row per tap and input channel and a column per output, summed
// over the pixels of the output.
//
// Pixels are by far the longest side, and a result has few tiles. So the rows of the output are cut
// into parts, each workgroup sums one, and `sum_parts` adds them up in a fixed order: the same bits
// in every run. A workgroup of 8 x 8 invocations computes 64 x 64 weights. It loads 16 pixels of
// both factors into workgroup memory (8 KB), where everything is read as vec4 without transposing,
// because both factors store a pixel's channels contiguously. The workgroups of the first tile also
// sum the output's gradient itself, which gives the gradient of the bias.

// Layout of a part: [KERNEL][KERNEL][channels][outputs], then [outputs] for the bias.
@write 2 part
@group(0) @binding(3) var<uniform> shape: Convolution;
@read 1 gradient

const PIXELS: u32 = 16u;
var<workgroup> tile_source: array<vec4<f32>, 256>; // [16 pixels][64 taps and channels]
var<workgroup> tile_gradient: array<vec4<f32>, 256>; // [16 pixels][64 outputs]

fn finish(value: vec4<f32>, k: u32, n: u32, start: u32) {
    let padded = fours(shape.channels);
    let tap = k / padded;
    let c = k % padded;
    if (tap < u32(KERNEL * KERNEL) && c < shape.channels && n < shape.outputs) {
        let row = tap * shape.channels + c;
        write_part(start + row * shape.outputs + n, shape.outputs - n, value);
    }
}

@compute @workgroup_size(8, 8, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let padded = fours(shape.channels);
    let first_k = group.y * 64u;
    let first_n = group.x * 64u;

    // What this invocation loads: one vec4 of every fourth pixel, from either factor.
    let quad = index % 16u;
    let line = index / 16u;
    let k = first_k + 4u * quad;
    let tap = vec2<i32>(i32(k / padded) / KERNEL, i32(k / padded) % KERNEL);
    let c = k % padded;
    let n = first_n + 4u * quad;

    // Quarters of this workgroup's results, each with a variable per row.
    @unroll i 4: var upper_left_$i = vec4<f32>();
    @unroll i 4: var upper_right_$i = vec4<f32>();
    @unroll i 4: var lower_left_$i = vec4<f32>();
    @unroll i 4: var lower_right_$i = vec4<f32>();
    var bias_left = vec4<f32>();
    var bias_right = vec4<f32>();

    // This part's rows of the output, over all images.
    let lines = shape.batch * shape.rows;
    let from_line = lines * group.z / groups.z;
    let to_line = lines * (group.z + 1u) / groups.z;
    for (var y = from_line; y < to_line; y++) {
        let image = i32(y / shape.rows);
        let from_y = i32(y % shape.rows) * STRIDE - BORDER;
        for (var x = 0u; x < shape.columns; x += PIXELS) {
            for (var i = line; i < PIXELS; i += 4u) {
                var source = vec4<f32>();
                var gradient = vec4<f32>();
                if (x + i < shape.columns) {
                    if (tap.x < KERNEL) {
                        let at = Pixel(image, from_y, i32(x + i) * STRIDE - BORDER);
                        source = gather(at, tap, c);
                    }
                    if (n < shape.outputs) {
                        let at = (y * shape.columns + x + i) * shape.outputs + n;
                        gradient = read_gradient(at, shape.outputs - n);
                    }
                }
                tile_source[i * 16u + quad] = source;
                tile_gradient[i * 16u + quad] = gradient;
            }
            workgroupBarrier();
            for (var p = 0u; p < PIXELS; p++) {
                let a0 = tile_source[p * 16u + local.y];
                let a1 = tile_source[p * 16u + 8u + local.y];
                let b0 = tile_gradient[p * 16u + local.x];
                let b1 = tile_gradient[p * 16u + 8u + local.x];
                @unroll i 4: upper_left_$i += a0[$i] * b0;
                @unroll i 4: upper_right_$i += a0[$i] * b1;
                @unroll i 4: lower_left_$i += a1[$i] * b0;
                @unroll i 4: lower_right_$i += a1[$i] * b1;
                bias_left += b0;
                bias_right += b1;
            }
            workgroupBarrier();
        }
    }

    let weights = u32(KERNEL * KERNEL) * shape.channels * shape.outputs;
    let start = group.z * (weights + shape.outputs);
    let to_k = first_k + 4u * local.y;
    let to_n = first_n + 4u * local.x;
    @unroll i 4: finish(upper_left_$i, to_k + $iu, to_n, start);
    @unroll i 4: finish(upper_right_$i, to_k + $iu, to_n + 32u, start);
    @unroll i 4: finish(lower_left_$i, to_k + 32u + $iu, to_n, start);
    @unroll i 4: finish(lower_right_$i, to_k + 32u + $iu, to_n + 32u, start);

    if (group.y == 0u && local.y == 0u) {
        let at = start + weights;
        if (to_n < shape.outputs) {
            write_part(at + to_n, shape.outputs - to_n, bias_left);
        }
        if (to_n + 32u < shape.outputs) {
            write_part(at + to_n + 32u, shape.outputs - to_n - 32u, bias_right);
        }
    }
}
