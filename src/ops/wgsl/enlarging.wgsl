// What `enlarge` and `enlarge_backward` know of it.

// 1 for bilinear interpolation, 0 for each pixel four times.
const BILINEAR: u32 = {{ bilinear }};

struct Size {
    // Pixels of all images, and the sides of one, before it is enlarged.
    pixels: u32,
    height: u32,
    width: u32,
    channels: u32,
}

// Groups of four channels of a pixel.
fn fours() -> u32 {
    return (size.channels + 3u) / 4u;
}

// The row or column that is next to one of the result, behind the nearest; at the edge that itself.
fn neighbour(at: u32, side: u32) -> u32 {
    let near = at / 2u;
    return select(min(near + 1u, side - 1u), max(near, 1u) - 1u, at % 2u == 0u);
}
