// A convolution with at most four outputs per pixel, such as the generator's last layer (64 to 3
// channels, 7 x 7): a tile of 64 x 64 would compute 60 columns for nothing.
//
// Each invocation computes the single vec4 of a pixel. It shares no reads with its row of the
// matrix, and what its neighbours' taps share comes from the cache. The weights are the same for
// all, and are loaded into workgroup memory (1 KB) in steps of 64 rows.

@read 2 bias
@write 3 result
@group(0) @binding(4) var<uniform> shape: Convolution;

const QUADS: u32 = 16u;
var<workgroup> tile_weight: array<vec4<f32>, 64>;

// Tap and channel of row `k` of the weights.
struct Row {
    tap: vec2<i32>,
    c: u32,
}

fn row(k: u32, first: vec2<i32>, taps_x: u32, padded: u32) -> Row {
    let tap = k / padded;
    let step = vec2<i32>(vec2<u32>(tap / taps_x, tap % taps_x)) * TAP_STEP;
    return Row(first + step, k % padded);
}

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let phase = group.z;
    let count = pixels(phase);
    let first_m = (group.y * groups.x + group.x) * 64u;
    if (first_m >= count) {
        return;
    }
    let m = first_m + index;
    let at = pixel(min(m, count - 1u), phase);
    let first = first_tap(phase);
    let outputs = result_channels();
    let padded = fours(source_channels());
    let taps = vec2<u32>((vec2<i32>(KERNEL + TAP_STEP - 1) - first) / TAP_STEP);
    let depth = taps.x * taps.y * padded;

    var sum = vec4<f32>();
    for (var k = 0u; k < depth; k += 4u * QUADS) {
        let mine = k + 4u * index;
        if (index < QUADS && mine < depth) {
            let bring = row(mine, first, taps.y, padded);
            let block = weights(bring.tap, bring.c, 0u);
            @unroll i 4: tile_weight[4u * index + $iu] = block[$i];
        }
        workgroupBarrier();
        var now = row(k, first, taps.y, padded);
        let steps = min(QUADS, (depth - k) / 4u);
        for (var q = 0u; q < steps; q++) {
            let a = gather(at, now.tap, now.c);
            @unroll i 4: let b$i = tile_weight[4u * q + $iu];
            sum += a.x * b0 + a.y * b1 + a.z * b2 + a.w * b3;
            now.c += 4u;
            if (now.c >= padded) {
                now.c = 0u;
                now.tap.y += TAP_STEP;
                if (now.tap.y >= KERNEL) {
                    now.tap = vec2<i32>(now.tap.x + TAP_STEP, first.y);
                }
            }
        }
        workgroupBarrier();
    }

    if (m < count) {
        if (shape.biased == 1u) {
            sum += read_bias(0u, outputs);
        }
        write_result(place(m, phase) * outputs, outputs, activate(sum));
    }
}
