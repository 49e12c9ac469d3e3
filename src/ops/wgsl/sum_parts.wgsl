// Adds up the parts of a weight's gradient, in order: [parts][weights + outputs] to [weights] and
// [outputs].

struct Sizes {
    parts: u32,
    weights: u32,
    outputs: u32,
    unused: u32,
}

@group(0) @binding(0) var<storage, read> part: array<f32>;
@group(0) @binding(1) var<storage, read_write> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> bias: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let all = sizes.weights + sizes.outputs;
    let i = id.x + id.y * groups.x * 64u;
    if (i >= all) {
        return;
    }
    var sum = 0.0;
    for (var p = 0u; p < sizes.parts; p++) {
        sum += part[p * all + i];
    }
    if (i < sizes.weights) {
        weight[i] = sum;
    } else {
        bias[i - sizes.weights] = sum;
    }
}
