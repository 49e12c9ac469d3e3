// Copies a tensor, possibly to another precision: one invocation per four elements.

@read 0 source
@write 1 destination
struct Size {
    elements: u32,
}
@group(0) @binding(2) var<uniform> size: Size;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = 4u * (id.x + id.y * groups.x * 64u);
    if (i < size.elements) {
        let left = size.elements - i;
        write_destination(i, left, read_source(i, left));
    }
}
