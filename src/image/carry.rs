//! Carries the change from one picture to another over to a larger version of the first, which
//! keeps its own detail.
//!
//! This is the fast guided filter (He, Sun and Tang, "Guided Image Filtering", 2013, with a guide
//! in colour; He and Sun, "Fast Guided Filter", arXiv 1505.00996), applied to the change instead of
//! the picture: in each small window the change is taken for an affine function of the colour,
//! `change = A colour + b`. A and b vary slowly, so they can be enlarged, and are then applied to
//! the large photo's colours. A falls to zero where a window has too little contrast to tell, so
//! there the change is a constant. So edges stay as sharp as in the photo, and what a network adds
//! from pixel to pixel, such as its grid, is left behind.

use std::ops::{AddAssign, Range, SubAssign};

use super::{
    resize::{fit, resize_bicubic},
    rgb::Rgb,
};
use crate::error::{Error, Result};

/// Pixels from a window's centre to its edge.
const RADIUS: usize = 4;
/// The longest side of the pictures between which the change is measured, which takes a hundred
/// bytes a pixel; larger ones are reduced.
const LONGEST: usize = 2048;
/// The variance, in squared levels, from which contrast counts: 0.001 of the squared range.
const EPSILON: f64 = 0.001 * 255.0 * 255.0;

/// `photo` changed as `before` was to become `after`; these two are of one size and show the same.
/// Fails with `engine-usage` if their sizes differ.
pub fn carry(photo: &Rgb, before: &Rgb, after: &Rgb) -> Result<Rgb> {
    if (after.width, after.height) != (before.width, before.height) {
        return Err(Error::Usage("a change between pictures of different sizes".into()));
    }
    let (width, height) = fit(before.width, before.height, Some(LONGEST));
    let [before, after] = [before, after].map(|picture| resize_bicubic(picture, width, height));
    let fields = averaged(&fitted(&before, &after), [width, height]);
    enlarged(photo, &fields, [width, height], Affine::mix, Affine::apply)
}

/// `photo` with the difference from `before` to `after` added, enlarged bilinearly; these two are of
/// one size and show the same. In contrast to [`carry()`] it keeps all that a network made, and takes
/// from the photo only what is finer than `before`. Fails with `engine-usage` if their sizes differ.
pub fn add_change(photo: &Rgb, before: &Rgb, after: &Rgb) -> Result<Rgb> {
    if (after.width, after.height) != (before.width, before.height) {
        return Err(Error::Usage("a change between pictures of different sizes".into()));
    }
    let (old, _) = before.pixels.as_chunks::<3>();
    let (new, _) = after.pixels.as_chunks::<3>();
    let change = |(old, new): (&[u8; 3], &[u8; 3])| {
        let ([r, g, b], [x, y, z]) = (old.map(f32::from), new.map(f32::from));
        [x - r, y - g, z - b]
    };
    let changes: Vec<[f32; 3]> = old.iter().zip(new).map(change).collect();
    let apply = |change: &[f32; 3], colour: [u8; 3]| {
        let ([r, g, b], [x, y, z]) = (colour.map(f32::from), *change);
        [r + x, g + y, b + z].map(rounded)
    };
    enlarged(photo, &changes, [before.width, before.height], between, apply)
}

/// Applies changes, one for each pixel of a picture of this size, to `photo`; `mix` is what lies a
/// share of the way from one to another.
#[inline(always)]
fn enlarged<T: Copy + Default>(
    photo: &Rgb,
    changes: &[T],
    [width, height]: [usize; 2],
    mix: impl Fn(&T, &T, f32) -> T,
    apply: impl Fn(&T, [u8; 3]) -> [u8; 3],
) -> Result<Rgb> {
    let rows: Vec<&[T]> = changes.chunks_exact(width).collect();
    let columns: Vec<Between> = Between::all(photo.width, width).collect();
    let mut pixels = Vec::with_capacity(photo.pixels.len());
    let mut row = vec![T::default(); width];
    for (colours, at) in
        photo.pixels.chunks_exact(3 * photo.width).zip(Between::all(photo.height, height))
    {
        let [above, below] = at.of(&rows).map(Option::unwrap_or_default);
        for ((mixed, above), below) in row.iter_mut().zip(above).zip(below) {
            *mixed = mix(above, below, at.share);
        }
        for (colour, at) in colours.as_chunks::<3>().0.iter().zip(&columns) {
            let [left, right] = at.of(&row).map(Option::unwrap_or_default);
            pixels.extend(apply(&mix(&left, &right, at.share), *colour));
        }
    }
    Rgb::new(photo.width, photo.height, pixels)
}

