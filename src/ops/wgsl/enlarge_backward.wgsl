// The gradient of `enlarge`: a pixel sums the results made from it, its own two rows and columns,
// and with bilinear interpolation also one before and one after. At the edge the outermost is used
// instead. One invocation per four channels of a pixel.

// [image][2 height][2 width][channels]
@read 0 gradient
// [image][height][width][channels]
@write 1 dx
@group(0) @binding(2) var<uniform> size: Size;

// A row of the gradient, summed for one column.
fn collect(row: u32, column: u32, c: u32, left: u32) -> vec4<f32> {
    let at = (row * 2u * size.width + 2u * column) * size.channels + c;
    let own = read_gradient(at, left) + read_gradient(at + size.channels, left);
    if (BILINEAR == 0u) {
        return own;
    }
    let before = select(at - size.channels, at, column == 0u);
    let behind = at + select(2u, 1u, column == size.width - 1u) * size.channels;
    return 0.75 * own + 0.25 * (read_gradient(before, left) + read_gradient(behind, left));
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
    let column = pixel % size.width;
    let row = pixel / size.width % size.height;
    // Counted over all images.
    let first = 2u * (pixel / size.width);
    var sum = collect(first, column, c, left) + collect(first + 1u, column, c, left);
    if (BILINEAR == 1u) {
        let before = first - select(1u, 0u, row == 0u);
        let behind = first + select(2u, 1u, row == size.height - 1u);
        sum = 0.75 * sum + 0.25 * (collect(before, column, c, left) + collect(behind, column, c, left));
    }
    write_dx(pixel * size.channels + c, left, sum);
}
