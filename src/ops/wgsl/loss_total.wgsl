// Adds up the sums of a loss, at most 64: one workgroup.

@group(0) @binding(0) var<storage, read> sums: array<f32>;
@group(0) @binding(1) var<storage, read_write> total: array<f32>;
struct Size {
    sums: u32,
}
@group(0) @binding(2) var<uniform> size: Size;

var<workgroup> lanes: array<f32, 64>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(local_invocation_index) index: u32) {
    lanes[index] = 0.0;
    if (index < size.sums) {
        lanes[index] = sums[index];
    }
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if (index < half) {
            lanes[index] += lanes[index + half];
        }
        workgroupBarrier();
    }
    if (index == 0u) {
        total[0] = lanes[0];
    }
}