/// The first change, and `share` of the way to the second.
#[inline(always)]
fn between([r, g, b]: &[f32; 3], [x, y, z]: &[f32; 3], share: f32) -> [f32; 3] {
    [r + (x - r) * share, g + (y - g) * share, b + (z - b) * share]
}

/// The nearest level: the cast truncates, and clamps to 0 to 255.
#[inline(always)]
fn rounded(level: f32) -> u8 {
    (level + 0.5) as u8
}

/// A change of colour, in levels: for each channel factors of red, green and blue, and a constant.
#[derive(Debug, Clone, Copy, Default)]
struct Affine([[f32; 4]; 3]);

impl Affine {
    fn new(values: [f32; 12]) -> Self {
        let mut change = Self::default();
        change.0.as_flattened_mut().copy_from_slice(&values);
        change
    }

    fn values(self) -> [f64; 12] {
        let [x, y, z] = self.0.map(|channel| channel.map(f64::from));
        let mut values = [0.0; 12];
        values.iter_mut().zip([x, y, z].as_flattened()).for_each(|(to, from)| *to = *from);
        values
    }

    /// This one and `share` of the way to `other`.
    #[inline(always)]
    fn mix(&self, other: &Self, share: f32) -> Self {
        let mut mixed = self.0;
        for (values, others) in mixed.iter_mut().zip(&other.0) {
            for (value, other) in values.iter_mut().zip(others) {
                *value += (other - *value) * share;
            }
        }
        Self(mixed)
    }

    /// The colour after the change, rounded.
    #[inline(always)]
    fn apply(&self, colour: [u8; 3]) -> [u8; 3] {
        let [r, g, b] = colour.map(f32::from);
        let [red, green, blue] = self.0.map(|[x, y, z, w]| x * r + y * g + z * b + w);
        [r + red, g + green, b + blue].map(rounded)
    }
}

/// Where a pixel of a large side lies between the centres of two pixels of a small one.
#[derive(Debug, Clone, Copy)]
struct Between {
    first: usize,
    second: usize,
    /// Of the second; the rest is the first's.
    share: f32,
}

impl Between {
    /// For every pixel of the large side. Beyond the outermost centres there is only one.
    fn all(large: usize, small: usize) -> impl Iterator<Item = Self> {
        let (scale, last) = (small as f64 / large as f64, small.saturating_sub(1));
        (0..large).map(move |pixel| {
            let at = ((pixel as f64 + 0.5) * scale - 0.5).max(0.0);
            let first = (at as usize).min(last);
            Self { first, second: (first + 1).min(last), share: (at - first as f64) as f32 }
        })
    }

    /// Both values.
    #[inline(always)]
    fn of<T: Copy>(self, values: &[T]) -> [Option<T>; 2] {
        [self.first, self.second].map(|at| values.get(at).copied())
    }
}

/// What is summed over a window: for each of the three channels of the change, itself and its
/// products with the three colours; the three colours; their six products. All are whole numbers,
/// so that sums which slide along are exact.
type Sums = [i32; 21];

#[rustfmt::skip]
fn terms(old: [u8; 3], new: [u8; 3]) -> Sums {
    let [r, g, b] = old.map(i32::from);
    let [x, y, z] = new.map(i32::from);
    let (x, y, z) = (x - r, y - g, z - b);
    [
        x, x * r, x * g, x * b,
        y, y * r, y * g, y * b,
        z, z * r, z * g, z * b,
        r, g, b, r * r, r * g, r * b, g * g, g * b, b * b,
    ]
}

/// The change that fits the window around each pixel best, ridge regression with [`EPSILON`].
fn fitted(before: &Rgb, after: &Rgb) -> Vec<Affine> {
    let (old, _) = before.pixels.as_chunks::<3>();
    let (new, _) = after.pixels.as_chunks::<3>();
    let colour = |of: &[[u8; 3]], pixel: usize| of.get(pixel).copied().unwrap_or_default();
    let at = |pixel| terms(colour(old, pixel), colour(new, pixel));
    windows([before.width, before.height], at, best)
}

