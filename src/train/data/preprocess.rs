//! From a photo to a training picture: resize, crop, flip (`get_transform` in PyTorch's
//! `data/base_dataset.py`, option for option).
//!
//! The deterministic part ([`Preprocess::resize`]) is separate from the random part
//! ([`Preprocess::view`]), so that its result can be cached.

use serde::{Deserialize, Serialize};

use crate::{
    choice::Choice,
    error::{Error, Result},
    image,
    image::{MAX_PIXELS, MAX_SIDE, Rgb},
    json::{choice, fraction},
    random::Random,
    weights::HostTensor,
};

/// Shortest side of a training picture, in pixels. A PatchGAN reduces 24 pixels to 12, 6, 3, 2 and
/// one last answer; with fewer, nothing is left.
pub const SMALLEST_SIDE: usize = 24;

/// Longest side to which photos may be resized or cropped, in pixels.
pub const LONGEST_SIDE: usize = 4096;

/// How to turn photos into pictures of the networks' size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub enum PreprocessMode {
    /// Resized to a square of `load_size`, ignoring proportions, then cropped. The default.
    #[default]
    ResizeAndCrop,
    /// Resized to a width of `load_size`, keeping proportions (but never lower than the crop), then
    /// cropped: for rectangular photos.
    ScaleWidthAndCrop,
    /// Cropped from the photo at its own size. PyTorch stops at a photo smaller than the crop; here
    /// it is enlarged, keeping proportions, until its shorter side is as long as the crop.
    Crop,
    /// Whole photos, with sides rounded to a multiple of 4, which the generator needs.
    None,
    /// Cropped at about the scale at which the networks will be used: as from a photo whose shorter
    /// side is `load_size` pixels, keeping proportions, give or take [`Preprocess::zoom`]. PyTorch
    /// does not have this. As in translation, nothing is enlarged, so a smaller photo is cropped at
    /// its own scale; only one smaller than the crop is enlarged to it.
    ScaleAndCrop,
}

impl Choice for PreprocessMode {}

/// The settings of this file, with PyTorch's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify))]
pub struct Preprocess {
    /// PyTorch's `--preprocess`.
    #[serde(rename = "preprocess", deserialize_with = "choice")]
    pub mode: PreprocessMode,
    /// Side, width or shorter side after resizing, in pixels: 286 (`--load_size`). All modes that
    /// resize use it.
    pub load_size: usize,
    /// Side of the square crop, in pixels: 256 (`--crop_size`). All modes except
    /// [`PreprocessMode::None`] use it.
    pub crop_size: usize,
    /// The factor by which [`PreprocessMode::ScaleAndCrop`] may enlarge or shrink `load_size`: 1.5,
    /// uniform on a logarithmic scale. Around a shorter side of 512 that is 341 to 768 pixels, the
    /// range of photos of 3 : 2 translated at 512 and at 1024.
    #[serde(deserialize_with = "fraction")]
    pub zoom: f64,
    /// Whether to mirror half of the pictures: yes (`--no_flip`).
    pub flip: bool,
}

impl Default for Preprocess {
    fn default() -> Self {
        Self {
            mode: PreprocessMode::default(),
            load_size: 286,
            crop_size: 256,
            zoom: 1.5,
            flip: true,
        }
    }
}

/// The random choices for one picture: position and scale of the crop, and whether it is mirrored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// From the leftmost crop, 0, to the rightmost, 1.
    pub x: f64,
    /// From the topmost crop, 0, to the lowest, 1.
    pub y: f64,
    /// Mirrored, if the settings allow it.
    pub flip: bool,
    /// From the smallest scale, 0, over that of `load_size`, 0.5, to the largest, 1.
    pub zoom: f64,
}

impl View {
    /// The middle, not mirrored: for photos that are not trained on.
    pub const MIDDLE: Self = Self { x: 0.5, y: 0.5, flip: false, zoom: 0.5 };
}

impl Preprocess {
    /// Draws position and flip, whether or not the settings use them, and the scale if it varies.
    pub fn draw(&self, random: &mut Random) -> View {
        let (x, y) = (random.uniform(), random.uniform());
        let flip = random.uniform() < 0.5;
        let zoom = match self.mode {
            PreprocessMode::ScaleAndCrop => random.uniform(),
            // PyTorch's modes draw nothing more, so that older runs continue unchanged.
            _ => View::MIDDLE.zoom,
        };
        View { x, y, flip, zoom }
    }

    /// The deterministic part: `photo` at the size from which it is cropped. Fails with
    /// `image-too-large` when that exceeds [`MAX_SIDE`] or [`MAX_PIXELS`], as for a photo one pixel
    /// wide; `image-unusable` when a photo used whole is too small for the discriminators.
    pub fn resize(&self, photo: Rgb) -> Result<Rgb> {
        // A source may have filled in the fields by itself.
        let photo = Rgb::new(photo.width, photo.height, photo.pixels)?;
        let (width, height) = self.size(photo.width, photo.height);
        if width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS {
            let Rgb { width: w, height: h, .. } = photo;
            return Err(Error::ImageTooLarge(format!(
                "{w} × {h} pixels become {width} × {height}"
            )));
        }
        if width < SMALLEST_SIDE || height < SMALLEST_SIDE {
            let Rgb { width, height, .. } = photo;
            let detail = format!("{width} × {height} pixels are too few for these settings");
            return Err(Error::ImageUnusable(detail));
        }
        if (width, height) == (photo.width, photo.height) {
            return Ok(photo);
        }
        Ok(image::resize_bicubic(&photo, width, height))
    }

