//! Eight neighbouring values at once.
//!
//! One register of AVX2, two of SSE, NEON and wasm's SIMD. All arithmetic is written in these, in
//! one order, so that every machine has the same results. The compiler never fuses a product and a
//! sum by itself, so neither does AVX2 change them.

use std::ops::{Add, AddAssign, Mul, Sub};

/// Values in one [`Lanes`].
pub(super) const LANES: usize = 8;

#[derive(Clone, Copy)]
pub(super) struct Lanes(pub [f32; LANES]);

impl Lanes {
    pub(super) const ZERO: Self = Self([0.0; LANES]);

    #[inline(always)]
    pub(super) fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    /// The first values of `from`, which must have that many.
    #[inline(always)]
    pub(super) fn load(from: &[f32]) -> Self {
        from.first_chunk().map_or(Self::ZERO, |from| Self(*from))
    }

    /// All of `from`, which has at most that many values, then zeros.
    #[inline(always)]
    pub(super) fn load_some(from: &[f32]) -> Self {
        if let Some(from) = from.first_chunk() {
            return Self(*from);
        }
        let mut lanes = Self::ZERO;
        for (lane, value) in lanes.0.iter_mut().zip(from) {
            *lane = *value;
        }
        lanes
    }

    /// Writes as many values as `to` has room for.
    #[inline(always)]
    pub(super) fn store(self, to: &mut [f32]) {
        if let Some(to) = to.first_chunk_mut() {
            *to = self.0;
        } else {
            for (to, value) in to.iter_mut().zip(self.0) {
                *to = value;
            }
        }
    }

    /// Values that are not above zero times `slope`.
    #[inline(always)]
    pub(super) fn leak(self, slope: f32) -> Self {
        self.leak_by(self, slope)
    }

    /// Values times `slope` where those of `sign` are not above zero.
    #[inline(always)]
    pub(super) fn leak_by(mut self, sign: Self, slope: f32) -> Self {
        for (value, sign) in self.0.iter_mut().zip(sign.0) {
            *value *= if sign > 0.0 { 1.0 } else { slope };
        }
        self
    }

    /// The sum of the values, in double precision.
    #[inline(always)]
    pub(super) fn sum(self) -> f64 {
        self.0.into_iter().map(f64::from).sum()
    }
}

impl Add for Lanes {
    type Output = Self;
    #[inline(always)]
    fn add(mut self, other: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a += b;
        }
        self
    }
}

impl AddAssign for Lanes {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Lanes {
    type Output = Self;
    #[inline(always)]
    fn sub(mut self, other: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a -= b;
        }
        self
    }
}

impl Mul for Lanes {
    type Output = Self;
    #[inline(always)]
    fn mul(mut self, other: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a *= b;
        }
        self
    }
}

/// Compiles the function that follows a second time for AVX2, and takes that one where the
/// processor has it. Without this, x86 programs use SSE2's four lanes.
macro_rules! vectorised {
    ($(#[$meta:meta])* fn $name:ident $(<const $n:ident: usize>)? ($($arg:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        pub(super) fn $name $(<const $n: usize>)? ($($arg: $type),*) {
            #[inline(always)]
            fn body $(<const $n: usize>)? ($($arg: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn avx2 $(<const $n: usize>)? ($($arg: $type),*) {
                    body $(::<$n>)? ($($arg),*);
                }
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has just said that it knows these instructions.
                    return unsafe { avx2 $(::<$n>)? ($($arg),*) };
                }
            }
            body $(::<$n>)? ($($arg),*);
        }
    };
}
pub(super) use vectorised;

/// Values summed in single precision: no lane adds more than 32, so it loses less than two bits.
const RUN: usize = 32 * LANES;

/// The sum of `f` over all values: short runs in single precision, these in double.
#[inline(always)]
pub(super) fn sum(values: &[f32], f: impl Fn(Lanes) -> Lanes) -> f64 {
    let [sum, _] = sum_two(values, values, |value, _| [f(value), Lanes::ZERO]);
    sum
}

/// Two sums over pairs of values.
#[inline(always)]
pub(super) fn sum_two(a: &[f32], b: &[f32], f: impl Fn(Lanes, Lanes) -> [Lanes; 2]) -> [f64; 2] {
    let mut totals = [0.0; 2];
    for (a, b) in a.chunks(RUN).zip(b.chunks(RUN)) {
        let ((a, a_rest), (b, b_rest)) = (a.as_chunks(), b.as_chunks());
        let mut sums = [Lanes::ZERO; 2];
        for (a, b) in a.iter().zip(b) {
            for (sum, value) in sums.iter_mut().zip(f(Lanes(*a), Lanes(*b))) {
                *sum += value;
            }
        }
        let rest = f(Lanes::load_some(a_rest), Lanes::load_some(b_rest));
        for ((total, sum), rest) in totals.iter_mut().zip(sums).zip(rest) {
            *total += sum.sum();
            // What stands for values that are not there does not count.
            *total += rest.0.into_iter().take(a_rest.len()).map(f64::from).sum::<f64>();
        }
    }
    totals
}

/// Writes `f` of the inputs' values to `out`.
#[inline(always)]
pub(super) fn each<const N: usize>(
    inputs: [&[f32]; N],
    out: &mut [f32],
    f: impl Fn([Lanes; N]) -> Lanes,
) {
    let (eights, rest) = out.as_chunks_mut::<LANES>();
    let inputs = inputs.map(<[f32]>::as_chunks::<LANES>);
    for (index, out) in eights.iter_mut().enumerate() {
        let mut values = [Lanes::ZERO; N];
        for (value, (eights, _)) in values.iter_mut().zip(&inputs) {
            if let Some(eight) = eights.get(index) {
                *value = Lanes(*eight);
            }
        }
        *out = f(values).0;
    }
    f(inputs.map(|(_, rest)| Lanes::load_some(rest))).store(rest);
}
