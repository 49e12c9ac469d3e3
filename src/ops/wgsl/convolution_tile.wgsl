// One tile of a convolution: a matrix product of pixels x channels and channels x results, forward
// or backward depending on `gather`, `weights` and `place`.
//
// A workgroup of 8 x 8 invocations computes PIXELS pixels x RESULTS results. It walks over taps and
// channels in steps of DEPTH, for each of which it loads both factors into workgroup memory, vec4
// by vec4. Then each invocation multiplies its PIXELS / 8 pixels, 8 apart, with its RESULTS / 32
// vec4 of results, also 8 apart, in registers: with 64 x 64, 256 multiplications per 16 vec4 read.
// The large tile (64 x 64, DEPTH 16, 9 KB) has the fewest reads; the small one (32 x 32, DEPTH 32,
// 8.6 KB) gives small images enough workgroups to fill a graphics card.

@read 2 bias
@write 3 result
@group(0) @binding(4) var<uniform> shape: Convolution;

const PIXELS: u32 = {{ tile }}u;
const RESULTS: u32 = {{ tile }}u;
const DEPTH: u32 = {{ depth }}u;
// vec4s along the depth.
const QUADS: u32 = DEPTH / 4u;
// Lines of invocations that each load one pixel's channels.
const LINES: u32 = 64u / QUADS;
// Pixels loaded by an invocation.
const BROUGHT: u32 = PIXELS / LINES;
// One vec4 more than needed, so that rows start in different memory banks.
const PITCH: u32 = QUADS + 1u;
const WIDTH: u32 = RESULTS / 4u;

// [PIXELS][DEPTH] and [DEPTH][RESULTS].
var<workgroup> tile_source: array<vec4<f32>, PIXELS * PITCH>;
var<workgroup> tile_weight: array<vec4<f32>, DEPTH * WIDTH>;

fn multiply(
    a: vec4<f32>, b0: vec4<f32>, b1: vec4<f32>, b2: vec4<f32>, b3: vec4<f32>, sum: vec4<f32>,
) -> vec4<f32> {
    return sum + a.x * b0 + a.y * b1 + a.z * b2 + a.w * b3;
}

fn finish(value: vec4<f32>, m: u32, n: u32, phase: u32) {
    let outputs = result_channels();
    if (m >= pixels(phase) || n >= outputs) {
        return;
    }
    var y = value;
    if (shape.biased == 1u) {
        y += read_bias(n, outputs - n);
    }
    write_result(place(m, phase) * outputs + n, outputs - n, activate(y));
}

@compute @workgroup_size(8, 8, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    // Pixels are along y and, if there are too many, also along z after the phases.
    let phase = group.z % PHASES;
    let count = pixels(phase);
    let first_m = (group.z / PHASES * groups.y + group.y) * PIXELS;
    let first_n = group.x * RESULTS;
    // Phases differ in their number of pixels; which workgroups have nothing to do is uniform.
    if (first_m >= count) {
        return;
    }

    // The part of the factors that this invocation loads.
    let quad = index % QUADS;
    let line = index / QUADS;
    var bring: array<Pixel, BROUGHT>;
    for (var i = 0u; i < BROUGHT; i++) {
        bring[i] = pixel(min(first_m + line + i * LINES, count - 1u), phase);
    }
    let bring_n = first_n + 4u * line;
    let first = first_tap(phase);
    let channels = source_channels();
    let padded = fours(channels);
    var tap = first;
    var c = 4u * quad;

    @unroll i {{ rows }}: var sum_$i = vec4<f32>();
    @unroll i {{ wide_rows }}: var right_$i = vec4<f32>();

    let taps = vec2<u32>((vec2<i32>(KERNEL + TAP_STEP - 1) - first) / TAP_STEP);
    let depth = taps.x * taps.y * padded;
    for (var k = 0u; k < depth; k += DEPTH) {
        while (c >= padded) {
            c -= padded;
            tap.y += TAP_STEP;
            if (tap.y >= KERNEL) {
                tap.y = first.y;
                tap.x += TAP_STEP;
            }
        }
        let live = tap.x < KERNEL;
        var block = mat4x4<f32>();
        if (live && bring_n < result_channels() && line < WIDTH) {
            block = weights(tap, c, bring_n);
        }
        for (var i = 0u; i < BROUGHT; i++) {
            var source = vec4<f32>();
            if (live) {
                source = gather(bring[i], tap, c);
            }
            tile_source[(line + i * LINES) * PITCH + quad] = source;
        }
        if (line < WIDTH) {
            @unroll i 4: tile_weight[(4u * quad + $iu) * WIDTH + line] = block[$i];
        }
        c += DEPTH;
        workgroupBarrier();

        for (var q = 0u; q < QUADS; q++) {
            @unroll i 4: let b$i = tile_weight[(4u * q + $iu) * WIDTH + local.x];
            @unroll i {{ wide }}: let r$i = tile_weight[(4u * q + $iu) * WIDTH + 8u + local.x];
            @unroll i {{ rows }}: let a$i = tile_source[(local.y + $iu * 8u) * PITCH + q];
            @unroll i {{ rows }}: sum_$i = multiply(a$i, b0, b1, b2, b3, sum_$i);
            @unroll i {{ wide_rows }}: right_$i = multiply(a$i, r0, r1, r2, r3, right_$i);
        }
        workgroupBarrier();
    }

    let m = first_m + local.y;
    let n = first_n + 4u * local.x;
    @unroll i {{ rows }}: finish(sum_$i, m + $iu * 8u, n, phase);
    @unroll i {{ wide_rows }}: finish(right_$i, m + $iu * 8u, n + 32u, phase);
}
