// Counts the infinite and NaN elements of up to seven tensors, one workgroup per tensor. It tests
// bits, because compilers may assume that there are no such numbers.

struct Sizes {
    // Index of the first count.
    offset: u32,
    @unroll i 7: elements_$i: u32,
}

@unroll i {{ tensors }}: @group(0) @binding($i) var<storage, read> tensor_$i: array<f32>;
@group(0) @binding({{ tensors }}) var<storage, read_write> counts: array<f32>;
@group(0) @binding({{ uniform }}) var<uniform> sizes: Sizes;

const EXPONENT: u32 = 0x7f800000u;

fn wrong(value: f32) -> f32 {
    return select(0.0, 1.0, (bitcast<u32>(value) & EXPONENT) == EXPONENT);
}

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
    var count = 0.0;
    switch group.x {
        @unroll i {{ tensors }}: case $iu: { for (var e = index; e < sizes.elements_$i; e += 256u) { count += wrong(tensor_$i[e]); } }
        default: {}
    }
    let found = sum_lanes(count, index);
    if (index == 0u) {
        counts[sizes.offset + group.x] = found;
    }
}
