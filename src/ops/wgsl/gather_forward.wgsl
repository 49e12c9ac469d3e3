// A convolution as a matrix product, read forward: a row per pixel of the output, a column per
// output channel, summed over taps and input channels. The input's matrix is never stored; `gather`
// finds its elements by index, including mirrored borders.

@read 0 source
@read 1 weight

const TAP_STEP: i32 = 1;
const PHASES: u32 = 1u;

struct Pixel {
    image: i32,
    // Where the first tap reads, which can be above and left of the image by up to the border.
    y: i32,
    x: i32,
}

fn source_channels() -> u32 {
    return shape.channels;
}

fn result_channels() -> u32 {
    return shape.outputs;
}

// Number of pixels to compute.
fn pixels(phase: u32) -> u32 {
    return shape.batch * shape.rows * shape.columns;
}

fn pixel(index: u32, phase: u32) -> Pixel {
    let x = index % shape.columns;
    let y = index / shape.columns % shape.rows;
    let image = index / (shape.columns * shape.rows);
    return Pixel(i32(image), i32(y) * STRIDE - BORDER, i32(x) * STRIDE - BORDER);
}

// Index of a pixel in the result.
fn place(index: u32, phase: u32) -> u32 {
    return index;
}

fn first_tap(phase: u32) -> vec2<i32> {
    return vec2<i32>(0, 0);
}

fn inside(i: i32, size: u32) -> i32 {
    let last = i32(size) - 1;
    if (REFLECT == 1) {
        return select(select(i, 2 * last - i, i > last), -i, i < 0);
    }
    return select(i, -1, i > last);
}

// Four channels of the input from `c`, as read from `at` by the tap at (y, x).
fn gather(at: Pixel, tap: vec2<i32>, c: u32) -> vec4<f32> {
    let y = inside(at.y + tap.x, shape.height);
    let x = inside(at.x + tap.y, shape.width);
    if (y < 0 || x < 0) {
        return vec4<f32>();
    }
    let index = (u32(at.image) * shape.height + u32(y)) * shape.width + u32(x);
    return read_source(index * shape.channels + c, shape.channels - c);
}

// The weights of a tap from four channels to four outputs, one column per channel.
fn weights(tap: vec2<i32>, c: u32, n: u32) -> mat4x4<f32> {
    let row = u32(tap.x * KERNEL + tap.y) * shape.channels + c;
    let at = row * shape.outputs + n;
    let left = shape.outputs - n;
    var block = mat4x4<f32>();
    block[0] = read_weight(at, left);
    if (c + 1u < shape.channels) { block[1] = read_weight(at + shape.outputs, left); }
    if (c + 2u < shape.channels) { block[2] = read_weight(at + 2u * shape.outputs, left); }
    if (c + 3u < shape.channels) { block[3] = read_weight(at + 3u * shape.outputs, left); }
    return block;
}
