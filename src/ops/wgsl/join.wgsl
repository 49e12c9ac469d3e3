// Concatenates two batches: one invocation per four elements of the result.

@read 0 first
@read 1 second
@write 2 joined
struct Sizes {
    // Elements of both, and of the first.
    elements: u32,
    first: u32,
}
@group(0) @binding(3) var<uniform> sizes: Sizes;

// Four elements from `at`.
fn four(at: u32) -> vec4<f32> {
    if (at >= sizes.first) {
        return read_second(at - sizes.first, sizes.elements - at);
    }
    return read_first(at, sizes.first - at);
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    // Each of the two has its own invocations, so that none reads from both.
    let quads = (sizes.first + 3u) / 4u;
    let q = id.x + id.y * groups.x * 64u;
    let at = select(4u * q, sizes.first + 4u * (q - quads), q >= quads);
    if (at >= sizes.elements) {
        return;
    }
    let end = select(sizes.elements, sizes.first, q < quads);
    write_joined(at, end - at, four(at));
}
