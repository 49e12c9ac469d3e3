//! A generator on an image that is too large to go through as a whole: in strips of rows, with the
//! normalisations' statistics of the whole image. Except for rounding, the result is that of
//! [`Generator::forward`].
//!
//! A convolution needs only the rows around its own, but a normalisation needs the mean and the
//! variance over all rows before it can compute the first. So each normalisation takes a pass over
//! all strips, which sums them up. Between the strided and the transposed convolutions images are
//! small enough to be kept, a sixteenth of the pixels with four times the channels, and a pass is
//! one convolution. In front of them and behind them images are too large, so each pass begins
//! again at the photo, or at the last block. That repeats only cheap layers, a seventh of all work.

use std::{collections::VecDeque, ops::Range};

use burn::tensor::{Device, Tensor, TensorData, Transaction};

use super::{
    blocks::{Conv, Reach},
    generator::Generator,
};
use crate::{
    device::{floats, read_all},
    error::{Error, Result},
    ops::{self, Activation, Affine, EPSILON, Scaling, scaled},
    weights::Down,
};

/// Strips that are launched before anything is read: enough to keep a graphics card busy, few
/// enough that what was sent to it and is not yet used takes little memory.
const QUEUED: usize = 8;

/// An image for [`Generator::forward_in_strips`], and what becomes of it.
pub(crate) struct InStrips<'a> {
    /// Height of the image, a multiple of 4 and at least 8.
    pub height: usize,
    /// Rows of the image in a strip, a multiple of 4.
    pub rows: usize,
    /// Some rows of the image, `[1, C, rows, W]`, values as for [`Generator::forward`].
    pub image: &'a dyn Fn(Range<usize>) -> Result<Tensor<4>>,
    /// Takes the result strip by strip, from the top: the rows, and their values `[C, rows, W]`.
    pub take: &'a mut dyn FnMut(Range<usize>, Vec<f32>) -> Result<()>,
    /// Called with the share of all work that is done, below 1.
    pub done: &'a dyn Fn(f64),
    /// The generator's device.
    pub device: &'a Device,
}

impl Generator {
    /// [`Generator::forward`] in strips. Returns whether all numbers fit the precision of the
    /// weights; at the first that does not it stops, and what was taken so far is useless. Fails as
    /// [`crate::device::read`] does, and as `image` and `take`.
    pub(crate) async fn forward_in_strips(&self, how: InStrips<'_>) -> Result<bool> {
        let InStrips { height, rows, image, take, done, device } = how;
        let large = Cuts { height, rows };
        let small = Cuts { height: height / 4, rows: rows / 4 };
        let of = 3 + 2 * self.blocks.len() + 3;
        let mut passes = Passes { device, done, behind: 0, of };

        let mut encoder = Way { source: image, height, layers: vec![] };
        for (index, conv) in self.down.iter().enumerate() {
            if !passes.measure(&mut encoder, conv, small).await? {
                return Ok(false);
            }
            if index > 0 && self.architecture().down == Down::Blurred {
                encoder.layers.push((Layer::Shrink, None));
            }
        }
        let mut x = Strips::new(small);
        for rows in small.all() {
            x.push(encoder.finished(encoder.layers.len(), rows)?);
        }

        for block in &self.blocks {
            let [first, second] = block.convs();
            let mut y = Strips::new(small);
            let inner = passes.pass(small, first.affine(), |rows| {
                let strip = Layer::Conv(first).rows(rows, small.height, |rows| Ok(x.rows(rows)))?;
                y.push(strip.clone());
                Ok(strip)
            });
            let Some(inner) = inner.await? else { return Ok(false) };
            let mut z = Strips::new(small);
            let outer = passes.pass(small, second.affine(), |rows| {
                let input = |rows| Ok(scaled(y.rows(rows), &inner, Activation::Relu, None));
                let strip = Layer::Conv(second).rows(rows.clone(), small.height, input)?;
                y.forget(rows.start);
                z.push(strip.clone());
                Ok(strip)
            });
            let Some(outer) = outer.await? else { return Ok(false) };
            x = z.joined(x, |z, x| scaled(z, &outer, Activation::None, Some(x)));
        }

        let source = |rows| Ok(x.rows(rows));
        let mut decoder = Way { source: &source, height: small.height, layers: vec![] };
        for conv in self.up.iter() {
            if !passes.measure(&mut decoder, conv, small).await? {
                return Ok(false);
            }
        }
        for rows in large.all() {
            let input = |rows| decoder.finished(decoder.layers.len(), rows);
            let strip = || Layer::Conv(&self.head).rows(rows.clone(), height, input);
            let (strip, note) = ops::watched(device, strip);
            let both = read_all(Transaction::default().register(strip?).register(note)).await?;
            let [values, note] = pair(both)?;
            if floats(note)? != [0.0] {
                return Ok(false);
            }
            take(rows, floats(values)?)?;
        }
        Ok(true)
    }
}

