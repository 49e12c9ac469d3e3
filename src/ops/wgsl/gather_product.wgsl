// The products in the middle of Winograd's convolution: 36 of them, one per position in a
// transformed tile, tiles x channels times channels x outputs. The kernel that computes tiles of a
// product treats each position as a phase with a single tap of its own.

// [36][tiles][channels]
@read 0 source
// [36][channels][outputs]; transposed, for the backward pass, [36][outputs][channels].
@read 1 weight

// 1 if the weights are read transposed.
const TRANSPOSED: u32 = {{ transposed }};

// KERNEL too: no phase has a second tap.
const TAP_STEP: i32 = 64;
const PHASES: u32 = 36u;

struct Pixel {
    position: u32,
    tile: u32,
}

fn source_channels() -> u32 {
    return shape.channels;
}

fn result_channels() -> u32 {
    return shape.outputs;
}

fn pixels(phase: u32) -> u32 {
    return shape.columns;
}

fn pixel(index: u32, phase: u32) -> Pixel {
    return Pixel(phase, index);
}

fn place(index: u32, phase: u32) -> u32 {
    return phase * shape.columns + index;
}

fn first_tap(phase: u32) -> vec2<i32> {
    return vec2<i32>(i32(phase), 0);
}

fn gather(at: Pixel, tap: vec2<i32>, c: u32) -> vec4<f32> {
    let row = at.position * shape.columns + at.tile;
    return read_source(row * shape.channels + c, shape.channels - c);
}

fn weights(tap: vec2<i32>, c: u32, n: u32) -> mat4x4<f32> {
    // Rows and columns of the matrix as stored.
    let outer = select(vec2<u32>(c, shape.channels), vec2<u32>(n, shape.outputs), TRANSPOSED == 1u);
    let inner = select(vec2<u32>(n, shape.outputs), vec2<u32>(c, shape.channels), TRANSPOSED == 1u);
    let at = (u32(tap.x) * outer.y + outer.x) * inner.y + inner.x;
    let left = inner.y - inner.x;
    var block = mat4x4<f32>();
    block[0] = read_weight(at, left);
    if (outer.x + 1u < outer.y) { block[1] = read_weight(at + inner.y, left); }
    if (outer.x + 2u < outer.y) { block[2] = read_weight(at + 2u * inner.y, left); }
    if (outer.x + 3u < outer.y) { block[3] = read_weight(at + 3u * inner.y, left); }
    if (TRANSPOSED == 1u) {
        return transpose(block);
    }
    return block;
}
