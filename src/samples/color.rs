//! Linear light and directions: triples of numbers and their arithmetic.

/// Red, green and blue in linear light, or a direction (right, up, away).
pub type Triple = [f32; 3];

/// What a sprite looks like at one point.
pub struct Look {
    /// Opacity.
    pub alpha: f32,
    /// Colour of the surface.
    pub color: Triple,
    /// Surface normal, length 1.
    pub normal: Triple,
}

/// `a` at `t` = 0, `b` at `t` = 1.
pub fn mix(a: Triple, b: Triple, t: f32) -> Triple {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]
}

/// Sum.
pub fn add(a: Triple, b: Triple) -> Triple {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// Component by component: light on a surface.
pub fn times(a: Triple, b: Triple) -> Triple {
    [a[0] * b[0], a[1] * b[1], a[2] * b[2]]
}

/// Brighter or darker.
pub fn scale(a: Triple, by: f32) -> Triple {
    a.map(|c| c * by)
}

/// Cosine of the angle between two directions.
pub fn dot(a: Triple, b: Triple) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The direction scaled to length 1.
pub fn normalize(a: Triple) -> Triple {
    // The square root is exact in IEEE arithmetic, unlike sine or power.
    scale(a, 1.0 / dot(a, a).sqrt().max(1e-12))
}

/// e^-t for t ≥ 0, within 2%: haze needs no better, and platforms' `exp` differ in the last bit.
pub fn fade_out(t: f32) -> f32 {
    1.0 / (1.0 + t * (1.0 + t * (0.5 + t * (0.15 + t * 0.06))))
}