/// Where an image is cut into strips.
#[derive(Clone, Copy)]
struct Cuts {
    height: usize,
    /// Rows in every strip but the last.
    rows: usize,
}

impl Cuts {
    /// The same strips of an image that is a whole number of times as high.
    fn of(self, height: usize) -> Self {
        Self { height, rows: self.rows * (height / self.height) }
    }

    fn all(self) -> impl Iterator<Item = Range<usize>> {
        (0..self.height)
            .step_by(self.rows.max(1))
            .map(move |first| first..self.height.min(first + self.rows))
    }
}

/// An image in strips.
struct Strips {
    cuts: Cuts,
    /// The strips from number `first` on.
    parts: VecDeque<Tensor<4>>,
    first: usize,
}

impl Strips {
    fn new(cuts: Cuts) -> Self {
        Self { cuts, parts: VecDeque::new(), first: 0 }
    }

    fn push(&mut self, strip: Tensor<4>) {
        self.parts.push_back(strip);
    }

    /// Gives up the strips of which a 3x3 convolution of the rows from `row` on sees nothing.
    fn forget(&mut self, row: usize) {
        while (self.first + 1) * self.cuts.rows < row {
            self.parts.pop_front();
            self.first += 1;
        }
    }

    /// Some rows.
    fn rows(&self, rows: Range<usize>) -> Tensor<4> {
        let strips = self.cuts.all().skip(self.first).zip(&self.parts);
        let seen = strips.filter(|(strip, _)| strip.start < rows.end && rows.start < strip.end);
        let cut = seen.map(|(strip, part)| {
            let (from, to) = (rows.start.max(strip.start), rows.end.min(strip.end));
            cut(part.clone(), from - strip.start..to - strip.start)
        });
        ops::stacked(cut.collect())
    }

    /// Both images combined, strip by strip. Neither is kept.
    fn joined(self, other: Self, with: impl Fn(Tensor<4>, Tensor<4>) -> Tensor<4>) -> Self {
        let parts = self.parts.into_iter().zip(other.parts).map(|(one, other)| with(one, other));
        Self { parts: parts.collect(), ..self }
    }
}

/// Some rows of an image.
fn cut(image: Tensor<4>, rows: Range<usize>) -> Tensor<4> {
    let [batch, channels, height, width] = image.dims();
    if rows == (0..height) {
        return image;
    }
    image.slice([0..batch, 0..channels, rows, 0..width])
}

/// A layer whose rows depend on few others.
#[derive(Clone, Copy)]
enum Layer<'a> {
    Conv(&'a Conv),
    Shrink,
}

impl Layer<'_> {
    /// As [`Conv::reach`].
    fn reach(self) -> Reach {
        match self {
            Self::Shrink => Reach { down: 2, up: 1, beside: 2 },
            Self::Conv(conv) => conv.reach(),
        }
    }

    /// Some rows of the result, from those of an input of `height` rows.
    fn rows(
        self,
        rows: Range<usize>,
        height: usize,
        input: impl FnOnce(Range<usize>) -> Result<Tensor<4>>,
    ) -> Result<Tensor<4>> {
        let Reach { down, up, beside } = self.reach();
        let first = (rows.start * down / up).saturating_sub(beside);
        let end = (rows.end * down).div_ceil(up) + beside;
        let x = input(first..end.min(height))?;
        let y = match self {
            Self::Conv(conv) => conv.forward_rows(x),
            Self::Shrink => ops::shrink(x),
        };
        let above = first * up / down;
        Ok(cut(y, rows.start - above..rows.end - above))
    }
}

/// Layers one behind the other, of whose results nothing is kept.
struct Way<'a> {
    source: &'a dyn Fn(Range<usize>) -> Result<Tensor<4>>,
    height: usize,
    /// With the normalisation behind it, before a ReLU.
    layers: Vec<(Layer<'a>, Option<Scaling>)>,
}

