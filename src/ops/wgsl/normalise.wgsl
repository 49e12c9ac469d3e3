// Instance normalisation, second pass: activate(affine((x - mean) / sqrt(var + epsilon))) + skip.
//
// Each workgroup adds up the block sums of its 64 channels itself, which saves a launch; the first
// of an image stores the statistics for the backward pass.

@read 0 x
@read 1 skip
// [image][block][2][channels]
@read 2 sums
@write 3 y
// [image][2][channels]: mean, 1 / sqrt(var + epsilon)
@write 4 statistics
@group(0) @binding({{ info }}) var<uniform> planes: Planes;

// 1 if there is a skip connection to add.
const SKIP: u32 = {{ skip }};
const EPSILON: f32 = 1e-5;

@compute @workgroup_size(16, 16, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let c = (group.x * 16u + local.x) * 4u;
    let left = planes.channels - min(c, planes.channels);
    let image = group.z * planes.pixels * planes.channels;

    var sum = vec4<f32>();
    var squares = vec4<f32>();
    if (left > 0u) {
        for (var b = local.y; b < planes.blocks; b += 16u) {
            let at = (group.z * planes.blocks + b) * 2u * planes.channels + c;
            sum += read_sums(at, left);
            squares += read_sums(at + planes.channels, left);
        }
    }
    let count = f32(planes.pixels);
    let shift = sum_lines(sum, index) / count;
    let variance = at_least_zero(sum_lines(squares, index) / count - shift * shift);
    if (left == 0u) {
        return;
    }
    let mean = read_x(image + c, left) + shift;
    let scale = 1.0 / sqrt(variance + EPSILON);
    if (group.y == 0u && local.y == 0u) {
        let at = group.z * 2u * planes.channels + c;
        write_statistics(at, left, mean);
        write_statistics(at + planes.channels, left, scale);
    }

    let by = learnt(c, left);
    let end = min((group.y + 1u) * planes.block, planes.pixels);
    for (var p = group.y * planes.block + local.y; p < end; p += 16u) {
        let at = image + p * planes.channels + c;
        var y = activate(affine((read_x(at, left) - mean) * scale, by));
        if (SKIP == 1u) {
            y += read_skip(at, left);
        }
        write_y(at, left, y);
    }
}
