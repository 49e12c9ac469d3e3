//! Random numbers for painting, from the crate's only generator.

/// A stream of random numbers in single precision.
pub struct Random(crate::random::Random);

impl Random {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self(crate::random::Random::new(seed))
    }

    /// 32 random bits.
    pub fn bits(&mut self) -> u32 {
        (self.0.bits() >> 32) as u32
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f32 {
        super::noise::unit(self.bits())
    }

    /// Uniform between two values.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// One or the other.
    pub fn sign(&mut self) -> f32 {
        if self.unit() < 0.5 { -1.0 } else { 1.0 }
    }
}
