//! Contact sheets: pictures in rows and columns with thin white gutters between them.

use cyclegan_web::{
    error::{Error, Result},
    image::{MAX_PIXELS, Rgb},
};

/// Pixels between the pictures and around them all.
const GUTTER: usize = 4;

/// White.
const PAPER: u8 = 255;

/// Lays out `rows` of pictures, each column as wide as its widest picture and each row as high as
/// its highest. Fails with `image-too-large` above [`MAX_PIXELS`].
pub fn sheet(rows: &[Vec<&Rgb>]) -> Result<Rgb> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |column: usize| {
        let pictures = rows.iter().filter_map(|row| row.get(column));
        pictures.map(|picture| picture.width).max().unwrap_or(0)
    };
    let high = |row: &Vec<&Rgb>| row.iter().map(|picture| picture.height).max().unwrap_or(0);
    let lefts = places((0..columns).map(wide));
    let tops = places(rows.iter().map(high));
    let end = |places: &[usize]| places.last().copied().unwrap_or(GUTTER);
    let (width, height) = (end(&lefts), end(&tops));
    if width.saturating_mul(height) > MAX_PIXELS {
        return Err(Error::ImageTooLarge(format!("a contact sheet of {width} × {height} pixels")));
    }
    let mut pixels = vec![PAPER; 3 * width * height];
    for (row, &top) in rows.iter().zip(&tops) {
        for (picture, &left) in row.iter().zip(&lefts) {
            let lines = pixels.chunks_exact_mut(3 * width).skip(top);
            for (line, from) in lines.zip(picture.pixels.chunks_exact(3 * picture.width)) {
                if let Some(place) = line.get_mut(3 * left..3 * left + from.len()) {
                    place.copy_from_slice(from);
                }
            }
        }
    }
    Ok(Rgb { width, height, pixels })
}

/// The start of each of these lengths, and finally the end of all.
fn places(lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut at = GUTTER;
    let mut places = vec![at];
    for length in lengths {
        at += length + GUTTER;
        places.push(at);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: usize, height: usize, level: u8) -> Rgb {
        Rgb { width, height, pixels: vec![level; 3 * width * height] }
    }

    #[test]
    fn pictures_stand_in_their_cells_and_paper_everywhere_else() {
        let [a, b, c] = [plain(2, 3, 10), plain(5, 1, 20), plain(3, 2, 30)];
        let sheet = sheet(&[vec![&a, &b], vec![&c]]).unwrap();
        // Columns of 3 and 5, rows of 3 and 2, three gutters each.
        assert_eq!((sheet.width, sheet.height), (3 + 5 + 12, 3 + 2 + 12));
        let cell = |x: usize, y: usize| match (x, y) {
            (4..6, 4..7) => 10,
            (11..16, 4) => 20,
            (4..7, 11..13) => 30,
            _ => PAPER,
        };
        for y in 0..sheet.height {
            for x in 0..sheet.width {
                assert_eq!(sheet.pixels[3 * (y * sheet.width + x)], cell(x, y), "at {x}, {y}");
            }
        }
    }
}
