// Winograd's filtering F(4x4, 3x3) (Lavin and Gray, arXiv 1509.09308): a tile of 4 x 4 results of a
// 3 x 3 convolution costs 36 multiplications instead of 144. Tiles of 6 x 6 pixels, which overlap
// by two, and kernels are transformed, multiplied position by position, and transformed back. The
// interpolation points are 0, 1, -1, 2, -2 and infinity.

struct Tiles {
    // Images, and the extents of one.
    batch: u32,
    height: u32,
    width: u32,
    channels: u32,
    // Tiles per image, down and across.
    down: u32,
    across: u32,
    // Tiles per workgroup.
    block: u32,
    // Blocks of pixels or tiles with sums to be added up.
    blocks: u32,
}
