// Gradient of an activation, from its output: one invocation per four elements.

@read 0 y
@read 1 gradient
@write 2 dx
struct Size {
    elements: u32,
}
@group(0) @binding(3) var<uniform> size: Size;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = 4u * (id.x + id.y * groups.x * 64u);
    if (i >= size.elements) {
        return;
    }
    let left = size.elements - i;
    let value = read_y(i, left);
    let derivative = select(slope(value), 1.0 - value * value, vec4<bool>(ACTIVATION == 3u));
    write_dx(i, left, read_gradient(i, left) * derivative);
}
