// Shared by the kernels over whole channels. An image is a matrix of pixels x channels; a workgroup
// of 16 x 16 invocations takes 64 channels, four per column of invocations, and walks down the
// pixels in 16 lines. Blocks of 64 channels are along x, blocks of pixels along y, images along z.

struct Planes {
    // Pixels and channels of one image.
    pixels: u32,
    channels: u32,
    // Pixels per block.
    block: u32,
    // Blocks with sums to be added up.
    blocks: u32,
}

var<workgroup> lines: array<vec4<f32>, 256>;

// The sum over the 16 lines of a column, in every invocation. All must call this together.
fn sum_lines(value: vec4<f32>, index: u32) -> vec4<f32> {
    lines[index] = value;
    workgroupBarrier();
    for (var half = 8u; half > 0u; half /= 2u) {
        if (index < 16u * half) {
            lines[index] += lines[index + 16u * half];
        }
        workgroupBarrier();
    }
    let sum = lines[index % 16u];
    workgroupBarrier();
    return sum;
}
