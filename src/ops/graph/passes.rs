//! What a backend has to compute: every operation, forward and backward.

use std::fmt::Debug;

use burn::backend::{Backend, ExtensionType, tensor::FloatTensor};

use crate::ops::layer::{Activation, Conv2d, Distance, Interpolation, RESIDUAL};

/// [`crate::ops::Affine`] as tensors of a backend, or none.
#[derive(Debug, Clone, ExtensionType)]
pub enum AffineOf<B: Backend> {
    /// The normalisation has no parameters.
    None,
    /// Weight and bias `[C]`.
    Some(FloatTensor<B>, FloatTensor<B>),
}

impl<B: Backend> AffineOf<B> {
    /// Weight and bias, if any.
    pub fn tensors(&self) -> Option<[&FloatTensor<B>; 2]> {
        match self {
            Self::None => None,
            Self::Some(weight, bias) => Some([weight, bias]),
        }
    }
}

/// A convolution of a residual block and the normalisation that follows it.
#[derive(Debug, Clone, ExtensionType)]
pub struct BlockConv<B: Backend> {
    /// `[C, C, 3, 3]`.
    pub weight: FloatTensor<B>,
    /// `[C]`.
    pub bias: FloatTensor<B>,
    /// The parameters of the normalisation.
    #[extension_type]
    pub affine: AffineOf<B>,
}

/// A residual block with its input.
#[derive(Debug, Clone, ExtensionType)]
pub struct Block<B: Backend> {
    /// `[B, C, H, W]`.
    pub x: FloatTensor<B>,
    /// The first convolution, whose result goes through a ReLU.
    #[extension_type]
    pub first: BlockConv<B>,
    /// The second one, to whose result `x` is added.
    #[extension_type]
    pub second: BlockConv<B>,
}

/// What a residual block keeps for its backward pass.
#[derive(Debug, Clone)]
pub struct KeptByBlock<B: Passes> {
    /// The block's input.
    pub x: FloatTensor<B>,
    /// The weights of both convolutions.
    pub weights: [FloatTensor<B>; 2],
    /// Their results before normalisation, or what the backend can recompute them from.
    pub results: [FloatTensor<B>; 2],
    /// Statistics of both normalisations.
    pub statistics: [B::Statistics; 2],
    /// Their parameters.
    pub affine: [AffineOf<B>; 2],
}

/// Gradients of an operation's inputs; `None` for those that were not wanted.
pub type GradientsOf<B, const N: usize> = [Option<FloatTensor<B>>; N];

/// The forward and backward passes of all operations.
pub trait Passes: Backend {
    /// What a normalisation keeps for its backward pass, besides its input.
    type Statistics: Debug + Clone + Send + 'static;

    /// [`crate::ops::conv2d()`].
    fn conv2d_forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self>;

    /// [`Passes::conv2d_forward`] outside any graph, where it may be rounded a little more.
    fn conv2d_without_graph(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self> {
        Self::conv2d_forward(x, weight, bias, spec)
    }

    /// The gradients of input, weight and bias, each if it is `wanted`; `y` is the result.
    fn conv2d_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        y: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        spec: Conv2d,
        wanted: [bool; 3],
    ) -> GradientsOf<Self, 3>;

    /// [`crate::ops::instance_norm()`].
    fn norm_forward(
        x: FloatTensor<Self>,
        affine: &AffineOf<Self>,
        activation: Activation,
        skip: Option<FloatTensor<Self>>,
    ) -> (FloatTensor<Self>, Self::Statistics);

    /// The gradients of `x` and of weight and bias, these if they exist and are `wanted`.
    fn norm_backward(
        x: FloatTensor<Self>,
        statistics: Self::Statistics,
        affine: &AffineOf<Self>,
        gradient: FloatTensor<Self>,
        activation: Activation,
        wanted: bool,
    ) -> (FloatTensor<Self>, GradientsOf<Self, 2>);

    /// Enlarges `x` `[B, C, H, W]` to `[B, C, 2H, 2W]`, in the same precision.
    fn enlarge_forward(x: FloatTensor<Self>, by: Interpolation) -> FloatTensor<Self>;

