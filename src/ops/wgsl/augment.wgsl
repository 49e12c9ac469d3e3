// What both kernels of an augmentation know: where the pixels of a picture go. A pixel moves by the
// shift, and is seen there unless it falls off the edge or into the square that is cut out. BACKWARD
// is 1 for the gradient, which moves back.

const BACKWARD: u32 = {{ backward }};

struct Pictures {
    height: u32,
    width: u32,
    channels: u32,
    // Pictures that were drawn for; the next ones begin with the first again.
    drawn: u32,
    // Sums of each picture.
    sums: u32,
    unused: u32,
}

// One of the numbers that were drawn for a picture, in the order of `Augmentation::numbers`.
fn drawn(picture: u32, number: u32) -> f32 {
    return draws[(picture % pictures.drawn) * 8u + number];
}

// The integer from 0 to count - 1 for a number from 0 to 1.
fn whole(part: f32, count: u32) -> i32 {
    return i32(min(u32(part * f32(count)), count - 1u));
}

// By how much the rows (axis 0) or columns (axis 1) of a picture move, as `Augmentation::along`.
fn shift(picture: u32, axis: u32, side: u32) -> i32 {
    let reach = (side + 4u) / 8u;
    return whole(drawn(picture, 4u + axis), 2u * reach + 1u) - i32(reach);
}

fn is_cut_along(picture: u32, axis: u32, side: u32, at: i32) -> bool {
    let cut = u32(f32(side) * drawn(picture, 3u) + 0.5);
    let start = whole(drawn(picture, 6u + axis), side + 1u - cut % 2u) - i32(cut / 2u);
    return at >= start && at < start + i32(cut);
}

// Where the pixel of the result comes from, or where the gradient's pixel of the picture does, in
// row and column; a negative row for nowhere.
fn origin(picture: u32, row: i32, column: i32) -> vec2<i32> {
    let moved = vec2<i32>(
        shift(picture, 0u, pictures.height),
        shift(picture, 1u, pictures.width),
    );
    let here = vec2<i32>(row, column);
    let there = here + select(-moved, moved, BACKWARD == 1u);
    // The place in the result.
    let place = select(here, there, BACKWARD == 1u);
    let inside = there.x >= 0 && there.x < i32(pictures.height)
        && there.y >= 0 && there.y < i32(pictures.width);
    let cut = is_cut_along(picture, 0u, pictures.height, place.x)
        && is_cut_along(picture, 1u, pictures.width, place.y);
    return select(vec2<i32>(-1), there, inside && !cut);
}