/// The mean of all windows that a pixel is in.
fn averaged(fields: &[Affine], size: [usize; 2]) -> Vec<Affine> {
    let at = |pixel: usize| fields.get(pixel).copied().unwrap_or_default().values();
    windows(size, at, |sums, count| Affine::new(sums.map(|sum| (sum / count) as f32)))
}

/// For each pixel, what `of` makes of the sums over its window and of how many pixels are in it;
/// `at` is what a pixel adds to them.
fn windows<T: Copy + Default + AddAssign + SubAssign, const N: usize>(
    [width, height]: [usize; 2],
    at: impl Fn(usize) -> [T; N],
    of: impl Fn([T; N], f64) -> Affine,
) -> Vec<Affine> {
    let plus = |sums: &mut [T; N], one: [T; N]| {
        sums.iter_mut().zip(one).for_each(|(sum, value)| *sum += value);
    };
    let minus = |sums: &mut [T; N], one: [T; N]| {
        sums.iter_mut().zip(one).for_each(|(sum, value)| *sum -= value);
    };
    let mut columns = vec![[T::default(); N]; width];
    let mut fields = Vec::with_capacity(width * height);
    slide(height, |entering, leaving, rows| {
        for (x, sums) in columns.iter_mut().enumerate() {
            entering.clone().for_each(|y| plus(sums, at(y * width + x)));
            leaving.clone().for_each(|y| minus(sums, at(y * width + x)));
        }
        let mut window = [T::default(); N];
        slide(width, |entering, leaving, seen| {
            let sums = |some: Range<usize>| columns.get(some).unwrap_or_default();
            sums(entering).iter().for_each(|one| plus(&mut window, *one));
            sums(leaving).iter().for_each(|one| minus(&mut window, *one));
            fields.push(of(window, (rows * seen) as f64));
        });
    });
    fields
}

/// Moves a window along a side: calls `at` for each of its pixels with the pixels that enter the
/// window there, those that leave it, and how many are then in it.
fn slide(side: usize, mut at: impl FnMut(Range<usize>, Range<usize>, usize)) {
    let (mut first, mut end) = (0, 0);
    for pixel in 0..side {
        let (from, to) = (pixel.saturating_sub(RADIUS), (pixel + RADIUS + 1).min(side));
        at(end..to, first..from, to - from);
        (first, end) = (from, to);
    }
}

/// The best change for a window with these sums over `count` pixels.
fn best(sums: Sums, count: f64) -> Affine {
    let [x, xr, xg, xb, y, yr, yg, yb, z, zr, zg, zb, r, g, b, rr, rg, rb, gg, gb, bb] =
        sums.map(|sum| f64::from(sum) / count);
    // The symmetric matrix of covariances, and its cofactors.
    let (rr, gg, bb) = (rr - r * r + EPSILON, gg - g * g + EPSILON, bb - b * b + EPSILON);
    let (rg, rb, gb) = (rg - r * g, rb - r * b, gb - g * b);
    let (c_rr, c_gg, c_bb) = (gg * bb - gb * gb, rr * bb - rb * rb, rr * gg - rg * rg);
    let (c_rg, c_rb, c_gb) = (rb * gb - rg * bb, rg * gb - rb * gg, rg * rb - rr * gb);
    let determinant = rr * c_rr + rg * c_rg + rb * c_rb;
    let channel = |[d, dr, dg, db]: [f64; 4]| {
        let (dr, dg, db) = (dr - d * r, dg - d * g, db - d * b);
        let to_r = (c_rr * dr + c_rg * dg + c_rb * db) / determinant;
        let to_g = (c_rg * dr + c_gg * dg + c_gb * db) / determinant;
        let to_b = (c_rb * dr + c_gb * dg + c_bb * db) / determinant;
        [to_r, to_g, to_b, d - to_r * r - to_g * g - to_b * b].map(|value| value as f32)
    };
    Affine([[x, xr, xg, xb], [y, yr, yg, yb], [z, zr, zg, zb]].map(channel))
}
