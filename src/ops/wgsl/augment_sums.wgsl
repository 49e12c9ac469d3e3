// Sums of an augmentation; each workgroup sums its part of a picture's pixels. Forward, all pixels
// count; backward, those of the gradient that come from a pixel.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> draws: array<f32>;
// [picture][sums]
@group(0) @binding(2) var<storage, read_write> totals: array<f32>;
@group(0) @binding(3) var<uniform> pictures: Pictures;

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let pixels = pictures.height * pictures.width;
    var sum = 0.0;
    for (var i = group.x * 64u + index; i < pixels; i += 64u * pictures.sums) {
        var at = i32(i);
        if (BACKWARD == 1u) {
            let width = i32(pictures.width);
            let source = origin(group.z, at / width, at % width);
            at = select(source.x * width + source.y, -1, source.x < 0);
        }
        if (at >= 0) {
            let first = (group.z * pixels + u32(at)) * pictures.channels;
            for (var c = 0u; c < pictures.channels; c++) {
                sum += x[first + c];
            }
        }
    }
    let total = sum_lanes(sum, index);
    if (index == 0u) {
        totals[group.z * pictures.sums + group.x] = total;
    }
}
