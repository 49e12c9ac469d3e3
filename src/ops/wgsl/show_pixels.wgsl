// Draws pixels: a triangle over the whole target, which has their size.

@group(0) @binding(0) var<storage, read> pixels: array<u32>;
struct Size {
    size: vec2<u32>,
}
@group(0) @binding(1) var<uniform> drawn: Size;

@vertex
fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(f32(i & 1u) * 4.0 - 1.0, f32(i & 2u) * 2.0 - 1.0, 0.0, 1.0);
}

@fragment
fn shown(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let pixel = pixels[u32(at.y) * drawn.size.x + u32(at.x)];
    return vec4<f32>(unpack4x8unorm(pixel).rgb, 1.0);
}
