// Sums of a loss; each workgroup takes part of the elements, four per invocation, and writes one
// sum. A single workgroup writes the loss itself.

@read 0 x
@read 1 other
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;
@group(0) @binding(3) var<uniform> loss: Loss;

@compute @workgroup_size(256, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    var sum = vec4<f32>();
    for (var i = 4u * (group.x * 256u + index); i < loss.elements; i += 1024u * groups.x) {
        let left = loss.elements - i;
        let distances = distance_of(read_x(i, left), read_other(i, left), targets(i));
        sum += select(vec4<f32>(), distances, vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(left));
    }
    let total = sum_lanes(sum.x + sum.y + sum.z + sum.w, index);
    if (index == 0u) {
        sums[group.x] = total * loss.scale;
    }
}
