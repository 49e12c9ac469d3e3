// Backward pass of the instance normalisation, first pass: for each image and channel, sums over a
// block of pixels of the gradient g before the activation, and of g times the normalised value.
// Summed over all images, they are the gradients of an affine normalisation's bias and weight.

@read 0 x
@read 1 gradient
// [image][2][channels]: mean, 1 / sqrt(var + epsilon)
@read 2 statistics
// [image][block][2][channels]
@write 3 sums
@group(0) @binding({{ info }}) var<uniform> planes: Planes;

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
    var products = vec4<f32>();
    if (left > 0u) {
        let mean = read_statistics(group.z * 2u * planes.channels + c, left);
        let scale = read_statistics((group.z * 2u + 1u) * planes.channels + c, left);
        let by = learnt(c, left);
        for (var p = group.y * planes.block + local.y; p < end; p += 16u) {
            let at = image + p * planes.channels + c;
            let normalised = (read_x(at, left) - mean) * scale;
            let g = slope(affine(normalised, by)) * read_gradient(at, left);
            sum += g;
            products += g * normalised;
        }
    }
    sum = sum_lines(sum, index);
    products = sum_lines(products, index);
    if (local.y == 0u && left > 0u) {
        let at = (group.z * groups.y + group.y) * 2u * planes.channels + c;
        write_sums(at, left, sum);
        write_sums(at + planes.channels, left, products);
    }
}
