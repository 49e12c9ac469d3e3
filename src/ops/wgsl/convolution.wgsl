// Shared by all kernels of a convolution. A convolution goes from an image of `height` x `width`
// pixels with `channels` to one of `rows` x `columns` with `outputs`; its backward pass and a
// transposed convolution go the other way.
//
// Images are NHWC: all channels of a pixel, then the next pixel. Weights are
// [KERNEL][KERNEL][channels][outputs], so each tap is a matrix. Channels are processed four at a
// time; if their number is not a multiple of four, the last four of a tap are padded with zeros.

const KERNEL: i32 = {{ kernel }};
const STRIDE: i32 = {{ stride }};
const BORDER: i32 = {{ border }};
// Beyond the edge: the mirrored image if 1, zeros if 0.
const REFLECT: i32 = {{ reflect }};

struct Convolution {
    batch: u32,
    height: u32,
    width: u32,
    channels: u32,
    rows: u32,
    columns: u32,
    outputs: u32,
    // Whether there is a bias to add, 1 or 0.
    biased: u32,
}

fn fours(count: u32) -> u32 {
    return (count + 3u) / 4u * 4u;
}
