// Backward pass of Winograd's transform of the kernel: adds up the parts of its gradient, in order,
// and maps them from 6 x 6 positions to 3 x 3 taps with the transpose of `winograd_weight`'s matrix
// from either side. One invocation per pair of an input and an output channel; further invocations
// add up the parts of the bias.

// Layout of a part: [36][channels][channels], then [channels] for the bias.
@group(0) @binding(0) var<storage, read> part: array<f32>;
// [3][3][channels][channels]
@group(0) @binding(1) var<storage, read_write> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> bias: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

struct Sizes {
    parts: u32,
    channels: u32,
}

// Transforms six positions to three taps.
fn transform(u: array<f32, 6>) -> vec3<f32> {
    let near = (u[1] + u[2]) / 6.0;
    let far = u[3] + u[4];
    return vec3<f32>(
        u[0] / 4.0 - near + far / 24.0,
        (u[2] - u[1]) / 6.0 + (u[3] - u[4]) / 12.0,
        far / 6.0 - near + u[5],
    );
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.x + id.y * groups.x * 64u;
    let pairs = sizes.channels * sizes.channels;
    let all = 36u * pairs + sizes.channels;
    if (i >= pairs) {
        if (i < pairs + sizes.channels) {
            var sum = 0.0;
            for (var p = 0u; p < sizes.parts; p++) {
                sum += part[p * all + 35u * pairs + i];
            }
            bias[i - pairs] = sum;
        }
        return;
    }
    var positions: array<array<f32, 6>, 6>;
    for (var p = 0u; p < sizes.parts; p++) {
        let at = p * all + i;
        @unroll r 6: @unroll c 6: positions[$r][$c] += part[at + ($ru * 6u + $cu) * pairs];
    }
    @unroll r 6: let row_$r = transform(positions[$r]);
    @unroll c 3: let column_$c = transform(array<f32, 6>(row_0[$c], row_1[$c], row_2[$c], row_3[$c], row_4[$c], row_5[$c]));
    @unroll r 3: @unroll c 3: weight[($ru * 3u + $cu) * pairs + i] = column_$c[$r];
}
