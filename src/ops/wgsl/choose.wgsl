// One of two tensors of the same size, as a number on the graphics card says: one invocation for four
// elements.

@read 0 fresh
@read 1 older
// [1]: `older` is chosen if it is not zero.
@group(0) @binding(2) var<storage, read> is_older: array<f32>;
@write 3 chosen
struct Size {
    elements: u32,
}
@group(0) @binding(4) var<uniform> size: Size;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = 4u * (id.x + id.y * groups.x * 64u);
    if (i >= size.elements) {
        return;
    }
    let left = size.elements - i;
    if (is_older[0] != 0.0) {
        write_chosen(i, left, read_older(i, left));
    } else {
        write_chosen(i, left, read_fresh(i, left));
    }
}
