const LANES: u32 = {{ invocations }}u;

var<workgroup> lanes: array<f32, LANES>;

// The sum over all invocations of a workgroup, in every one. All must call this together.
fn sum_lanes(value: f32, index: u32) -> f32 {
    lanes[index] = value;
    workgroupBarrier();
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        if (index < half) {
            lanes[index] += lanes[index + half];
        }
        workgroupBarrier();
    }
    let sum = lanes[0];
    workgroupBarrier();
    return sum;
}
