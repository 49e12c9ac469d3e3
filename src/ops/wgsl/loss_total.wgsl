// Adds up to 64 partial sums of a loss: one workgroup.

@group(0) @binding(0) var<storage, read> sums: array<f32>;
@group(0) @binding(1) var<storage, read_write> total: array<f32>;
struct Size {
    sums: u32,
}
@group(0) @binding(2) var<uniform> size: Size;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(local_invocation_index) index: u32) {
    var part = 0.0;
    if (index < size.sums) {
        part = sums[index];
    }
    let all = sum_lanes(part, index);
    if (index == 0u) {
        total[0] = all;
    }
}
