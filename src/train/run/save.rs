//! A run as a checkpoint, read from the device piece by piece.

use burn::tensor::Tensor;

use super::{polishing::Polishing, trainer::Trainer};
use crate::{
    error::{Error, Result},
    model::Readback,
    train::{
        checkpoint::{
            Checkpoint,
            pieces::{Sink, Writer},
        },
        data::Source,
        learner::Entry,
        networks::CycleGan,
    },
    weights::{HostTensor, StateDict},
};

impl<S: Source> Trainer<S> {
    /// Everything the run needs to continue elsewhere. Fails as [`Readback::read`] does, with the
    /// error that ended the run, if any; `training-not-finite` when a number is not finite, so that
    /// a broken run never replaces its last good checkpoint.
    pub async fn checkpoint(&self) -> Result<Checkpoint> {
        let parts = self.parts()?;
        let empty = |shape: &[usize]| HostTensor { shape: shape.to_vec(), data: Vec::new() };
        let empty = parts.iter().map(|part| (part.name.clone(), empty(&part.shape)));
        let mut tensors: StateDict = empty.collect();
        let read = async |part: &Entry, numbers: &[f32]| {
            if let Some(tensor) = tensors.get_mut(&part.name) {
                tensor.data.extend(numbers);
            }
            Ok(())
        };
        self.read(&parts, read).await?;
        Ok(Checkpoint { tensors, state: self.state_of_run() })
    }

    /// Writes [`Trainer::checkpoint`] to a file and returns its length. It never holds more than
    /// the largest tensor in memory. Fails as [`Trainer::checkpoint`] does, and with those of
    /// `sink`; what was written is then useless.
    pub async fn save(&self, sink: &mut impl Sink) -> Result<u64> {
        let parts = self.parts()?;
        let shapes = parts.iter().map(|part| (part.name.as_str(), part.shape.as_slice()));
        let mut writer = Writer::new(shapes, &self.state_of_run(), sink).await?;
        self.read(&parts, async |_, numbers| writer.numbers(numbers).await).await?;
        writer.finish().await
    }

    /// All tensors, by their names in the file.
    fn parts(&self) -> Result<Vec<Entry>> {
        if let Some(ended) = &self.ended {
            return Err(ended.clone());
        }
        let CycleGan { g_a, g_b, d_a, d_b, pool_a, pool_b } = &self.gan;
        let mut parts =
            [g_a.parts("G_A"), g_b.parts("G_B"), d_a.parts("D_A"), d_b.parts("D_B")].concat();
        parts.extend(self.polishing.iter().flat_map(Polishing::parts));
        // A pool is one tensor, or its pictures would fill the header.
        parts.extend([("pool_A", pool_a), ("pool_B", pool_b)].map(|(name, pool)| {
            let tensors = pool.images().to_vec();
            let length = tensors.iter().map(|picture| picture.shape().num_elements()).sum();
            Entry { name: name.into(), shape: vec![length], tensors }
        }));
        parts.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(parts)
    }

    /// Reads parts one after another, in pieces of at most half of the largest tensor, and passes
    /// each piece to `take`. Pieces that fit into that size are read together; the limit is a half
    /// because a piece may be copied once.
    async fn read(
        &self,
        parts: &[Entry],
        mut take: impl AsyncFnMut(&Entry, &[f32]) -> Result<()>,
    ) -> Result<()> {
        let all = parts.iter().flat_map(|part| part.tensors.iter().map(move |one| (part, one)));
        let largest = all.clone().map(|(_, tensor)| tensor.shape().num_elements()).max();
        let most = largest.unwrap_or(0).div_ceil(2);
        let pieces = all.flat_map(|(part, tensor)| {
            cuts(tensor.dims(), most).map(move |cut| (part, tensor, cut))
        });
        let mut pieces = pieces.peekable();
        while pieces.peek().is_some() {
            let (mut readback, mut names, mut left) = (Readback::default(), Vec::new(), most);
            while let Some((part, tensor, cut)) =
                pieces.next_if(|(_, _, cut)| names.is_empty() || cut.elements <= left)
            {
                left = left.saturating_sub(cut.elements);
                readback.tensor(String::new(), cut.of(tensor));
                names.push(part);
            }
            for (part, data) in names.into_iter().zip(readback.values().await?) {
                let numbers = data.as_slice().map_err(|other| Error::Usage(other.to_string()))?;
                if numbers.iter().any(|number: &f32| !number.is_finite()) {
                    let detail = format!("step {}: {}", self.step, part.name);
                    return Err(Error::TrainingNotFinite(detail));
                }
                take(part, numbers).await?;
            }
        }
        Ok(())
    }
}

/// Consecutive rows of a tensor, contiguous in a file.
struct Cut {
    axis: usize,
    start: usize,
    rows: usize,
    elements: usize,
}

impl Cut {
    fn of(&self, tensor: &Tensor<4>) -> Tensor<4> {
        if self.elements == tensor.shape().num_elements() {
            return tensor.clone();
        }
        tensor.clone().narrow(self.axis, self.start, self.rows)
    }
}

/// Cuts a tensor of these extents into pieces of at most `most` elements, or of a single row.
fn cuts(extents: [usize; 4], most: usize) -> impl Iterator<Item = Cut> {
    // All earlier axes have extent 1, so a cut's numbers are contiguous.
    let axis = extents.iter().position(|extent| *extent > 1).unwrap_or(0);
    let all = extents.get(axis).copied().unwrap_or(1);
    let row = extents.iter().product::<usize>() / all.max(1);
    let step = (most / row.max(1)).max(1);
    (0..all).step_by(step).map(move |start| {
        let rows = step.min(all - start);
        Cut { axis, start, rows, elements: rows * row }
    })
}
