// The gradient of `shrink`: an even row or column was half of one result, an odd one a quarter of
// two, except for the last, and except for the second, which the first mirrors. One invocation per
// four channels of a pixel.

// [image][height][width][channels]
@read 0 gradient
// [image][2 height][2 width][channels]
@write 1 dx
@group(0) @binding(2) var<uniform> size: Size;

// Shares in the result at half the place, and in the next.
fn shares(at: u32, side: u32) -> vec2<f32> {
    if (at % 2u == 0u) {
        return vec2<f32>(0.5, 0.0);
    }
    return vec2<f32>(select(0.25, 0.5, at == 1u), select(0.25, 0.0, at == 2u * side - 1u));
}

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
    let across = shares(column, size.width);
    let down = shares(row, size.height);
    var sum = vec4<f32>();
    for (var y = 0u; y < 2u; y++) {
        for (var x = 0u; x < 2u; x++) {
            let share = down[y] * across[x];
            if (share > 0.0) {
                let at = (image + row / 2u + y) * size.width + column / 2u + x;
                sum += share * read_gradient(at * size.channels + c, left);
            }
        }
    }
    write_dx(pixel * size.channels + c, left, sum);
}
