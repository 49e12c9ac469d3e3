//! Objects on the ground: spread over the valley, painted from back to front.

use super::canvas::Canvas;
use super::color::{Triple, scale};
use super::noise::{fractal, hash, smoothstep, unit};
use super::place::Place;
use super::terrain::Shade;
use super::weather::Weather;
use super::{stones, trees};

/// What an object is.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// A fir or pine.
    Conifer,
    /// An oak or a willow, or a bush, drawn as a small tree.
    Bush,
    /// A boulder.
    Stone,
}

/// An object at its place.
struct Sprite {
    kind: Kind,
    /// Position of its foot, in kilometres.
    foot: Triple,
    /// Its height in kilometres.
    tall: f32,
    /// Makes it different from others of its kind.
    seed: u32,
}

/// Places and paints all objects.
pub fn paint(canvas: &mut Canvas, place: &Place, weather: &Weather, shade: &Shade) {
    let mut z = 5.0;
    let mut line = 0;
    while z > 0.042 {
        let spacing = if z < 0.2 { 0.004 + 0.045 * z } else { 0.0105 + 0.0125 * z };
        let reach = z * canvas.slope(canvas.width as f32) + 0.02;
        let count = (reach / spacing) as i32;
        for i in -count..=count {
            let seed = hash(i, line, place.seed);
            let x = (i as f32 + 0.9 * chance(seed, 1)) * spacing;
            let at = z + 0.8 * spacing * chance(seed, 2);
            if let Some(sprite) = sow(canvas, place, shade, [x, at], seed) {
                draw(canvas, weather, shade, place.eye, &sprite);
            }
        }
        z -= spacing * 0.85;
        line += 1;
    }
}

fn chance(seed: u32, number: i32) -> f32 {
    unit(hash(number, 1, seed))
}

/// The object at a place (x, z), if any.
fn sow(canvas: &Canvas, place: &Place, shade: &Shade, at: [f32; 2], seed: u32) -> Option<Sprite> {
    let [x, z] = at;
    let grove = fractal(x, z, place.seed ^ 40, 0.3, 0.06);
    // Woods begin where the meadow ends; in the foreground they frame the view.
    let aside = (x / z).abs();
    let dense = if z < 0.2 {
        0.2 * smoothstep(0.22, 0.5, aside + 0.2 * grove) * smoothstep(0.085, 0.12, z)
    } else {
        smoothstep(-0.3, 0.4, grove + 0.85 * smoothstep(0.3, 0.9, z))
    };
    let what = chance(seed, 3);
    let kind = if what < dense {
        if z < 0.2 || chance(seed, 6) < 0.86 { Kind::Conifer } else { Kind::Bush }
    } else if z < 0.6 && what > if z < 0.2 { 0.90 } else { 0.96 } {
        if chance(seed, 6) < 0.5 { Kind::Stone } else { Kind::Bush }
    } else {
        return None;
    };
    let steep = (shade.height(x + 0.05, z) - shade.height(x - 0.05, z)).abs()
        + (shade.height(x, z + 0.05) - shade.height(x, z - 0.05)).abs();
    let y = shade.height(x, z);
    let room = smoothstep(0.12, 0.055, steep) * smoothstep(1.1, 0.6, y + 0.3 * grove);
    let size = chance(seed, 4);
    let tall = match kind {
        // Many young ones, few old ones.
        Kind::Conifer => (0.012 + 0.036 * size * size) * (1.0 - 0.35 * smoothstep(0.2, 0.9, y)),
        Kind::Bush if what < dense => 0.007 + 0.009 * size,
        Kind::Bush => 0.0009 + 0.003 * size * size,
        Kind::Stone => 0.0006 + 0.0042 * size * size * size,
    };
    if tall * canvas.focal / z < 1.2 || chance(seed, 5) > room {
        return None;
    }
    let y = place.height(x, z, 0.012);
    let dry = if kind == Kind::Stone { -0.0004 } else { 0.0006 };
    (y > dry).then_some(Sprite { kind, foot: [x, y, z], tall, seed })
}

/// Casts a sprite's shadow on the ground around it: position as column and row, size, distance.
fn cast(canvas: &mut Canvas, weather: &Weather, [middle, base, size, z]: [f32; 4], sunny: f32) {
    // The low eye foreshortens lengths on the ground.
    let (long, flat) = (0.55 * size, (0.075 * size).max(0.8));
    let middle = middle - 0.3 * size * weather.sun[0];
    for row in range(base - flat, base + flat, canvas.height) {
        for column in range(middle - long, middle + long, canvas.width) {
            let u = (column as f32 + 0.5 - middle) / long;
            let v = (row as f32 + 0.5 - base) / flat;
            let dark = smoothstep(1.0, 0.2, u * u + v * v) * (0.25 + 0.35 * sunny);
            let Some(&there) = canvas.get(column, row) else { continue };
            if (there.depth / z - 1.05).abs() < 0.25 && !there.water {
                canvas.over(column, row, scale(there.color, 1.0 - dark), 1.0);
            }
        }
    }
}

/// The whole pixels of a range, clipped to a side of `end`.
fn range(from: f32, to: f32, end: usize) -> std::ops::Range<usize> {
    from.max(0.0) as usize..((to + 1.0).max(0.0) as usize).min(end)
}

/// Draws one sprite where nothing nearer hides it.
fn draw(canvas: &mut Canvas, weather: &Weather, shade: &Shade, eye: f32, sprite: &Sprite) {
    let [x, y, z] = sprite.foot;
    let size = sprite.tall * canvas.focal / z;
    let middle = x / z * canvas.focal + 0.5 * canvas.width as f32;
    let base = canvas.horizon - (y - eye) / z * canvas.focal;
    let wide = if sprite.kind == Kind::Conifer { 0.3 } else { 0.95 } * size;
    let top = [x, y + 0.7 * sprite.tall, z];
    let sunny = 0.1 + 0.9 * shade.sunny(top, weather.sun);
    // Farther objects stand on slopes, where a flat shadow would float.
    if z < 0.7 {
        cast(canvas, weather, [middle, base, size, z], sunny);
    }
    for row in range(base - size, base, canvas.height) {
        let down = (row as f32 + 0.5 - (base - size)) / size;
        for column in range(middle - wide, middle + wide, canvas.width) {
            let across = (column as f32 + 0.5 - middle) / size;
            if canvas.get(column, row).is_none_or(|there| there.depth < z * 0.98) {
                continue;
            }
            let look = match sprite.kind {
                Kind::Conifer => trees::conifer,
                Kind::Bush => trees::bush,
                Kind::Stone => stones::stone,
            };
            let look = look(weather.season, sprite.seed, down, across, 1.0 / size);
            if look.alpha > 0.0 {
                let light = weather.shine(look.color, look.normal, sunny);
                let color = weather.through_air(light, canvas.ray(column, row), z, y);
                canvas.over(column, row, color, look.alpha);
            }
        }
    }
}
