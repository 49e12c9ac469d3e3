// The gradient of a loss: one invocation per four elements.

@read 0 x
@read 1 other
// [1]: of the loss.
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@write 3 dx
@group(0) @binding(4) var<uniform> loss: Loss;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = 4u * (id.x + id.y * groups.x * 64u);
    if (i >= loss.elements) {
        return;
    }
    let left = loss.elements - i;
    let slope = slope_of(read_x(i, left), read_other(i, left), targets(i));
    write_dx(i, left, gradient[0] * loss.scale * slope);
}
