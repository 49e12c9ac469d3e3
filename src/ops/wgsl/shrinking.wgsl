// Shared by `shrink` and `shrink_backward`.

struct Size {
    // Pixels of all images, and the sides of one, after shrinking.
    pixels: u32,
    height: u32,
    width: u32,
    channels: u32,
}

// Groups of four channels per pixel.
fn fours() -> u32 {
    return (size.channels + 3u) / 4u;
}
