// Doubles the sides of an image, as PyTorch's Upsample (bilinear: align_corners=False). One
// invocation per four channels of a pixel of the result.

// [image][height][width][channels]
@read 0 x
// [image][2 height][2 width][channels]
@write 1 y
@group(0) @binding(2) var<uniform> size: Size;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.x + id.y * groups.x * 64u;
    let pixel = i / fours();
    if (pixel >= 4u * size.pixels) {
        return;
    }
    let c = i % fours() * 4u;
    let left = size.channels - c;
    let column = pixel % (2u * size.width);
    let row = pixel / (2u * size.width) % (2u * size.height);
    let image = pixel / (4u * size.width * size.height) * size.height;
    let near = image + row / 2u;
    var value = read_x((near * size.width + column / 2u) * size.channels + c, left);
    if (BILINEAR == 1u) {
        let far = image + neighbour(row, size.height);
        let beside = neighbour(column, size.width);
        let right = read_x((near * size.width + beside) * size.channels + c, left);
        let below = read_x((far * size.width + column / 2u) * size.channels + c, left);
        let across = read_x((far * size.width + beside) * size.channels + c, left);
        value = 0.75 * (0.75 * value + 0.25 * right) + 0.25 * (0.75 * below + 0.25 * across);
    }
    write_y(pixel * size.channels + c, left, value);
}