impl Way<'_> {
    /// Rows of the image behind so many layers.
    fn height(&self, count: usize) -> usize {
        let layers = self.layers.iter().take(count);
        layers.fold(self.height, |height, (layer, _)| layer.reach().height(height))
    }

    /// Some rows of the image behind the first `count` layers and their normalisations.
    fn finished(&self, count: usize, rows: Range<usize>) -> Result<Tensor<4>> {
        let before = count.checked_sub(1);
        let Some((before, (layer, scaling))) =
            before.and_then(|at| Some((at, self.layers.get(at)?)))
        else {
            return (self.source)(rows);
        };
        let y = layer.rows(rows, self.height(before), |rows| self.finished(before, rows))?;
        Ok(match scaling {
            Some(scaling) => scaled(y, scaling, Activation::Relu, None),
            None => y,
        })
    }
}

/// The passes over all strips.
struct Passes<'a> {
    device: &'a Device,
    done: &'a dyn Fn(f64),
    /// How many are done, and how many there are.
    behind: usize,
    of: usize,
}

impl Passes<'_> {
    /// Adds another convolution to the way, and the normalisation behind it, which it measures; in
    /// strips that come from the same part of the image as those of `cuts`. Returns whether all
    /// numbers fit.
    async fn measure<'a>(&mut self, way: &mut Way<'a>, conv: &'a Conv, cuts: Cuts) -> Result<bool> {
        let (count, layer) = (way.layers.len(), Layer::Conv(conv));
        let height = way.height(count);
        let scaling = self.pass(cuts.of(layer.reach().height(height)), conv.affine(), |rows| {
            layer.rows(rows, height, |rows| way.finished(count, rows))
        });
        let scaling = scaling.await?;
        let fits = scaling.is_some();
        way.layers.push((layer, scaling));
        Ok(fits)
    }

    /// Computes every strip of a convolution's result; returns what its normalisation, `affine` or
    /// not, does to it, or `None` if a number does not fit the precision of the weights.
    async fn pass(
        &mut self,
        cuts: Cuts,
        affine: Option<Affine>,
        mut strip: impl FnMut(Range<usize>) -> Result<Tensor<4>>,
    ) -> Result<Option<Scaling>> {
        let mut whole = Moments::default();
        let all: Vec<_> = cuts.all().collect();
        for some in all.chunks(QUEUED) {
            let mut moments = Transaction::default();
            for rows in some {
                let (both, note) =
                    ops::watched(self.device, || strip(rows.clone()).map(ops::moments));
                moments = moments.register(both?).register(note);
            }
            let mut read = read_all(moments).await?.into_iter();
            for rows in some {
                let [both, note] = pair(read.by_ref().take(2).collect())?;
                if floats(note)? != [0.0] {
                    return Ok(None);
                }
                whole.add(rows.len() as f64, &floats(both)?);
            }
        }
        self.behind += 1;
        (self.done)(self.behind as f64 / self.of as f64);
        Ok(Some(whole.scaling(affine, self.device)))
    }
}

fn pair(read: Vec<TensorData>) -> Result<[TensorData; 2]> {
    let wrong = |read: Vec<_>| Error::Usage(format!("{} tensors instead of two", read.len()));
    read.try_into().map_err(wrong)
}

/// Count of rows, and mean and sum of squared deviations of each channel, over all strips so far.
#[derive(Default)]
struct Moments {
    rows: f64,
    channels: Vec<[f64; 2]>,
}

impl Moments {
    /// Adds a strip of so many `rows` with these means and variances, `[2, C]` (Chan, Golub and LeVeque,
    /// "Updating formulae and a pairwise algorithm for computing sample variances", 1979).
    fn add(&mut self, rows: f64, moments: &[f32]) {
        let (means, variances) = moments.split_at(moments.len() / 2);
        self.channels.resize(means.len(), [0.0; 2]);
        let all = self.rows + rows;
        for (([mean, squares], of), variance) in self.channels.iter_mut().zip(means).zip(variances)
        {
            let off = f64::from(*of) - *mean;
            *mean += off * rows / all;
            *squares += f64::from(*variance) * rows + off * off * self.rows * rows / all;
        }
        self.rows = all;
    }

    /// What a normalisation with these statistics, `affine` or not, does to an image.
    fn scaling(&self, affine: Option<Affine>, device: &Device) -> Scaling {
        let factor = |[_, squares]: [f64; 2]| 1.0 / (squares / self.rows + EPSILON).sqrt();
        let of = |value: &dyn Fn([f64; 2]) -> f64| {
            let values: Vec<_> = self.channels.iter().map(|one| value(*one) as f32).collect();
            Tensor::<1>::from_data(values.as_slice(), device)
        };
        let scaling =
            Scaling { factor: of(&factor), constant: of(&|channel| -channel[0] * factor(channel)) };
        let Some(Affine { weight, bias }) = affine else { return scaling };
        Scaling {
            factor: scaling.factor * weight.clone(),
            constant: scaling.constant * weight + bias,
        }
    }
}
