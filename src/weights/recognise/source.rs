//! Where the numbers of a parameter are in a file, and how they are put together.

use crate::{
    error::Result,
    weights::state::{HostTensor, damaged},
};

/// A parameter, in terms of the file's tensors, by their place in its list.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::weights) enum Source {
    /// As it stands in the file.
    Plain(usize),
    /// A bias that the convolution does not have.
    Zeros(usize),
    /// Divided by its largest singular value, as `torch.nn.utils.spectral_norm` does. Very old
    /// files have no `v`.
    Spectral { original: usize, u: usize, v: Option<usize> },
    /// A direction times a magnitude, as in `torch.nn.utils.weight_norm`.
    Normalised { magnitude: usize, direction: usize },
}

impl Source {
    /// Places of the tensors that it is made of.
    pub fn tensors(&self) -> impl Iterator<Item = usize> {
        let parts = match *self {
            Self::Plain(index) => [Some(index), None, None],
            Self::Zeros(_) => [None; 3],
            Self::Spectral { original, u, v } => [Some(original), Some(u), v],
            Self::Normalised { magnitude, direction } => [Some(magnitude), Some(direction), None],
        };
        parts.into_iter().flatten()
    }

    /// The parameter. Fails as `read` does, and with `weights-damaged` when its parts do not match.
    pub fn resolve(&self, mut read: impl FnMut(usize) -> Result<HostTensor>) -> Result<HostTensor> {
        match *self {
            Self::Plain(index) => read(index),
            Self::Zeros(count) => Ok(HostTensor { shape: vec![count], data: vec![0.0; count] }),
            Self::Spectral { original, u, v } => {
                let v = v.map(&mut read).transpose()?;
                spectral(read(original)?, &read(u)?.data, v.map(|v| v.data))
            }
            Self::Normalised { magnitude, direction } => {
                normalised(&read(magnitude)?, read(direction)?)
            }
        }
    }
}

/// The weight as a matrix with a row per output channel, divided by u · W v. The outputs are the
/// first axis, or the second in a transposed convolution.
fn spectral(mut weight: HostTensor, u: &[f32], v: Option<Vec<f32>>) -> Result<HostTensor> {
    let wrong = || damaged("the vectors of a spectral norm do not match its weight");
    let (&[first, second, ..], all) = (weight.shape.as_slice(), weight.data.len()) else {
        return Err(wrong());
    };
    let by_first = u.len() == first;
    if !by_first && u.len() != second || all == 0 {
        return Err(wrong());
    }
    let inner = all / (first * second);
    // Row and column of the element at a place.
    let place = |at: usize| match (at / inner / second, at / inner % second, at % inner) {
        (a, b, rest) if by_first => (a, b * inner + rest),
        (a, b, rest) => (b, a * inner + rest),
    };
    let at = |numbers: &[f32], index: usize| numbers.get(index).copied().map_or(0.0, f64::from);
    let v = match v {
        Some(v) => v,
        None => {
            let mut v = vec![0.0_f64; all / u.len()];
            for (index, number) in weight.data.iter().enumerate() {
                let (row, column) = place(index);
                if let Some(sum) = v.get_mut(column) {
                    *sum += f64::from(*number) * at(u, row);
                }
            }
            let norm = v.iter().map(|number| number * number).sum::<f64>().sqrt();
            v.iter().map(|number| (number / norm) as f32).collect()
        }
    };
    if v.len() != all / u.len() {
        return Err(wrong());
    }
    let products = weight.data.iter().enumerate().map(|(index, number)| {
        let (row, column) = place(index);
        at(u, row) * f64::from(*number) * at(&v, column)
    });
    let sigma = products.sum::<f64>();
    weight.data.iter_mut().for_each(|number| *number = (f64::from(*number) / sigma) as f32);
    Ok(weight)
}

/// Each slice along the axis in which the magnitude has an extent is brought to its length.
fn normalised(magnitude: &HostTensor, mut direction: HostTensor) -> Result<HostTensor> {
    let wrong = || damaged("the magnitudes of a weight norm do not match its directions");
    let count = magnitude.data.len();
    let axis = magnitude.shape.iter().position(|extent| *extent > 1);
    let axis = match axis {
        Some(axis) if direction.shape.get(axis) == Some(&count) => axis,
        None if count == 1 => 0,
        _ => return Err(wrong()),
    };
    let behind: usize = direction.shape.iter().skip(axis + 1).product();
    let slice = |at: usize| at / behind.max(1) % count;
    let mut squares = vec![0.0_f64; count];
    for (at, number) in direction.data.iter().enumerate() {
        if let Some(sum) = squares.get_mut(slice(at)) {
            *sum += f64::from(*number).powi(2);
        }
    }
    let scales: Vec<f64> = magnitude
        .data
        .iter()
        .zip(squares)
        .map(|(magnitude, square)| f64::from(*magnitude) / square.sqrt())
        .collect();
    for (at, number) in direction.data.iter_mut().enumerate() {
        let scale = scales.get(slice(at)).copied().unwrap_or_default();
        *number = (f64::from(*number) * scale) as f32;
    }
    Ok(direction)
}
