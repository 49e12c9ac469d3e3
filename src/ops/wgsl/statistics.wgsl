// Instance normalisation, first pass: sums over a block of pixels, for each image and channel.
//
// It sums differences from the image's first pixel, and their squares. That pixel is a value of the
// same channel, so it is near the mean, and the variance is not a small difference of large
// numbers; it is also the same for all blocks, so their sums simply add up.

@read 0 x
// [image][block][2][channels]
@write 1 sums
@group(0) @binding(2) var<uniform> planes: Planes;

@compute @workgroup_size(16, 16, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let c = (group.x * 16u + local.x) * 4u;
    let left = planes.channels - min(c, planes.channels);
    let image = group.z * planes.pixels * planes.channels;
    let end = min((group.y + 1u) * planes.block, planes.pixels);
    var sum = vec4<f32>();
    var squares = vec4<f32>();
    if (left > 0u) {
        let pivot = read_x(image + c, left);
        for (var p = group.y * planes.block + local.y; p < end; p += 16u) {
            let d = read_x(image + p * planes.channels + c, left) - pivot;
            sum += d;
            squares += d * d;
        }
    }
    sum = sum_lines(sum, index);
    squares = sum_lines(squares, index);
    if (local.y == 0u && left > 0u) {
        let at = (group.z * groups.y + group.y) * 2u * planes.channels + c;
        write_sums(at, left, sum);
        write_sums(at + planes.channels, left, squares);
    }
}
