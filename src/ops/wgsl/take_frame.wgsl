// A frame resized to pixels by Pillow's bicubic filter (`image/resize.rs`), both axes at once and
// without rounding between them: one invocation per pixel.

@group(0) @binding(0) var frame: texture_2d<f32>;
// RGBA, red in the lowest byte.
@group(0) @binding(1) var<storage, read_write> pixels: array<u32>;
struct Size {
    size: vec2<u32>,
}
@group(0) @binding(2) var<uniform> to: Size;

// Keys' filter with a = -1/2.
fn filtered(x: f32) -> f32 {
    let far = abs(x);
    if (far < 1.0) {
        return (1.5 * far - 2.5) * far * far + 1.0;
    }
    if (far < 2.0) {
        return ((-0.5 * far + 2.5) * far - 4.0) * far + 2.0;
    }
    return 0.0;
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (any(id.xy >= to.size)) {
        return;
    }
    let extent = vec2<f32>(textureDimensions(frame));
    let scale = extent / vec2<f32>(to.size);
    let widening = max(scale, vec2<f32>(1.0)); // of the filter
    let centre = (vec2<f32>(id.xy) + 0.5) * scale;
    let first = vec2<u32>(max(centre - 2.0 * widening + 0.5, vec2<f32>()));
    let end = vec2<u32>(min(centre + 2.0 * widening + 0.5, extent));
    var sum = vec3<f32>();
    var total = 0.0;
    for (var y = first.y; y < end.y; y++) {
        let down = filtered((f32(y) - centre.y + 0.5) / widening.y);
        for (var x = first.x; x < end.x; x++) {
            let weight = down * filtered((f32(x) - centre.x + 0.5) / widening.x);
            sum += weight * textureLoad(frame, vec2<u32>(x, y), 0).rgb;
            total += weight;
        }
    }
    pixels[id.y * to.size.x + id.x] = pack4x8unorm(vec4<f32>(sum / total, 1.0));
}
