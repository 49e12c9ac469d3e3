// An augmentation, or its gradient: one invocation per pixel. Brightness, saturation and contrast
// are applied together, in the same way in both directions: what a picture's mean adds to it, the
// gradient's mean adds to the gradient.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> draws: array<f32>;
// [picture][sums]
@group(0) @binding(2) var<storage, read> totals: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> pictures: Pictures;

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let picture = group.z;
    var part = 0.0;
    if (index < pictures.sums) {
        part = totals[picture * pictures.sums + index];
    }
    let total = sum_lanes(part, index);
    let pixels = pictures.height * pictures.width;
    let i = (group.x + group.y * groups.x) * 64u + index;
    if (i >= pixels) {
        return;
    }
    let channels = pictures.channels;
    let mean = total / f32(pixels * channels);
    let saturation = drawn(picture, 1u);
    let contrast = drawn(picture, 2u);
    let place = origin(picture, i32(i / pictures.width), i32(i % pictures.width));
    let is_seen = place.x >= 0;

    let source = (picture * pixels + u32(place.x) * pictures.width + u32(place.y)) * channels;
    var color = 0.0;
    if (is_seen) {
        for (var c = 0u; c < channels; c++) {
            color += x[source + c];
        }
        color /= f32(channels);
    }
    var added = (1.0 - contrast) * mean;
    if (BACKWARD == 0u) {
        added += drawn(picture, 0u);
    }
    for (var c = 0u; c < channels; c++) {
        var value = 0.0;
        if (is_seen) {
            value = contrast * (saturation * x[source + c] + (1.0 - saturation) * color) + added;
        } else if (BACKWARD == 1u) {
            value = added;
        }
        y[(picture * pixels + i) * channels + c] = value;
    }
}
