//! The only source of randomness: SplitMix64 (Steele, Lea and Flood, 2014).
//!
//! Every user owns its generator, so a seed gives the same numbers on every platform, bit for bit.
//! Logarithm and cosine come from the `libm` crate, because platforms differ in the last digit.

/// A seeded stream of random numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random(u64);

impl Random {
    /// Starts the stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The state to store if the stream is to be resumed later.
    pub fn state(&self) -> u64 {
        self.0
    }

    /// Resumes the stream at a stored [`Random::state`].
    pub fn from_state(state: u64) -> Self {
        Self(state)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1), with the 53 bits that an f64 can hold.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A uniform integer from 0 to `n` - 1; 0 when `n` is 0 or 1.
    ///
    /// 2^64 is not a multiple of most `n`, so numbers past the last full multiple are redrawn.
    pub fn below(&mut self, n: usize) -> usize {
        let n = n.max(1) as u64;
        let beyond = (u64::MAX % n + 1) % n;
        loop {
            let bits = self.bits();
            if bits <= u64::MAX - beyond {
                return (bits % n) as usize;
            }
        }
    }

    /// Shuffles `items`; every order is equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// Normal with mean 0 and standard deviation 1 (Box and Muller, the cosine half).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    /// First outputs of the reference implementation for this seed.
    #[test]
    fn follows_the_published_algorithm() {
        let mut random = Random::new(1_234_567);
        let first: [u64; 3] = std::array::from_fn(|_| random.bits());
        assert_eq!(first, [6457827717110365317, 3203168211198807973, 9817491932198370423]);
    }

    #[test]
    fn goes_on_from_its_state() {
        let mut random = Random::new(3);
        random.normal();
        let mut later = Random::from_state(random.state());
        assert_eq!(later.bits(), random.bits());
    }

    #[test]
    fn below_is_even() {
        let mut random = Random::new(5);
        assert_eq!([random.below(0), random.below(1)], [0, 0]);
        let mut counts = [0_i32; 7];
        for _ in 0..70_000 {
            counts[random.below(7)] += 1;
        }
        // Standard deviation 93.
        assert!(counts.iter().all(|count| (count - 10_000).abs() < 450), "{counts:?}");
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn below_is_even_for_large_numbers() {
        let mut random = Random::new(6);
        // The remainder of 2^64 alone would make the lower two thirds twice as likely.
        let n = (1_usize << 62) + (1 << 61);
        let high = (0..3000).filter(|_| random.below(n) >= n / 3 * 2).count();
        assert!(high.abs_diff(1000) < 130, "{high}");
    }

    #[test]
    fn shuffle_reaches_every_order() {
        let mut random = Random::new(9);
        let mut counts = std::collections::BTreeMap::<[u8; 3], i32>::new();
        for _ in 0..6000 {
            let mut items = [0, 1, 2];
            random.shuffle(&mut items);
            *counts.entry(items).or_default() += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (count - 1000).abs() < 145), "{counts:?}");
    }

    #[test]
    fn normal_has_its_moments() {
        let mut random = Random::new(7);
        let n = 100_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..n {
            let x = random.normal();
            sum += x;
            squares += x * x;
        }
        assert!((sum / f64::from(n)).abs() < 0.01);
        assert!((squares / f64::from(n) - 1.0).abs() < 0.02);
    }
}
