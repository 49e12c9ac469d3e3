// Halves the sides of an image behind a blur with [1, 2, 1] / 4 along both axes, as CUT's
// Downsample. The sides are even, so only the first row and column see the mirrored border. One
// invocation per four channels of a pixel of the result.

// [image][2 height][2 width][channels]
@read 0 x
// [image][height][width][channels]
@write 1 y
@group(0) @binding(2) var<uniform> size: Size;

// A row of x, blurred around the even column.
fn blurred(row: u32, column: u32, c: u32, left: u32) -> vec4<f32> {
    let at = (row * 2u * size.width + column) * size.channels + c;
    let before = select(at - size.channels, at + size.channels, column == 0u);
    let beside = read_x(before, left) + read_x(at + size.channels, left);
    return 0.5 * read_x(at, left) + 0.25 * beside;
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.x + id.y * groups.x * 64u;
    let pixel = i / fours();
    if (pixel >= size.pixels) {
        return;
    }
    let c = i % fours() * 4u;
    let left = size.channels - c;
    let column = 2u * (pixel % size.width);
    // Counted over all images, which have an even number of rows.
    let row = 2u * (pixel / size.width);
    let above = select(row - 1u, row + 1u, pixel / size.width % size.height == 0u);
    let beside = blurred(above, column, c, left) + blurred(row + 1u, column, c, left);
    write_y(pixel * size.channels + c, left, 0.5 * blurred(row, column, c, left) + 0.25 * beside);
}
