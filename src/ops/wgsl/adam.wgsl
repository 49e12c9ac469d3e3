// Adam (arXiv 1412.6980) as PyTorch computes it, in place, for one or two parameters: the
// parameters are along z, an invocation takes four elements.

struct Step {
    elements_0: u32,
    // 0 if there is only one parameter.
    elements_1: u32,
    beta1: f32,
    beta2: f32,
    // 1 - beta, rounded once.
    rest1: f32,
    rest2: f32,
    epsilon: f32,
    // lr / (1 - beta1^t), sqrt(1 - beta2^t)
    length: f32,
    root: f32,
    unused: u32,
}

@unroll p {{ parameters }}: @read $p gradient_$p
@unroll p {{ parameters }}: @update {{ parameters }}+$p+$p+$p parameter_$p
@unroll p {{ parameters }}: @update {{ parameters }}+$p+$p+$p+1 mean_$p
@unroll p {{ parameters }}: @update {{ parameters }}+$p+$p+$p+2 square_$p
@group(0) @binding({{ uniform }}) var<uniform> step: Step;

struct Moved {
    parameter: vec4<f32>,
    mean: vec4<f32>,
    square: vec4<f32>,
}

fn moved(parameter: vec4<f32>, g: vec4<f32>, mean: vec4<f32>, square: vec4<f32>) -> Moved {
    let m = step.beta1 * mean + step.rest1 * g;
    let v = step.beta2 * square + step.rest2 * g * g;
    let divisor = sqrt(v) / step.root + step.epsilon;
    return Moved(parameter - step.length * (m / divisor), m, v);
}

@unroll p {{ parameters }}: fn read_$p(i: u32, left: u32) -> Moved { return moved(read_parameter_$p(i, left), read_gradient_$p(i, left), read_mean_$p(i, left), read_square_$p(i, left)); }
@unroll p {{ parameters }}: fn write_$p(i: u32, left: u32, to: Moved) { write_parameter_$p(i, left, to.parameter); write_mean_$p(i, left, to.mean); write_square_$p(i, left, to.square); }

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = 4u * (id.x + id.y * groups.x * 64u);
    @unroll p {{ parameters }}: if (id.z == $pu && i < step.elements_$p) { write_$p(i, step.elements_$p - i, read_$p(i, step.elements_$p - i)); }
}
