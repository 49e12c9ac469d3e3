//! Eight neighbouring values at once.
//!
//! One register of AVX2, two of SSE, NEON and wasm's SIMD. All arithmetic uses these, so the order
//! of a sum does not depend on the processor. The compiler never fuses products and sums on its
//! own, so AVX2 gives the same results.

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

    /// The first values of `from`, which must have enough.
    #[inline(always)]
    pub(super) fn load(from: &[f32]) -> Self {
        from.first_chunk().map_or(Self::ZERO, |from| Self(*from))
    }

    /// The lanes with number `index` of `from`, which ends inside the last.
    #[inline(always)]
    pub(super) fn number(from: &[f32], index: usize) -> Self {
        let (eights, rest) = from.as_chunks();
        eights.get(index).map_or_else(|| Self::load_some(rest), |eight| Self(*eight))
    }

    /// All of `from`, at most eight values, then zeros.
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

    /// Writes as many values as fit into `to`.
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

    /// The first `count` values, then zeros.
    #[inline(always)]
    pub(super) fn first(mut self, count: usize) -> Self {
        self.0.iter_mut().skip(count).for_each(|value| *value = 0.0);
        self
    }

    /// Multiplies values that are not above zero by `slope`.
    #[inline(always)]
    pub(super) fn leak(self, slope: f32) -> Self {
        self.leak_by(self, slope)
    }

    /// Multiplies values by `slope` where `sign` is not above zero.
    #[inline(always)]
    pub(super) fn leak_by(mut self, sign: Self, slope: f32) -> Self {
        // Uses the sign bit of -sign, because the compiler would turn a condition into branches.
        let (one, slope) = (1.0_f32.to_bits(), slope.to_bits());
        for (value, sign) in self.0.iter_mut().zip(sign.0) {
            let above = ((0.0 - sign).to_bits().cast_signed() >> 31).cast_unsigned();
            *value *= f32::from_bits(slope ^ (slope ^ one) & above);
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

impl Mul<f32> for Lanes {
    type Output = Self;
    #[inline(always)]
    fn mul(self, factor: f32) -> Self {
        self * Self::splat(factor)
    }
}

/// Compiles the following function a second time for AVX2, and uses that version where the
/// processor supports it. Otherwise x86 programs use SSE2's four lanes.
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
                    // SAFETY: the processor was just found to support these instructions.
                    return unsafe { avx2 $(::<$n>)? ($($arg),*) };
                }
            }
            body $(::<$n>)? ($($arg),*);
        }
    };
}
pub(super) use vectorised;

/// Values summed in single precision: each lane adds at most 32, so it loses less than two bits.
pub(super) const RUN: usize = 32 * LANES;

/// `lanewise!((a, b) => out, value)` writes the expression `value` of the lanes `a`, `b` and the
/// old `out` to the slice `out`, for all lanes of the slices with these names. A macro, because the
/// compiler does not reliably inline closures into a function compiled for AVX2.
macro_rules! lanewise {
    (($($input:ident),+) => $out:ident, $value:expr) => {{
        let (eights, rest) = $out.as_chunks_mut::<LANES>();
        let whole = eights.len();
        for (index, out) in eights.iter_mut().enumerate() {
            #[allow(unused)]
            let $out = Lanes(*out);
            $(let $input = Lanes::number($input, index);)+
            *out = $value.0;
        }
        #[allow(unused)]
        let $out = Lanes::load_some(rest);
        $(let $input = Lanes::number($input, whole);)+
        $value.store(rest);
    }};
}
pub(super) use lanewise;

/// `sums!(2, (a, b) => value)` returns the sums of the two [`Lanes`] in the array `value` over the
/// slices `a` and `b`: short runs in single precision, their totals in double.
macro_rules! sums {
    ($count:literal, ($($input:ident),+) => $value:expr) => {{
        let mut totals = [0.0_f64; $count];
        let lengths = [$($input.len()),+];
        for start in (0..lengths[0]).step_by(RUN) {
            let end = lengths[0].min(start + RUN);
            $(let $input = $input.get(start..end).unwrap_or_default();)+
            let mut sums = [Lanes::ZERO; $count];
            let (whole, rest) = ((end - start) / LANES, (end - start) % LANES);
            for index in 0..whole {
                $(let $input = Lanes::number($input, index);)+
                let values: [Lanes; $count] = $value;
                for (sum, value) in sums.iter_mut().zip(&values) {
                    *sum += *value;
                }
            }
            if rest > 0 {
                $(let $input = Lanes::number($input, whole);)+
                for (sum, value) in sums.iter_mut().zip($value) {
                    *sum += value.first(rest);
                }
            }
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total += sum.sum();
            }
        }
        totals
    }};
}
pub(super) use sums;
