// Backward pass of an instance normalisation with its activation (`normalise_backward` has the
// formula) and of Winograd's last transform. The gradient of a convolution's result, 4 x 4 pixels
// per tile, is never written; only its 6 x 6 positions are, computed by applying the transpose of
// `winograd_output`'s matrix from either side. Position (1, 1) is the sum of the tile's pixels,
// because the second interpolation point is 1.
//
// All tiles are whole. A workgroup takes 64 channels, one per invocation, and walks over `block`
// tiles in four lines.

// [image][height][width][channels], both: the convolution's result, and the gradient after
// normalisation and activation.
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
// [image][2][channels]: mean, 1 / sqrt(var + epsilon)
@group(0) @binding(2) var<storage, read> statistics: array<f32>;
// [image][block][2][channels], from `gradient_sums`.
@group(0) @binding(3) var<storage, read> sums: array<f32>;
// [36][tile][channels]
@group(0) @binding(4) var<storage, read_write> transformed: array<f32>;
@group(0) @binding({{ info }}) var<uniform> tiles: Tiles;

// What the formula needs of a channel.
struct Channel {
    mean: f32,
    scale: f32,
    mean_g: f32,
    mean_gz: f32,
}

// The gradient before the normalisation, for four pixels in a row.
fn inner(at: u32, channel: Channel, by: Learnt) -> vec4<f32> {
    let next = at + vec4<u32>(0u, 1u, 2u, 3u) * tiles.channels;
    let values = vec4<f32>(x[next.x], x[next.y], x[next.z], x[next.w]);
    let z = (values - channel.mean) * channel.scale;
    let g = slope(affine(z, by)) * vec4<f32>(gradient[next.x], gradient[next.y], gradient[next.z], gradient[next.w]);
    return affine_backward((g - channel.mean_g - z * channel.mean_gz) * channel.scale, by);
}

// Transforms four pixels in a row to six positions.
fn transform(d: vec4<f32>) -> array<f32, 6> {
    let even = d.x + d.z;
    let odd = d.y + d.w;
    let far_even = d.x + 4.0 * d.z;
    let far_odd = 2.0 * d.y + 8.0 * d.w;
    return array<f32, 6>(d.x, even + odd, even - odd, far_even + far_odd, far_even - far_odd, d.w);
}

@compute @workgroup_size(64, 4, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    let c = group.x * 64u + local.x;
    if (c >= tiles.channels) {
        return;
    }
    var sum = 0.0;
    var products = 0.0;
    for (var b = 0u; b < tiles.blocks; b++) {
        let at = (group.z * tiles.blocks + b) * 2u * tiles.channels + c;
        sum += sums[at];
        products += sums[at + tiles.channels];
    }
    let count = f32(tiles.height * tiles.width);
    let mean = statistics[group.z * 2u * tiles.channels + c];
    let scale = statistics[(group.z * 2u + 1u) * tiles.channels + c];
    let channel = Channel(mean, scale, sum / count, products / count);

    let by = learnt(c, 1u);
    let all = tiles.down * tiles.across;
    let step = tiles.batch * all * tiles.channels;
    let end = min((group.y + 1u) * tiles.block, all);
    for (var tile = group.y * tiles.block + local.y; tile < end; tile += 4u) {
        let y0 = group.z * tiles.height + tile / tiles.across * 4u;
        let first = (y0 * tiles.width + tile % tiles.across * 4u) * tiles.channels + c;
        let line = tiles.width * tiles.channels;
        @unroll r 4: let row_$r = transform(inner(first + $ru * line, channel, by));
        let at = (group.z * all + tile) * tiles.channels + c;
        @unroll c 6: let column_$c = transform(vec4<f32>(row_0[$c], row_1[$c], row_2[$c], row_3[$c]));
        @unroll r 6: @unroll c 6: transformed[at + ($ru * 6u + $cu) * step] = column_$c[$r];
    }
}
