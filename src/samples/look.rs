//! One point of an object on the ground.

use super::color::Triple;

/// What a sprite looks like at one point.
pub struct Look {
    /// Opacity.
    pub alpha: f32,
    /// Colour of the surface.
    pub color: Triple,
    /// Surface normal, length 1.
    pub normal: Triple,
}
