//! The moving average of a weight.

use super::{
    lanes::vectorised,
    threads::{self, PIECE},
};

/// Moves each average `share` of the way to its weight.
pub fn average(averages: &mut [f32], weights: &[f32], share: f32) {
    assert_eq!(averages.len(), weights.len());
    let mut pieces: Vec<_> = averages.chunks_mut(PIECE).zip(weights.chunks(PIECE)).collect();
    threads::pieces(&mut pieces, 1, |_, pieces| {
        for (averages, weights) in pieces {
            approach(averages, weights, share);
        }
    });
}

vectorised! {
    fn approach(averages: &mut [f32], weights: &[f32], share: f32) {
        // Not a sum of two products, so that an average that has arrived stays unchanged.
        for (average, weight) in averages.iter_mut().zip(weights) {
            *average += share * (weight - *average);
        }
    }
}
