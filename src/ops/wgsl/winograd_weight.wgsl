// Winograd's transform of the kernels of both convolutions of a block, [3][3][channels][channels]
// to [36][channels][channels]. One invocation per pair of an input and an output channel; the
// convolutions are along z.

@read 0 first one
@read 1 second one
@group(0) @binding(2) var<storage, read_write> first_transformed: array<f32>;
@group(0) @binding(3) var<storage, read_write> second_transformed: array<f32>;
@group(0) @binding(4) var<uniform> tiles: Tiles;

// Transforms one column from three to six values.
fn spread(g: vec3<f32>) -> array<f32, 6> {
    let even = g.x + g.z;
    let far = g.x + 4.0 * g.z;
    return array<f32, 6>(
        g.x / 4.0,
        (-even - g.y) / 6.0,
        (-even + g.y) / 6.0,
        (far + 2.0 * g.y) / 24.0,
        (far - 2.0 * g.y) / 24.0,
        g.z,
    );
}

fn weight_at(which: u32, at: u32) -> f32 {
    if (which == 0u) {
        return read_first(at);
    }
    return read_second(at);
}

fn transformed_is(which: u32, at: u32, value: f32) {
    if (which == 0u) {
        first_transformed[at] = value;
    } else {
        second_transformed[at] = value;
    }
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.x + id.y * groups.x * 64u;
    let pairs = tiles.channels * tiles.channels;
    if (i >= pairs) {
        return;
    }
    // Rows of taps, transformed along the row.
    @unroll r 3: let row_$r = spread(vec3<f32>(weight_at(id.z, $ru * 3u * pairs + i), weight_at(id.z, ($ru * 3u + 1u) * pairs + i), weight_at(id.z, ($ru * 3u + 2u) * pairs + i)));
    @unroll c 6: let column_$c = spread(vec3<f32>(row_0[$c], row_1[$c], row_2[$c]));
    @unroll r 6: @unroll c 6: transformed_is(id.z, ($ru * 6u + $cu) * pairs + i, column_$c[$r]);
}
