//! Converts colours to sRGB, on which networks are trained and which screens show.
//!
//! As in browsers, a profile is applied if it fits the picture's colour model and can be read, and
//! ignored otherwise; a PNG may also describe its colours by a code (cICP), or by a gamma and
//! primaries (gAMA and cHRM, only both together). A picture without any of these is sRGB, and one
//! whose profile changes no colour by more than a level counts as sRGB: their pixels stay
//! unchanged, to the byte, as Pillow and PyTorch read them.

use std::{io::Cursor, sync::Arc};

use cyclegan_web::{
    error::{Error, Result},
    image::Rgb,
};
use moxcms::{
    Chromaticity, CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace, Layout, ToneReprCurve,
    TransferCharacteristics, Transform8BitExecutor, TransformOptions, XyY,
};

use super::stored::{Levels, Stored};

/// The picture in sRGB, on white. Fails with `image-damaged` when a valid profile cannot be
/// applied.
pub fn to_srgb(stored: Stored) -> Result<Rgb> {
    let Stored { width, height, levels, data, profile, .. } = stored;
    let to = if levels.has_alpha() { 4 } else { 3 };
    let transform = profile.and_then(|profile| transform(&profile, levels));
    let pixels = if transform.is_none() && matches!(levels, Levels::Rgb | Levels::Rgba) {
        data
    } else {
        let mut pixels = vec![0; width * height * to];
        let side = width.max(1);
        let rows = data.chunks_exact(side * levels.count());
        for (from, row) in rows.zip(pixels.chunks_exact_mut(side * to)) {
            match &transform {
                Some(transform) => transform
                    .transform(from, row)
                    .map_err(|error| Error::ImageDamaged(format!("its colour profile: {error}")))?,
                None => plain(levels, from, row),
            }
        }
        pixels
    };
    if to == 4 { Rgb::from_rgba(&pixels, width, height) } else { Rgb::new(width, height, pixels) }
}

/// Levels as RGB or RGBA without a profile.
fn plain(levels: Levels, from: &[u8], to: &mut [u8]) {
    let wide = if levels.has_alpha() { 4 } else { 3 };
    for (from, to) in from.chunks_exact(levels.count()).zip(to.chunks_exact_mut(wide)) {
        match (from, to) {
            ([grey], [r, g, b]) => [*r, *g, *b] = [*grey; 3],
            ([grey, alpha], [r, g, b, a]) => [*r, *g, *b, *a] = [*grey, *grey, *grey, *alpha],
            ([c, m, y, k], [r, g, b]) => {
                // What inks leave of the white paper.
                let left = |ink: &u8| u32::from(255 - *ink);
                [*r, *g, *b] = [c, m, y].map(|ink| ((left(ink) * left(k) + 127) / 255) as u8);
            }
            (from, to) => to.copy_from_slice(from),
        }
    }
}

/// A transform from a profile to sRGB; `None` if it does not fit or changes nothing.
fn transform(profile: &ColorProfile, levels: Levels) -> Option<Arc<Transform8BitExecutor>> {
    let (space, from) = match levels {
        Levels::Grey => (DataColorSpace::Gray, Layout::Gray),
        Levels::GreyAlpha => (DataColorSpace::Gray, Layout::GrayAlpha),
        Levels::Rgb => (DataColorSpace::Rgb, Layout::Rgb),
        Levels::Rgba => (DataColorSpace::Rgb, Layout::Rgba),
        Levels::Cmyk => (DataColorSpace::Cmyk, Layout::Rgba),
    };
    if profile.color_space != space {
        return None;
    }
    let to = if levels.has_alpha() { Layout::Rgba } else { Layout::Rgb };
    let srgb = ColorProfile::new_srgb();
    let transform =
        profile.create_transform_8bit(from, &srgb, to, TransformOptions::default()).ok()?;
    let tried = probe(levels);
    let size = tried.len() / levels.count() * to.channels();
    let (mut through, mut plainly) = (vec![0; size], vec![0; size]);
    transform.transform(&tried, &mut through).ok()?;
    plain(levels, &tried, &mut plainly);
    let changes = through.iter().zip(&plainly).any(|(a, b)| a.abs_diff(*b) > 1);
    changes.then_some(transform)
}

/// A sample of opaque colours for testing a profile.
fn probe(levels: Levels) -> Vec<u8> {
    let steps = || (0..=255_u8).step_by(15);
    let grey = steps().flat_map(|level| [level, 255]);
    let colours =
        || steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| [r, g, b])));
    match levels {
        Levels::Grey => steps().collect(),
        Levels::GreyAlpha => grey.collect(),
        Levels::Rgb => colours().flatten().collect(),
        Levels::Rgba | Levels::Cmyk => colours().flat_map(|[r, g, b]| [r, g, b, 255]).collect(),
    }
}

/// The profile that a PNG describes without embedding one, if it is to be used.
pub fn of_png(bytes: &[u8]) -> Option<ColorProfile> {
    let reader = png::Decoder::new(Cursor::new(bytes)).read_info().ok()?;
    let info = reader.info();
    if let Some(code) = &info.coding_independent_code_points {
        let named = CicpProfile {
            color_primaries: code.color_primaries.try_into().ok()?,
            transfer_characteristics: code.transfer_function.try_into().ok()?,
            matrix_coefficients: code.matrix_coefficients.try_into().ok()?,
            full_range: code.is_video_full_range_image,
        };
        // Tones brighter than white would need tone mapping.
        let hdr = [TransferCharacteristics::Smpte2084, TransferCharacteristics::Hlg];
        let profile = ColorProfile::new_from_cicp(named);
        if profile.red_trc.is_some() && !hdr.contains(&named.transfer_characteristics) {
            return Some(profile);
        }
    }
    if info.icc_profile.is_some() || info.srgb.is_some() {
        return None;
    }
    let (gamma, primaries) = (info.gama_chunk?.into_value(), info.chrm_chunk?);
    let at = |(x, y): (png::ScaledFloat, png::ScaledFloat)| [x.into_value(), y.into_value()];
    let [white, red, green, blue] =
        [primaries.white, primaries.red, primaries.green, primaries.blue].map(at);
    let given = [white, red, green, blue];
    // The standard's own substitute for sRGB, which many programs write.
    let srgb = [[0.3127, 0.329], [0.64, 0.33], [0.3, 0.6], [0.15, 0.06]];
    let near = |(a, b): (&f32, &f32)| (a - b).abs() < 0.001;
    if near((&gamma, &0.45455)) && given.as_flattened().iter().zip(srgb.as_flattened()).all(near) {
        return None;
    }
    if gamma <= 0.0 || given.iter().any(|[_, y]| *y <= 0.0) {
        return None;
    }
    let mut profile = ColorProfile::new_srgb();
    let [red, green, blue] = [red, green, blue].map(|[x, y]| Chromaticity::new(x, y));
    let [x, y] = white.map(f64::from);
    profile.update_rgb_colorimetry(XyY { x, y, yb: 1.0 }, ColorPrimaries { red, green, blue });
    // An ICC curve with a single number: 256ths of the exponent.
    let exponent = (256.0 / gamma).round().clamp(1.0, 65_535.0) as u16;
    let curve = Some(ToneReprCurve::Lut(vec![exponent]));
    (profile.red_trc, profile.green_trc, profile.blue_trc) = (curve.clone(), curve.clone(), curve);
    Some(profile)
}
