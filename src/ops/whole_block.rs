//! A residual block as one operation of Burn's: where its parts share what they compute, on the way
//! there and on the way back. `residual_block.rs` says when.
//!
//! A graph has one node for it, which keeps three images, the block's input and both convolutions'
//! results, and the statistics of the normalisations; on WebGPU, in place of the second result, the
//! block's own, which the next layer keeps as well, unless its normalisation is affine: a weight of
//! zero could not be undone.

use burn::backend::{
    Backend, ExtensionType, Flex,
    autodiff::{
        Autodiff,
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, NodeGuard, Ops, OpsKind},
    },
    backend_extension,
    tensor::FloatTensor,
};

use super::{
    affine::AffineOf,
    backend::{BackwardOperations, Operations},
    layer::{Activation, RESIDUAL},
};

/// The operation, as the networks use it.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait WholeBlock: Backend {
    /// [`super::residual_block()`] of `x` with the weights and biases of both convolutions, and of
    /// both normalisations if those are affine.
    fn whole_block(
        x: FloatTensor<Self>,
        first_weight: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        second_weight: FloatTensor<Self>,
        second_bias: FloatTensor<Self>,
        #[extension_type] affine: AffinePair<Self>,
    ) -> FloatTensor<Self>;
}

/// Weights and biases of a block's normalisations.
#[derive(Debug, Clone, ExtensionType)]
pub enum AffinePair<B: Backend> {
    /// They have none.
    None,
    /// The first one's, then the second one's.
    Some(FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, FloatTensor<B>),
}

impl<B: Backend> AffinePair<B> {
    /// One for each normalisation.
    pub fn both(&self) -> [AffineOf<B>; 2] {
        match self.clone() {
            Self::None => [AffineOf::None, AffineOf::None],
            Self::Some(w1, b1, w2, b2) => [AffineOf::Some(w1, b1), AffineOf::Some(w2, b2)],
        }
    }
}

/// The weight and the bias of a convolution.
pub type Pair<B> = (FloatTensor<B>, FloatTensor<B>);

/// What the backward pass wants to know.
#[derive(Debug, Clone)]
pub struct Kept<B: Backend> {
    /// The block's input.
    pub x: FloatTensor<B>,
    /// The weights of both convolutions.
    pub weights: [FloatTensor<B>; 2],
    /// Their results, not yet normalised, or what the backend finds those in.
    pub results: [FloatTensor<B>; 2],
    /// What the backend wants to know of both normalisations.
    pub statistics: [FloatTensor<B>; 2],
    /// What they have learnt.
    pub affine: [AffineOf<B>; 2],
}

/// One thing for the input, weight and bias of the first convolution and of the second, and then of
/// the first normalisation and of the second.
pub type Each<T> = [T; 9];

/// Gradients, as far as they were wanted.
pub type BlockGradients<B> = Each<Option<FloatTensor<B>>>;

/// Both passes; where a backend does not say otherwise, one operation behind the other.
pub trait BlockPasses: Operations + BackwardOperations {
    /// The result, and what the backward pass wants to know.
    fn forward(
        x: FloatTensor<Self>,
        [first, second]: [Pair<Self>; 2],
        affine: [AffineOf<Self>; 2],
    ) -> (FloatTensor<Self>, Kept<Self>) {
        let weights = [first.0.clone(), second.0.clone()];
        let [y_affine, z_affine] = affine.clone();
        let y = Self::convolve(x.clone(), first.0, first.1, RESIDUAL);
        let (inner, y_statistics) = Self::normalise(y.clone(), y_affine, Activation::Relu);
        let z = Self::convolve(inner, second.0, second.1, RESIDUAL);
        let (result, z_statistics) =
            Self::normalise_and_add(z.clone(), x.clone(), z_affine, Activation::None);
        let statistics = [y_statistics, z_statistics];
        (result, Kept { x, weights, results: [y, z], statistics, affine })
    }

