// Backward pass of Winograd's first transform and the mirrored border: the gradient of the image,
// from the gradient of its transformed tiles, plus the gradient of the skip connection.
//
// A tile reads 6 x 6 pixels: its own 4 x 4 and one around them. So the gradient of a pixel in a
// tile's outermost lines comes from two tiles, or four. Each invocation computes a tile's own
// pixels and reads its neighbours' contributions, so nothing is accumulated in memory. The
// outermost pixel on either side affects only one position, so a neighbour's line costs 6 reads and
// a corner 1, 64 in all. Where there is no neighbour, the outermost line was a reflection, and its
// gradient goes to the second line inside.
//
// All tiles are whole. A workgroup takes 64 channels, one per invocation, and walks over `block`
// tiles in four lines.

// [36][tile][channels]
@group(0) @binding(0) var<storage, read> transformed: array<f32>;
// [image][height][width][channels], both.
@group(0) @binding(1) var<storage, read> skip: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> tiles: Tiles;

// 1 if there is a skip connection's gradient to add.
const SKIP: u32 = {{ skip }};

// Whether a tile has no neighbour before and after it, so that its outermost pixels are
// reflections.
struct Ends {
    is_first: bool,
    is_last: bool,
}

// Transforms six positions `m` to a tile's own four pixels, with the transpose of
// `winograd_input`'s matrix without its outermost rows; `before` and `behind` are the last position
// of the previous tile and the first of the next. Four lines at once.
fn transform(m: array<vec4<f32>, 6>, before: vec4<f32>, behind: vec4<f32>, ends: Ends) -> mat4x4<f32> {
    let difference = m[1] - m[2];
    let sum = m[1] + m[2];
    let far_difference = m[3] - m[4];
    let far_sum = m[3] + m[4];
    var pixels = mat4x4<f32>(
        4.0 * (m[5] - difference) - 2.0 * far_difference,
        -5.0 * m[0] - 4.0 * sum - far_sum,
        difference + 2.0 * far_difference - 5.0 * m[5],
        m[0] + sum + far_sum,
    );
    pixels[0] += before;
    pixels[3] += 4.0 * behind;
    if (ends.is_first) {
        pixels[1] += 4.0 * m[0];
    }
    if (ends.is_last) {
        pixels[2] += m[5];
    }
    return pixels;
}

// The element at `at` if it exists.
fn element(at: u32, exists: bool) -> f32 {
    if (!exists) {
        return 0.0;
    }
    return transformed[at];
}

// Position `column` of four lines of positions.
fn elements(at: vec4<u32>, exist: vec4<bool>) -> vec4<f32> {
    return vec4<f32>(element(at.x, exist.x), element(at.y, exist.y), element(at.z, exist.z), element(at.w, exist.w));
}

// Transforms four lines of positions, beginning at `at`, to the four columns of pixels; columns
// come out as columns.
fn across(at: vec4<u32>, exist: vec4<bool>, step: u32, ends: Ends) -> mat4x4<f32> {
    var m: array<vec4<f32>, 6>;
    @unroll c 6: m[$c] = elements(at + $cu * step, exist);
    let before = elements(at + 5u * step - tiles.channels, exist & vec4<bool>(!ends.is_first));
    let behind = elements(at + tiles.channels, exist & vec4<bool>(!ends.is_last));
    return transform(m, before, behind, ends);
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
    let all = tiles.down * tiles.across;
    let step = tiles.batch * all * tiles.channels;
    let line = tiles.across * tiles.channels;
    let end = min((group.y + 1u) * tiles.block, all);
    for (var tile = group.y * tiles.block + local.y; tile < end; tile += 4u) {
        let y = tile / tiles.across;
        let x = tile % tiles.across;
        let at = (group.z * all + tile) * tiles.channels + c;
        let sides = Ends(x == 0u, x == tiles.across - 1u);
        let ends = Ends(y == 0u, y == tiles.down - 1u);

        // Lines 0 to 3, 4 and 5, the last of the tile above and the first of the tile below.
        let upper = at + vec4<u32>(0u, 6u, 12u, 18u) * step;
        let lower = vec4<u32>(at + 24u * step, at + 30u * step, at + 30u * step - line, at + line);
        let exist = vec4<bool>(true, true, !ends.is_first, !ends.is_last);
        let a = transpose(across(upper, vec4<bool>(true), step, sides));
        let b = transpose(across(lower, exist, step, sides));
        let m = array<vec4<f32>, 6>(a[0], a[1], a[2], a[3], b[0], b[1]);
        let block = transform(m, b[2], b[3], ends);

        let first = ((group.z * tiles.height + 4u * y) * tiles.width + 4u * x) * tiles.channels + c;
        for (var i = 0u; i < 4u; i++) {
            for (var j = 0u; j < 4u; j++) {
                let to = first + (i * tiles.width + j) * tiles.channels;
                var value = block[i][j];
                if (SKIP == 1u) {
                    value += skip[to];
                }
                dx[to] = value;
            }
        }
    }
}
