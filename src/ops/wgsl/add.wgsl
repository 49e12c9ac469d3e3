// Adds up to four gradients to the sums of those before them, in place: they stand along z, and an
// invocation takes four elements.

struct Sizes {
    @unroll p 4: elements_$p: u32,
}

@unroll p {{ pairs }}: @read $p gradient_$p
@unroll p {{ pairs }}: @update {{ pairs }}+$p sum_$p
@group(0) @binding({{ uniform }}) var<uniform> sizes: Sizes;

@unroll p {{ pairs }}: fn add_$p(i: u32, left: u32) { write_sum_$p(i, left, read_sum_$p(i, left) + read_gradient_$p(i, left)); }

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = 4u * (id.x + id.y * groups.x * 64u);
    @unroll p {{ pairs }}: if (id.z == $pu && i < sizes.elements_$p) { add_$p(i, sizes.elements_$p - i); }
}
