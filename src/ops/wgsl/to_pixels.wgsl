// The network's output, in tanh's range, as pixels, truncated as PyTorch's `tensor2im` does: one
// invocation per pixel. Opaque, but for those with a value that is not finite.

const CHANNELS: u32 = {{ channels }}u;

@group(0) @binding(0) var<storage, read> image: array<f32>;
// RGBA, red in the lowest byte.
@group(0) @binding(1) var<storage, read_write> pixels: array<u32>;
struct Size {
    pixels: u32,
}
@group(0) @binding(2) var<uniform> size: Size;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.x + id.y * groups.x * 64u;
    if (i < size.pixels) {
        let at = CHANNELS * i;
        let x = vec4<f32>(image[at], image[at + CHANNELS / 2u], image[at + CHANNELS - 1u], 1.0);
        let levels = vec4<u32>((within(x, 1.0) + 1.0) / 2.0 * 255.0);
        let pixel = levels.r | (levels.g << 8u) | (levels.b << 16u) | (levels.a << 24u);
        pixels[i] = select(pixel, 0u, any(magnitudes(x) >= vec4<u32>(INFINITE)));
    }
}
