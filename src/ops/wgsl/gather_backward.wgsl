// A convolution as a matrix product, read backward: a row per pixel of the input, a column per
// input channel, summed over taps and output channels. This is the gradient of the input and, with
// stride 2, a transposed convolution.
//
// With stride 2 only every second tap reaches a pixel; which ones depends on whether its row and
// column are even: a phase. Each phase is a separate product, so no zeros are multiplied. Mirrored
// borders: a pixel near the edge was also read as its reflections, and sums their gradients.

@read 0 source
@read 1 weight

// Phases along a side: the stride, or 1 where all taps are tried and those that miss are skipped.
const TAP_STEP: i32 = {{ phases }};
const PHASES: u32 = u32(TAP_STEP * TAP_STEP);

struct Pixel {
    image: i32,
    y: i32,
    x: i32,
}

fn source_channels() -> u32 {
    return shape.outputs;
}

fn result_channels() -> u32 {
    return shape.channels;
}

// Every TAP_STEP-th row or column, from the phase's first.
fn part(size: u32, first: u32) -> u32 {
    return (size + u32(TAP_STEP) - 1u - first) / u32(TAP_STEP);
}

// First row and column of a phase.
fn corner(phase: u32) -> vec2<u32> {
    return vec2<u32>(phase / u32(TAP_STEP), phase % u32(TAP_STEP));
}

// Number of pixels to compute.
fn pixels(phase: u32) -> u32 {
    let first = corner(phase);
    return shape.batch * part(shape.height, first.x) * part(shape.width, first.y);
}

fn pixel(index: u32, phase: u32) -> Pixel {
    let first = corner(phase);
    let height = part(shape.height, first.x);
    let width = part(shape.width, first.y);
    let y = first.x + index / width % height * u32(TAP_STEP);
    let x = first.y + index % width * u32(TAP_STEP);
    return Pixel(i32(index / (width * height)), i32(y), i32(x));
}

// Index of a pixel in the result.
fn place(index: u32, phase: u32) -> u32 {
    let at = pixel(index, phase);
    return (u32(at.image) * shape.height + u32(at.y)) * shape.width + u32(at.x);
}

fn first_tap(phase: u32) -> vec2<i32> {
    let first = corner(phase);
    return vec2<i32>((i32(first.x) + BORDER) % TAP_STEP, (i32(first.y) + BORDER) % TAP_STEP);
}

// The output whose tap reads row or column `padded`, counted from the border's start; or -1.
fn reader(padded: i32, tap: i32, count: u32) -> i32 {
    let at = padded - tap;
    if (at < 0 || at % STRIDE != 0 || at / STRIDE >= i32(count)) {
        return -1;
    }
    return at / STRIDE;
}

fn read_at(image: i32, y: i32, x: i32, c: u32) -> vec4<f32> {
    if (y < 0 || x < 0) {
        return vec4<f32>();
    }
    let index = (u32(image) * shape.rows + u32(y)) * shape.columns + u32(x);
    return read_source(index * shape.outputs + c, shape.outputs - c);
}

// Positions of row or column i after padding: its own, and its reflections before the first and
// after the last; -1 for none.
fn appearances(i: i32, size: u32) -> vec3<i32> {
    let last = i32(size) - 1;
    let before = select(-1, BORDER - i, i > 0 && i <= BORDER);
    let behind = select(-1, BORDER + 2 * last - i, i < last && i >= last - BORDER);
    return vec3<i32>(BORDER + i, before, behind);
}

// Four channels of the output from `c`, summed over the outputs that pixel `at` contributed to
// through the tap at (y, x).
fn gather(at: Pixel, tap: vec2<i32>, c: u32) -> vec4<f32> {
    let y = reader(at.y + BORDER, tap.x, shape.rows);
    let x = reader(at.x + BORDER, tap.y, shape.columns);
    var sum = read_at(at.image, y, x, c);
    if (REFLECT == 1) {
        let ys = appearances(at.y, shape.height);
        let xs = appearances(at.x, shape.width);
        if (max(max(ys.y, ys.z), max(xs.y, xs.z)) >= 0) {
            for (var i = 1; i < 9; i++) {
                let y = reader(ys[i / 3], tap.x, shape.rows);
                let x = reader(xs[i % 3], tap.y, shape.columns);
                sum += read_at(at.image, y, x, c);
            }
        }
    }
    return sum;
}

// The weights of a tap from four outputs to four channels, one column per output.
fn weights(tap: vec2<i32>, c: u32, n: u32) -> mat4x4<f32> {
    let row = u32(tap.x * KERNEL + tap.y) * shape.channels + n;
    let at = row * shape.outputs + c;
    let left = shape.outputs - c;
    var block = mat4x4<f32>();
    block[0] = read_weight(at, left);
    if (n + 1u < shape.channels) { block[1] = read_weight(at + shape.outputs, left); }
    if (n + 2u < shape.channels) { block[2] = read_weight(at + 2u * shape.outputs, left); }
    if (n + 3u < shape.channels) { block[3] = read_weight(at + 3u * shape.outputs, left); }
    return transpose(block);
}
