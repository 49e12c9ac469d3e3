// Gradient of the weights of a convolution with at most four outputs, one part; compare
// `weight_tile`. Each invocation holds four rows of the result (one tap, four input channels) and
// walks over the pixels of its part; the gradient is the same for all and comes from the cache.

@write 2 part
@group(0) @binding(3) var<uniform> shape: Convolution;
@read 1 gradient

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let padded = fours(shape.channels);
    let k = 4u * (group.x * 64u + index);
    let tap = vec2<i32>(i32(k / padded) / KERNEL, i32(k / padded) % KERNEL);
    let c = k % padded;
    let mine = tap.x < KERNEL;

    var sum = mat4x4<f32>();
    var bias = vec4<f32>();
    let lines = shape.batch * shape.rows;
    let from_line = lines * group.z / groups.z;
    let to_line = lines * (group.z + 1u) / groups.z;
    for (var y = from_line; y < to_line; y++) {
        let image = i32(y / shape.rows);
        let from_y = i32(y % shape.rows) * STRIDE - BORDER;
        for (var x = 0u; x < shape.columns; x++) {
            let g = read_gradient((y * shape.columns + x) * shape.outputs, shape.outputs);
            if (mine) {
                let a = gather(Pixel(image, from_y, i32(x) * STRIDE - BORDER), tap, c);
                @unroll i 4: sum[$i] += a[$i] * g;
            }
            bias += g;
        }
    }

    let weights = u32(KERNEL * KERNEL) * shape.channels * shape.outputs;
    let start = group.z * (weights + shape.outputs);
    let row = u32(tap.x * KERNEL + tap.y) * shape.channels + c;
    for (var i = 0u; i < 4u; i++) {
        if (mine && c + i < shape.channels) {
            write_part(start + (row + i) * shape.outputs, shape.outputs, sum[i]);
        }
    }
    if (group.x == 0u && index == 0u) {
        write_part(start + weights, shape.outputs, bias);
    }
}
