// Recovers the input of an instance normalisation from the result of a residual block: subtracting
// the block's input leaves the normalised image, and the statistics undo the rest. One invocation
// per four channels of a pixel; their number is a multiple of four.

@read 0 result
// The block's input.
@read 1 skip
// [image][2][channels]: mean, 1 / sqrt(var + epsilon)
@read 2 statistics
@write 3 x
struct Size {
    elements: u32,
    // Elements per image.
    image: u32,
    channels: u32,
    unused: u32,
}
@group(0) @binding(4) var<uniform> size: Size;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = 4u * (id.x + id.y * groups.x * 64u);
    if (i >= size.elements) {
        return;
    }
    let at = i / size.image * 2u * size.channels + i % size.channels;
    let mean = read_statistics(at, 4u);
    let scale = read_statistics(at + size.channels, 4u);
    write_x(i, 4u, (read_result(i, 4u) - read_skip(i, 4u)) / scale + mean);
}
