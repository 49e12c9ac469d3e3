// Sums of each channel over pixels and images: the gradient of a transposed convolution's bias. One
// workgroup for 64 channels.

@read 0 x
@write 1 sums
@group(0) @binding(2) var<uniform> planes: Planes;

@compute @workgroup_size(16, 16, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let c = (group.x * 16u + local.x) * 4u;
    let left = planes.channels - min(c, planes.channels);
    var sum = vec4<f32>();
    if (left > 0u) {
        for (var p = local.y; p < planes.pixels; p += 16u) {
            sum += read_x(p * planes.channels + c, left);
        }
    }
    sum = sum_lines(sum, index);
    if (local.y == 0u && left > 0u) {
        write_sums(c, left, sum);
    }
}
