//! The grid: the energy of pictures at the periods of the generators' stride, 2 and 4 pixels.
//!
//! A generator halves its picture twice and doubles it twice, so any unevenness within cells of 4 x
//! 4 pixels repeats, a pattern that photos do not have (Odena et al., "Deconvolution and
//! Checkerboard Artifacts", 2016). In the spectrum all of it falls on the 15 frequencies (i/4, j/4)
//! per pixel, which are therefore compared with their surroundings.

use std::f64::consts::TAU;

use crate::image::Rgb;

/// Side of a cell in pixels: two layers of stride 2.
const CELL: usize = 4;
/// Largest distance of frequencies that count as surroundings of a lattice point; for pictures
/// under 64 pixels an eighth of their side, so that surroundings do not overlap.
const REACH: usize = 8;
/// The lattice in quarters, down and across, and the weight of each point: pictures are real, so
/// the other six points mirror these.
const LATTICE: [([usize; 2], f64); 9] = [
    ([1, 0], 2.0),
    ([2, 0], 1.0),
    ([0, 1], 2.0),
    ([1, 1], 2.0),
    ([2, 1], 2.0),
    ([3, 1], 2.0),
    ([0, 2], 1.0),
    ([1, 2], 2.0),
    ([2, 2], 1.0),
];
/// Power that every photo exceeds, in levels squared: pictures without any detail have no grid.
const LEAST: f64 = 1e-6;

/// The power at the frequencies of the lattice, relative to the median of the surrounding 17 x 17,
/// as the geometric mean over the 15 points: about 1 for noise, 1 to 3 for photos, more with a
/// visible grid.
///
/// The power is averaged over `pictures` and their channels before the comparison, each picture
/// counting the same. Pixels beyond whole cells are ignored, and so are pictures smaller than a
/// cell. Without pictures it is 1.
pub fn grid(pictures: &[Rgb]) -> f32 {
    let whole = |side: usize| side - side % CELL;
    let sides = pictures.iter().map(|picture| [whole(picture.height), whole(picture.width)]);
    let cut: Vec<(&Rgb, [usize; 2])> =
        pictures.iter().zip(sides).filter(|(_, [h, w])| *h > 0 && *w > 0).collect();
    let shortest = cut.iter().map(|(_, [h, w])| *h.min(w)).min().unwrap_or(0);
    let reach = REACH.min(shortest / 8);
    let mut sum = LATTICE.map(|_| vec![0.0; (2 * reach + 1).pow(2)]);
    for (picture, sides) in &cut {
        for channel in 0..3 {
            add_power(&mut sum, picture, *sides, channel, reach);
        }
    }
    let count = (3 * cut.len().max(1)) as f64;
    let mut mean = 0.0;
    for (power, (_, weight)) in sum.iter_mut().zip(LATTICE) {
        let middle = power.len() / 2;
        let center = power.get(middle).copied().unwrap_or(0.0) / count;
        let (_, median, _) = power.select_nth_unstable_by(middle, f64::total_cmp);
        let ratio = (center + LEAST) / (*median / count + LEAST);
        mean += weight / 15.0 * ratio.ln();
    }
    mean.exp() as f32
}

/// Adds the power per pixel of one channel around each point of the lattice, rows first.
///
/// Only a few hundred frequencies are needed, so they are summed directly: first each row at all
/// columns' frequencies, then these down the picture.
fn add_power(
    sum: &mut [Vec<f64>; 9],
    picture: &Rgb,
    [height, width]: [usize; 2],
    channel: usize,
    reach: usize,
) {
    let span = 2 * reach + 1;
    let across = [0, 1, 2].map(|quarter| waves(quarter, width, reach));
    let down = [0, 1, 2, 3].map(|quarter| waves(quarter, height, reach));
    // One per quarter across: [height, span].
    let mut columns = [0, 1, 2].map(|_| Vec::with_capacity(height * span));
    for row in picture.pixels.chunks_exact(3 * picture.width).take(height) {
        let levels = row.iter().skip(channel).step_by(3);
        for (lines, waves) in columns.iter_mut().zip(&across) {
            let mut line = vec![[0.0; 2]; span];
            for (level, waves) in levels.clone().zip(waves.chunks_exact(span)) {
                let level = f64::from(*level);
                for ([re, im], [cos, sin]) in line.iter_mut().zip(waves) {
                    *re += level * cos;
                    *im -= level * sin;
                }
            }
            lines.extend(line);
        }
    }
    let pixels = (height * width) as f64;
    for (power, ([i, j], _)) in sum.iter_mut().zip(LATTICE) {
        let (Some(lines), Some(waves)) = (columns.get(j), down.get(i)) else { continue };
        for (at, power) in power.chunks_exact_mut(span).enumerate() {
            let mut line = vec![[0.0; 2]; span];
            for (from, wave) in lines.chunks_exact(span).zip(waves.iter().skip(at).step_by(span)) {
                let [cos, sin] = wave;
                for ([re, im], [x, y]) in line.iter_mut().zip(from) {
                    *re += x * cos + y * sin;
                    *im += y * cos - x * sin;
                }
            }
            for (power, [re, im]) in power.iter_mut().zip(line) {
                *power += (re * re + im * im) / pixels;
            }
        }
    }
}

