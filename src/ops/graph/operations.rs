//! The operations for tensors of any backend: Burn's dispatch finds out on which backend a tensor
//! is, and whether in a graph.

use burn::backend::{
    Backend, Dispatch, ExtensionType, TensorMetadata, backend_extension, tensor::FloatTensor,
};

use super::passes::{AffineOf, Block, Passes};
use crate::ops::layer::{Activation, Affine, Before, Conv2d, Distance, RESIDUAL};

/// The operations of [`crate::ops`].
#[backend_extension(Cube, Flex, Autodiff)]
pub trait Operations: Backend {
    /// [`crate::ops::prepared_conv2d()`].
    fn convolve(
        x: FloatTensor<Self>,
        before: Before,
        #[extension_type] affine: AffineOf<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self>;

    /// [`crate::ops::instance_norm()`].
    fn normalise(
        x: FloatTensor<Self>,
        #[extension_type] affine: AffineOf<Self>,
        activation: Activation,
        #[extension_type] skip: Skip<Self>,
    ) -> FloatTensor<Self>;

    /// [`crate::ops::shrink()`].
    fn shrink(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// [`crate::ops::residual_block()`].
    fn residual_block(#[extension_type] block: Block<Self>) -> FloatTensor<Self>;

    /// [`crate::ops::whole_residual_block()`].
    fn whole_block(#[extension_type] block: Block<Self>) -> FloatTensor<Self>;

    /// [`crate::ops::loss()`].
    fn loss(
        x: FloatTensor<Self>,
        other: FloatTensor<Self>,
        distance: Distance,
        weight: f32,
    ) -> FloatTensor<Self>;

    /// [`crate::ops::augment()`].
    fn augment(x: FloatTensor<Self>, draws: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// An optional skip connection; the dispatch does not take an `Option`.
#[derive(Debug, Clone, ExtensionType)]
pub enum Skip<B: Backend> {
    /// Nothing is added.
    None,
    /// The image to add.
    Some(FloatTensor<B>),
}

impl<B: Backend> Skip<B> {
    /// As an `Option`.
    pub fn image(self) -> Option<FloatTensor<B>> {
        match self {
            Self::None => None,
            Self::Some(image) => Some(image),
        }
    }
}

impl From<Option<Affine>> for AffineOf<Dispatch> {
    fn from(affine: Option<Affine>) -> Self {
        match affine {
            Some(Affine { weight, bias }) => {
                Self::Some(weight.into_dispatch(), bias.into_dispatch())
            }
            None => Self::None,
        }
    }
}

/// Outside any graph.
impl<B: Passes> Operations for B {
    fn convolve(
        x: FloatTensor<Self>,
        before: Before,
        affine: AffineOf<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self> {
        let (x, _) = prepare::<B>(x, before, &affine);
        B::conv2d_without_graph(x, weight, bias, spec)
    }

    fn normalise(
        x: FloatTensor<Self>,
        affine: AffineOf<Self>,
        activation: Activation,
        skip: Skip<Self>,
    ) -> FloatTensor<Self> {
        let (y, _) = B::norm_forward(x, &affine, activation, skip.image());
        y
    }

    fn shrink(x: FloatTensor<Self>) -> FloatTensor<Self> {
        B::shrink_forward(x)
    }

    fn residual_block(block: Block<Self>) -> FloatTensor<Self> {
        if B::block_pays(image_of(&block), false) {
            B::whole_block(block)
        } else {
            step_by_step(block)
        }
    }

    fn whole_block(block: Block<Self>) -> FloatTensor<Self> {
        let (y, _) = B::block_forward(block);
        y
    }

    fn loss(
        x: FloatTensor<Self>,
        other: FloatTensor<Self>,
        distance: Distance,
        weight: f32,
    ) -> FloatTensor<Self> {
        B::loss_forward(x, other, distance, weight)
    }

    fn augment(x: FloatTensor<Self>, draws: FloatTensor<Self>) -> FloatTensor<Self> {
        B::augment_forward(x, draws)
    }
}

/// `x` normalised and enlarged as `before` says, and the statistics of the normalisation.
pub(super) fn prepare<B: Passes>(
    x: FloatTensor<B>,
    before: Before,
    affine: &AffineOf<B>,
) -> (FloatTensor<B>, Option<B::Statistics>) {
    let (x, statistics) = match before.normalised {
        Some(activation) => {
            let (x, statistics) = B::norm_forward(x, affine, activation, None);
            (x, Some(statistics))
        }
        None => (x, None),
    };
    let x = match before.enlarged {
        Some(by) => B::enlarge_forward(x, by),
        None => x,
    };
    (x, statistics)
}

/// The shape of a block's input.
pub(super) fn image_of<B: Backend>(block: &Block<B>) -> [usize; 4] {
    block.x.shape().dims()
}

/// A residual block as four operations.
pub(super) fn step_by_step<B: Operations>(block: Block<B>) -> FloatTensor<B> {
    let Block { x, first, second } = block;
    let convolve =
        |x, weight, bias| B::convolve(x, Before::default(), AffineOf::None, weight, bias, RESIDUAL);
    let y = convolve(x.clone(), first.weight, first.bias);
    let y = B::normalise(y, first.affine, Activation::Relu, Skip::None);
    let y = convolve(y, second.weight, second.bias);
    B::normalise(y, second.affine, Activation::None, Skip::Some(x))
}
