// A normalisation with known statistics: activate(x * factor + constant) + skip. One invocation per
// four channels of a pixel.

@read 0 x
@read 1 skip
// [channels]
@read 2 factor
@read 3 constant
@write 4 y
@group(0) @binding(5) var<uniform> size: Size;

struct Size {
    pixels: u32,
    channels: u32,
}

// 1 if there is a skip connection to add.
const SKIP: u32 = {{ skip }};

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.x + id.y * groups.x * 64u;
    let fours = (size.channels + 3u) / 4u;
    let pixel = i / fours;
    if (pixel >= size.pixels) {
        return;
    }
    let c = i % fours * 4u;
    let left = size.channels - c;
    let at = pixel * size.channels + c;
    var value = activate(read_x(at, left) * read_factor(c, left) + read_constant(c, left));
    if (SKIP == 1u) {
        value += read_skip(at, left);
    }
    write_y(at, left, value);
}
