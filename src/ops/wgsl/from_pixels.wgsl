// Pixels as the network's input, a level of 0 to 255 as -1 to 1: one invocation per pixel. A single
// channel is their luma, as in `Rgb::grey`.

const CHANNELS: u32 = {{ channels }}u;

// RGBA, red in the lowest byte.
@group(0) @binding(0) var<storage, read> pixels: array<u32>;
@group(0) @binding(1) var<storage, read_write> image: array<f32>;
struct Size {
    pixels: u32,
}
@group(0) @binding(2) var<uniform> size: Size;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.x + id.y * groups.x * 64u;
    if (i < size.pixels) {
        let pixel = (vec3<u32>(pixels[i]) >> vec3<u32>(0u, 8u, 16u)) & vec3<u32>(255u);
        let luma = (dot(pixel, vec3<u32>(19595u, 38470u, 7471u)) + 0x8000u) >> 16u;
        let levels = vec3<f32>(select(pixel, vec3<u32>(luma), CHANNELS == 1u));
        for (var c = 0u; c < CHANNELS; c++) {
            image[CHANNELS * i + c] = (levels[c] / 255.0 - 0.5) / 0.5;
        }
    }
}
