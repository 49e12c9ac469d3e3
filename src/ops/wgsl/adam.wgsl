// Adam (arXiv 1412.6980) as PyTorch computes it: one invocation for four elements, in place.

struct Step {
    elements: u32,
    beta1: f32,
    beta2: f32,
    // 1 - beta, rounded once.
    rest1: f32,
    rest2: f32,
    epsilon: f32,
    // lr / (1 - beta1^t), sqrt(1 - beta2^t)
    length: f32,
    root: f32,
}

@read 0 gradient
@update 1 parameter
@update 2 mean
@update 3 square
@group(0) @binding(4) var<uniform> step: Step;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = 4u * (id.x + id.y * groups.x * 64u);
    if (i >= step.elements) {
        return;
    }
    let left = step.elements - i;
    let g = read_gradient(i, left);
    let m = step.beta1 * read_mean(i, left) + step.rest1 * g;
    let v = step.beta2 * read_square(i, left) + step.rest2 * g * g;
    write_mean(i, left, m);
    write_square(i, left, v);
    let divisor = sqrt(v) / step.root + step.epsilon;
    write_parameter(i, left, read_parameter(i, left) - step.length * (m / divisor));
}
