//! Painted landscapes, so that the page is never empty and tests need no downloads.
//!
//! A seed is a valley of granite, forest and a lake; a season sets its light and snow. The same
//! seed in both seasons shows the same place twice, which no unpaired data set can.
//!
//! Everything is computed from additions, multiplications, divisions and square roots, which IEEE
//! 754 defines to the bit: a scene has the same bytes natively and in every browser.

mod canvas;
mod color;
mod develop;
mod ground;
mod noise;
mod place;
mod random;
mod sprites;
mod stones;
mod terrain;
mod trees;
mod water;
mod weather;

use crate::image::Rgb;

pub use weather::Season;

/// Paints the place `seed` in a season, `width` × `height` pixels.
///
/// The composition depends on the height, so that a seed looks the same at any size. Meant for 16
/// to 2048 pixels per side; a side of 0 is taken as 1.
pub fn paint(season: Season, seed: u64, width: usize, height: usize) -> Rgb {
    let place = place::Place::new(seed);
    let weather = weather::Weather::new(season, seed);
    let shade = terrain::Shade::new(&place);
    let mut canvas = canvas::Canvas::new(width.max(1), height.max(1));
    terrain::paint(&mut canvas, &place, &weather, &shade);
    weather.paint(&mut canvas);
    sprites::paint(&mut canvas, &place, &weather, &shade);
    water::paint(&mut canvas, &place, &weather);
    develop::develop(&canvas, season, place.seed)
}
