// Shared by `enlarge` and `enlarge_backward`.

// 1 for bilinear interpolation, 0 for nearest-neighbour.
const BILINEAR: u32 = {{ bilinear }};

struct Size {
    // Pixels of all images, and the sides of one, before enlarging.
    pixels: u32,
    height: u32,
    width: u32,
    channels: u32,
}

// Groups of four channels per pixel.
fn fours() -> u32 {
    return (size.channels + 3u) / 4u;
}

// The second nearest row or column to one of the result; at the edge, the nearest again.
fn neighbour(at: u32, side: u32) -> u32 {
    let near = at / 2u;
    return select(min(near + 1u, side - 1u), max(near, 1u) - 1u, at % 2u == 0u);
}
