// Winograd's transform of the kernels: [3][3][channels][channels] to [36][channels][channels]. One
// invocation for each pair of an input and an output channel.

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read_write> transformed: array<f32>;
@group(0) @binding(2) var<uniform> tiles: Tiles;

// One column, three to six.
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

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.x + id.y * groups.x * 64u;
    let pairs = tiles.channels * tiles.channels;
    if (i >= pairs) {
        return;
    }
    // Rows of taps, transformed along the row.
    @unroll r 3: let row_$r = spread(vec3<f32>(weight[$ru * 3u * pairs + i], weight[($ru * 3u + 1u) * pairs + i], weight[($ru * 3u + 2u) * pairs + i]));
    @unroll c 6: let column_$c = spread(vec3<f32>(row_0[$c], row_1[$c], row_2[$c]));
    @unroll r 6: @unroll c 6: transformed[($ru * 6u + $cu) * pairs + i] = column_$c[$r];
}