    /// The random part, as the network's input, `[3, H, W]` in [-1, 1]. Fails with `engine-usage`
    /// when `resized` is smaller than the crop, so did not come from [`Preprocess::resize`].
    pub fn view(&self, resized: &Rgb, view: View) -> Result<HostTensor> {
        let picture = self.picture(resized, view)?;
        let data = image::to_unit(&picture);
        Ok(HostTensor { shape: vec![3, picture.height, picture.width], data })
    }

    /// The same as a picture. Fails as [`Preprocess::view`] does.
    pub fn picture(&self, resized: &Rgb, view: View) -> Result<Rgb> {
        let cropped = match self.mode {
            PreprocessMode::None => resized.clone(),
            _ => {
                let side = self.window(resized, view.zoom);
                // One more position than spare pixels.
                let place = |share: f64, length: usize| {
                    let left_over = length.saturating_sub(side);
                    ((share * (left_over + 1) as f64) as usize).min(left_over)
                };
                let (x, y) = (place(view.x, resized.width), place(view.y, resized.height));
                let window = image::crop(resized, x, y, side, side)?;
                image::resize_bicubic(&window, self.crop_size, self.crop_size)
            }
        };
        Ok(if view.flip && self.flip { mirrored(&cropped) } else { cropped })
    }

    /// Whether a training picture may have this size.
    pub fn gives(&self, width: usize, height: usize) -> bool {
        match self.mode {
            PreprocessMode::None => {
                [width, height].iter().all(|side| *side >= SMALLEST_SIDE && side.is_multiple_of(4))
            }
            _ => (width, height) == (self.crop_size, self.crop_size),
        }
    }

    /// A photo for judging networks, with sides that they accept, as they will be used: whole, its
    /// longer side at most `longest` pixels, if they are trained at that scale; otherwise the
    /// middle of the photo as in training. Fails as [`Preprocess::resize`] and
    /// [`Preprocess::view`] do.
    pub fn held_out(&self, photo: Rgb, longest: usize) -> Result<Rgb> {
        if self.mode != PreprocessMode::ScaleAndCrop {
            return self.picture(&self.resize(photo)?, View::MIDDLE);
        }
        let photo = Rgb::new(photo.width, photo.height, photo.pixels)?;
        let Rgb { width, height, .. } = photo;
        let proportions = width.max(height) as f64 / width.min(height) as f64;
        let at_scale = (self.load_size as f64 * proportions).round() as usize;
        Ok(whole(&photo, at_scale.min(longest)))
    }

    /// Side of the square in `resized` that becomes the crop.
    fn window(&self, resized: &Rgb, zoom: f64) -> usize {
        let crop = self.crop_size;
        if self.mode != PreprocessMode::ScaleAndCrop {
            return crop;
        }
        let shorter = resized.width.min(resized.height);
        // libm's result is the same on every platform.
        let scale = libm::pow(self.zoom, 2.0 * zoom - 1.0);
        // The photo's shorter side at this scale: nothing is enlarged, and the crop fits.
        let at = (self.load_size as f64 * scale).min(shorter as f64).max(crop as f64);
        ((crop * shorter) as f64 / at).round().max(crop as f64) as usize
    }

    /// The size from which a photo of this size is cropped.
    fn size(&self, width: usize, height: usize) -> (usize, usize) {
        let (load, crop) = (self.load_size, self.crop_size);
        let shorter = width.min(height);
        let with_shorter = |side: usize| {
            let scale = side as f64 / shorter as f64;
            let scaled = |side: usize| ((side as f64 * scale).round() as usize).max(crop);
            (scaled(width), scaled(height))
        };
        match self.mode {
            PreprocessMode::ResizeAndCrop => (load, load),
            PreprocessMode::ScaleWidthAndCrop => {
                let scaled = (load as f64 * height as f64 / width as f64) as usize;
                (load, scaled.max(crop))
            }
            PreprocessMode::Crop => with_shorter(shorter.max(crop)),
            PreprocessMode::None => {
                // Rounds halves to the even multiple, as Python does: 10 to 8, 14 to 16.
                let rounded = |side: usize| (side as f64 / 4.0).round_ties_even() as usize * 4;
                (rounded(width), rounded(height))
            }
            PreprocessMode::ScaleAndCrop => {
                let largest = (load as f64 * self.zoom).round() as usize;
                with_shorter(shorter.min(largest).max(crop))
            }
        }
    }
}

/// `photo` as a preview shows it: whole, not enlarged, its longer side at most `longest` pixels,
/// its sides rounded to multiples of 4.
pub fn whole(photo: &Rgb, longest: usize) -> Rgb {
    let (width, height) = image::fit(photo.width, photo.height, Some(longest));
    let [width, height] = [width, height].map(|side| ((side + 2) / 4 * 4).max(8));
    image::resize_bicubic(photo, width, height)
}

/// The image with left and right exchanged.
fn mirrored(image: &Rgb) -> Rgb {
    let (pixels, _) = image.pixels.as_chunks::<3>();
    let rows = pixels.chunks_exact(image.width);
    let pixels = rows.flat_map(|row| row.iter().rev().flatten()).copied().collect();
    Rgb { pixels, ..*image }
}
