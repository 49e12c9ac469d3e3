// Backward pass of the instance normalisation, second pass. With g the gradient before the
// activation and z the normalised value: (g - mean(g) - z mean(g z)) / sqrt(var + epsilon), times
// the weight if the normalisation is affine.

@read 0 x
@read 1 gradient
// [image][2][channels]: mean, 1 / sqrt(var + epsilon)
@read 2 statistics
// [image][block][2][channels]
@read 3 sums
@write 4 dx
@group(0) @binding({{ info }}) var<uniform> planes: Planes;

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
    var products = vec4<f32>();
    if (left > 0u) {
        for (var b = local.y; b < planes.blocks; b += 16u) {
            let at = (group.z * planes.blocks + b) * 2u * planes.channels + c;
            sum += read_sums(at, left);
            products += read_sums(at + planes.channels, left);
        }
    }
    let count = f32(planes.pixels);
    let mean_g = sum_lines(sum, index) / count;
    let mean_gz = sum_lines(products, index) / count;
    if (left == 0u) {
        return;
    }
    let mean = read_statistics(group.z * 2u * planes.channels + c, left);
    let scale = read_statistics((group.z * 2u + 1u) * planes.channels + c, left);
    let by = learnt(c, left);
    let end = min((group.y + 1u) * planes.block, planes.pixels);
    for (var p = group.y * planes.block + local.y; p < end; p += 16u) {
        let at = image + p * planes.channels + c;
        let z = (read_x(at, left) - mean) * scale;
        let g = slope(affine(z, by)) * read_gradient(at, left);
        write_dx(at, left, affine_backward((g - mean_g - z * mean_gz) * scale, by));
    }
}