    /// The gradients that are `wanted`, by that of the result.
    fn backward(
        kept: Kept<Self>,
        gradient: FloatTensor<Self>,
        wanted: Each<bool>,
    ) -> BlockGradients<Self> {
        let Kept { x, weights: [first, second], results: [y, z], statistics, affine } = kept;
        let ([y_statistics, z_statistics], [y_affine, z_affine]) = (statistics, affine);
        let [want_x, want_w1, want_b1, want_w2, want_b2, learns_1, _, learns_2, _] = wanted;
        let want_y = want_x || want_w1 || want_b1;
        let want_inner = want_y || learns_1;
        let (none, relu) = (Activation::None, Activation::Relu);

        let (inner, _) = Self::normalise(y.clone(), y_affine.clone(), relu);
        let above = gradient.clone();
        let (dz, of_second) =
            Self::normalise_backward(z.clone(), z_statistics, z_affine, above, none, learns_2);
        let (d_inner, dw2, db2) =
            Self::convolve_backward(inner, second, z, dz, RESIDUAL, [want_inner, want_w2, want_b2]);
        let given = |gradient: FloatTensor<Self>, wanted: bool| wanted.then_some(gradient);
        let [dw2, db2] = [given(dw2, want_w2), given(db2, want_b2)];
        let [weight_2, bias_2] = of_second.map_or([None, None], |both| both.map(Some));
        if !want_inner {
            return [None, None, None, dw2, db2, None, None, weight_2, bias_2];
        }
        let (dy, of_first) =
            Self::normalise_backward(y.clone(), y_statistics, y_affine, d_inner, relu, learns_1);
        let [weight_1, bias_1] = of_first.map_or([None, None], |both| both.map(Some));
        let (dx, dw1, db1) =
            Self::convolve_backward(x, first, y, dy, RESIDUAL, [want_x, want_w1, want_b1]);
        let dx = want_x.then(|| Self::float_add(dx, gradient));
        let [dw1, db1] = [given(dw1, want_w1), given(db1, want_b1)];
        [dx, dw1, db1, dw2, db2, weight_1, bias_1, weight_2, bias_2]
    }
}

impl BlockPasses for Flex {}

impl WholeBlock for Flex {
    fn whole_block(
        x: FloatTensor<Self>,
        first_weight: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        second_weight: FloatTensor<Self>,
        second_bias: FloatTensor<Self>,
        affine: AffinePair<Self>,
    ) -> FloatTensor<Self> {
        let convs = [(first_weight, first_bias), (second_weight, second_bias)];
        Self::forward(x, convs, affine.both()).0
    }
}

/// Of input and convolutions, then of the normalisations if they are affine.
#[derive(Debug)]
struct WholeBlockBackward;

impl<B: BlockPasses, const N: usize> Backward<B, N> for WholeBlockBackward {
    type State = Kept<B>;

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let mut parents = ops.parents.iter();
        let wanted = [(); 9].map(|()| parents.next().is_some_and(Option::is_some));
        let gradients = B::backward(ops.state, gradient, wanted);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

/// The block's result, in the graph behind `nodes`.
fn tracked<B: BlockPasses, C: CheckpointStrategy, const N: usize>(
    nodes: [NodeGuard; N],
    kept: Kept<B>,
    result: FloatTensor<B>,
) -> FloatTensor<Autodiff<B, C>> {
    match WholeBlockBackward.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(kept, result),
        OpsKind::UnTracked(step) => step.finish(result),
    }
}

impl<B: BlockPasses + WholeBlock, C: CheckpointStrategy> WholeBlock for Autodiff<B, C> {
    fn whole_block(
        x: FloatTensor<Self>,
        first_weight: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        second_weight: FloatTensor<Self>,
        second_bias: FloatTensor<Self>,
        affine: AffinePair<Self>,
    ) -> FloatTensor<Self> {
        let tensors = [x, first_weight, first_bias, second_weight, second_bias];
        let [(x, x_node), (w1, w1_node), (b1, b1_node), (w2, w2_node), (b2, b2_node)] =
            tensors.map(FloatTensor::<Self>::into_parts);
        let nodes = [x_node, w1_node, b1_node, w2_node, b2_node];
        let convs = [(w1, b1), (w2, b2)];
        let [first, second] = affine.both().map(AffineOf::into_parts);
        let (result, kept) = B::forward(x, convs, [first.0, second.0]);
        match (first.1, second.1) {
            (Some([w1, b1]), Some([w2, b2])) => {
                let [x, conv_w1, conv_b1, conv_w2, conv_b2] = nodes;
                let nodes = [x, conv_w1, conv_b1, conv_w2, conv_b2, w1, b1, w2, b2];
                tracked::<B, C, 9>(nodes, kept, result)
            }
            _ => tracked::<B, C, 5>(nodes, kept, result),
        }
    }
}