    /// The gradient of `x`.
    fn enlarge_backward(gradient: FloatTensor<Self>, by: Interpolation) -> FloatTensor<Self>;

    /// [`crate::ops::shrink()`], in the same precision.
    fn shrink_forward(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The gradient of `x`.
    fn shrink_backward(gradient: FloatTensor<Self>) -> FloatTensor<Self>;

    /// [`crate::ops::loss()`].
    fn loss_forward(
        x: FloatTensor<Self>,
        other: FloatTensor<Self>,
        distance: Distance,
        weight: f32,
    ) -> FloatTensor<Self>;

    /// The gradient of `x`, given that of the loss, `[1]`.
    fn loss_backward(
        x: FloatTensor<Self>,
        other: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        distance: Distance,
        weight: f32,
    ) -> FloatTensor<Self>;

    /// [`crate::ops::augment()`].
    fn augment_forward(x: FloatTensor<Self>, draws: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The gradient of `x`.
    fn augment_backward(gradient: FloatTensor<Self>, draws: FloatTensor<Self>)
    -> FloatTensor<Self>;

    /// Whether [`Passes::block_forward`] is faster than four operations for a residual block on
    /// images `[B, C, H, W]`; `trained` if a backward pass follows.
    fn block_pays(_image: [usize; 4], _trained: bool) -> bool {
        false
    }

    /// A residual block as a whole, and what its backward pass needs. By default it consists of the
    /// same four operations, but is a single node of a graph.
    fn block_forward(
        Block { x, first, second }: Block<Self>,
    ) -> (FloatTensor<Self>, KeptByBlock<Self>) {
        let weights = [first.weight.clone(), second.weight.clone()];
        let y = Self::conv2d_forward(x.clone(), first.weight, first.bias, RESIDUAL);
        let relu = Activation::Relu;
        let (inner, y_statistics) = Self::norm_forward(y.clone(), &first.affine, relu, None);
        let z = Self::conv2d_forward(inner, second.weight, second.bias, RESIDUAL);
        let (none, skip) = (Activation::None, Some(x.clone()));
        let (result, z_statistics) = Self::norm_forward(z.clone(), &second.affine, none, skip);
        let statistics = [y_statistics, z_statistics];
        let affine = [first.affine, second.affine];
        (result, KeptByBlock { x, weights, results: [y, z], statistics, affine })
    }

    /// The gradients of the input, of weight and bias of both convolutions, and of weight and bias
    /// of both normalisations.
    fn block_backward(
        kept: KeptByBlock<Self>,
        gradient: FloatTensor<Self>,
        wanted: [bool; 9],
    ) -> GradientsOf<Self, 9> {
        let KeptByBlock { x, weights: [first, second], results: [y, z], statistics, affine } = kept;
        let ([y_statistics, z_statistics], [y_affine, z_affine]) = (statistics, affine);
        let [want_x, want_w1, want_b1, want_w2, want_b2, learns_1, _, learns_2, _] = wanted;
        let want_inner = want_x || want_w1 || want_b1 || learns_1;
        let (none, relu) = (Activation::None, Activation::Relu);

        let (inner, _) = Self::norm_forward(y.clone(), &y_affine, relu, None);
        let above = gradient.clone();
        let (dz, [weight_2, bias_2]) =
            Self::norm_backward(z.clone(), z_statistics, &z_affine, above, none, learns_2);
        let wanted = [want_inner, want_w2, want_b2];
        let [d_inner, dw2, db2] = Self::conv2d_backward(inner, second, z, dz, RESIDUAL, wanted);
        let Some(d_inner) = d_inner else {
            return [None, None, None, dw2, db2, None, None, weight_2, bias_2];
        };
        let (dy, [weight_1, bias_1]) =
            Self::norm_backward(y.clone(), y_statistics, &y_affine, d_inner, relu, learns_1);
        let wanted = [want_x, want_w1, want_b1];
        let [dx, dw1, db1] = Self::conv2d_backward(x, first, y, dy, RESIDUAL, wanted);
        let dx = dx.map(|dx| Self::float_add(dx, gradient));
        [dx, dw1, db1, dw2, db2, weight_1, bias_1, weight_2, bias_2]
    }
}
