// Updates up to four tensors in place, each from another one of its shape: the tensors are along z,
// an invocation takes four elements. `changed`, in a separate file, defines the update.

struct Sizes {
    @unroll p 4: elements_$p: u32,
    // How far an average moves towards its weight.
    share: f32,
    unused: u32,
}

@unroll p {{ pairs }}: @read $p other_$p
@unroll p {{ pairs }}: @update {{ pairs }}+$p own_$p
@group(0) @binding({{ uniform }}) var<uniform> sizes: Sizes;

@unroll p {{ pairs }}: fn change_$p(i: u32, left: u32) { write_own_$p(i, left, changed(read_own_$p(i, left), read_other_$p(i, left))); }

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = 4u * (id.x + id.y * groups.x * 64u);
    @unroll p {{ pairs }}: if (id.z == $pu && i < sizes.elements_$p) { change_$p(i, sizes.elements_$p - i); }
}