/// Cosine and sine of the frequencies around `quarter` quarters per pixel along a side:
/// `[side, 2 reach + 1]`.
fn waves(quarter: usize, side: usize, reach: usize) -> Vec<[f64; 2]> {
    let first = quarter * side / CELL + side - reach;
    let turn = |place: usize| {
        (first..=first + 2 * reach).map(move |frequency| {
            // Without whole turns, which would cost the angle its last digits.
            let angle = TAU * (frequency % side * place % side) as f64 / side as f64;
            [angle.cos(), angle.sin()]
        })
    };
    (0..side).flat_map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture from arithmetic that Python can repeat exactly: detail at all frequencies, and
    /// every fourth pixel brighter by `pattern`.
    fn picture(width: usize, height: usize, seed: usize, pattern: usize) -> Rgb {
        let mut pixels = Vec::new();
        let mut state = seed;
        for y in 0..height {
            for x in 0..width {
                for c in 0..3 {
                    state = (state * 1_103_515_245 + 12_345) % (1 << 31);
                    let bright = if x % 4 == 1 && y % 4 == 2 { pattern } else { 0 };
                    let level = 20 + (2 * x + y + 5 * c) % 100 + (state >> 16) % 40 + bright;
                    pixels.push(u8::try_from(level).unwrap());
                }
            }
        }
        Rgb { width, height, pixels }
    }

    /// Computed with PyTorch, `torch.fft.fft2` in double precision and the definition above:
    ///
    /// ```python
    /// power = torch.fft.fft2(pictures).abs().square().mean((0, 1))  # of [N, 3, H, W]
    /// r = min(8, min(H, W) // 8)
    /// for i, j in product(range(4), range(4)) if i or j:
    ///     around = torch.roll(power, (r - i * H // 4, r - j * W // 4), (0, 1))[:2 * r + 1, :2 * r + 1]
    ///     logs.append((around[r, r] / around.median()).log())
    /// ```
    #[test]
    fn the_grid_is_that_of_pytorch() {
        let cases: [(&[Rgb], f32); 4] = [
            (&[picture(96, 64, 1, 0), picture(96, 64, 2, 0)], 1.42771),
            (&[picture(96, 64, 1, 30), picture(96, 64, 2, 30)], 143.741),
            (&[picture(24, 40, 3, 10)], 3.93344),
            (&[picture(128, 128, 4, 5)], 16.8517),
        ];
        for (pictures, expected) in cases {
            let found = grid(pictures);
            assert!((found / expected - 1.0).abs() < 1e-3, "{found}, not {expected}");
        }
    }

    #[test]
    fn what_does_not_fill_a_cell_is_left_out() {
        let whole = picture(96, 64, 1, 30);
        let mut pixels: Vec<u8> = Vec::new();
        for row in whole.pixels.chunks_exact(3 * 96) {
            pixels.extend(row);
            pixels.extend([255; 9]);
        }
        pixels.extend([0; 3 * 99]);
        let larger = Rgb { width: 99, height: 65, pixels };
        assert_eq!(grid(&[larger]), grid(&[whole]));
        assert_eq!(grid(&[]), 1.0);
        assert_eq!(grid(&[picture(3, 3, 1, 0)]), 1.0);
        assert_eq!(grid(&[picture(4, 4, 1, 0)]), 1.0, "nothing around to compare with");
        let flat = Rgb { width: 64, height: 64, pixels: vec![9; 3 * 64 * 64] };
        assert!((grid(&[flat]) - 1.0).abs() < 0.1);
    }

    #[test]
    fn pictures_of_several_sizes_count_the_same() {
        let (small, large) = (picture(64, 64, 5, 30), picture(128, 96, 6, 0));
        let [alone, clean, both] =
            [vec![small.clone()], vec![large.clone()], vec![small, large]].map(|all| grid(&all));
        assert!(clean < both && both < alone, "{clean} {both} {alone}");
        // Half of the pictures have the pattern, which halves its power.
        assert!((both / alone) > 0.4 && (both / alone) < 0.6, "{both} of {alone}");
    }
}
