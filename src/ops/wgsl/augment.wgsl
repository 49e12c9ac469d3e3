// Shared by both kernels of an augmentation: where the pixels of a picture go. A pixel moves by the
// shift, and disappears beyond the edge or in the square that is cut out. BACKWARD is 1 for the
// gradient, which moves back.

const BACKWARD: u32 = {{ backward }};

struct Pictures {
    height: u32,
    width: u32,
    channels: u32,
    // Pictures with random numbers of their own; further pictures start again at the first.
    drawn: u32,
    // Partial sums per picture.
    sums: u32,
    unused: u32,
}

// One of a picture's random numbers, in the order of `Augmentation::numbers`.
fn drawn(picture: u32, number: u32) -> f32 {
    return draws[(picture % pictures.drawn) * 8u + number];
}

// Maps a number from 0 to 1 to an integer from 0 to count - 1.
fn whole(part: f32, count: u32) -> i32 {
    return i32(min(u32(part * f32(count)), count - 1u));
}

// The shift of a picture's rows (axis 0) or columns (axis 1), as `Augmentation::along`.
fn shift(picture: u32, axis: u32, side: u32) -> i32 {
    let reach = (side + 4u) / 8u;
    return whole(drawn(picture, 4u + axis), 2u * reach + 1u) - i32(reach);
}

fn is_cut_along(picture: u32, axis: u32, side: u32, at: i32) -> bool {
    let cut = u32(f32(side) * drawn(picture, 3u) + 0.5);
    let start = whole(drawn(picture, 6u + axis), side + 1u - cut % 2u) - i32(cut / 2u);
    return at >= start && at < start + i32(cut);
}

// The source of a pixel of the result, or of a pixel of the gradient, as row and column; a negative
// row means nowhere.
fn origin(picture: u32, row: i32, column: i32) -> vec2<i32> {
    let moved = vec2<i32>(
        shift(picture, 0u, pictures.height),
        shift(picture, 1u, pictures.width),
    );
    let here = vec2<i32>(row, column);
    let there = here + select(-moved, moved, BACKWARD == 1u);
    // The position in the result.
    let place = select(here, there, BACKWARD == 1u);
    let inside = there.x >= 0 && there.x < i32(pictures.height)
        && there.y >= 0 && there.y < i32(pictures.width);
    let cut = is_cut_along(picture, 0u, pictures.height, place.x)
        && is_cut_along(picture, 1u, pictures.width, place.y);
    return select(vec2<i32>(-1), there, inside && !cut);
}
