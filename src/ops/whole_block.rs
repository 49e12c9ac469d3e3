//! A residual block as one operation of Burn's: where its parts share what they compute, on the way
//! there and on the way back. `residual_block.rs` says when.
//!
//! A graph has one node for it, which keeps three images, the block's input and both convolutions'
//! results, and the statistics of the normalisations; on WebGPU, in place of the second result, the
//! block's own, which the next layer keeps as well.

use burn::backend::{
    Backend, Flex,
    autodiff::{
        Autodiff,
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    backend_extension,
    tensor::FloatTensor,
};

use super::{
    Activation,
    backend::{BackwardOperations, Operations},
    residual_block::SPEC,
};

/// The operation, as the networks use it.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait WholeBlock: Backend {
    /// [`super::residual_block()`] of `x` with the weights and biases of both convolutions.
    fn whole_block(
        x: FloatTensor<Self>,
        first_weight: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        second_weight: FloatTensor<Self>,
        second_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
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
}

/// Gradients of input, first weight and bias, second weight and bias, as far as they were wanted.
pub type BlockGradients<B> = [Option<FloatTensor<B>>; 5];

/// Both passes; where a backend does not say otherwise, one operation behind the other.
pub trait BlockPasses: Operations + BackwardOperations {
    /// The result, and what the backward pass wants to know.
    fn forward(
        x: FloatTensor<Self>,
        [first, second]: [Pair<Self>; 2],
    ) -> (FloatTensor<Self>, Kept<Self>) {
        let weights = [first.0.clone(), second.0.clone()];
        let y = Self::convolve(x.clone(), first.0, first.1, SPEC);
        let (inner, y_statistics) = Self::normalise(y.clone(), Activation::Relu);
        let z = Self::convolve(inner, second.0, second.1, SPEC);
        let (result, z_statistics) =
            Self::normalise_and_add(z.clone(), x.clone(), Activation::None);
        let kept = Kept { x, weights, results: [y, z], statistics: [y_statistics, z_statistics] };
        (result, kept)
    }

    /// The gradients that are `wanted`, by that of the result.
    fn backward(
        kept: Kept<Self>,
        gradient: FloatTensor<Self>,
        wanted: [bool; 5],
    ) -> BlockGradients<Self> {
        let Kept { x, weights: [first, second], results: [y, z], statistics } = kept;
        let [y_statistics, z_statistics] = statistics;
        let [want_x, want_w1, want_b1, want_w2, want_b2] = wanted;
        let want_inner = want_x || want_w1 || want_b1;

        let (inner, _) = Self::normalise(y.clone(), Activation::Relu);
        let dz =
            Self::normalise_backward(z.clone(), z_statistics, gradient.clone(), Activation::None);
        let (d_inner, dw2, db2) =
            Self::convolve_backward(inner, second, z, dz, SPEC, [want_inner, want_w2, want_b2]);
        let given = |gradient: FloatTensor<Self>, wanted: bool| wanted.then_some(gradient);
        let [dw2, db2] = [given(dw2, want_w2), given(db2, want_b2)];
        if !want_inner {
            return [None, None, None, dw2, db2];
        }
        let dy = Self::normalise_backward(y.clone(), y_statistics, d_inner, Activation::Relu);
        let (dx, dw1, db1) =
            Self::convolve_backward(x, first, y, dy, SPEC, [want_x, want_w1, want_b1]);
        let dx = want_x.then(|| Self::float_add(dx, gradient));
        [dx, given(dw1, want_w1), given(db1, want_b1), dw2, db2]
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
    ) -> FloatTensor<Self> {
        Self::forward(x, [(first_weight, first_bias), (second_weight, second_bias)]).0
    }
}

#[derive(Debug)]
struct WholeBlockBackward;

impl<B: BlockPasses> Backward<B, 5> for WholeBlockBackward {
    type State = Kept<B>;

    fn backward(self, ops: Ops<Self::State, 5>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let gradients = B::backward(ops.state, gradient, wanted);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: BlockPasses + WholeBlock, C: CheckpointStrategy> WholeBlock for Autodiff<B, C> {
    fn whole_block(
        x: FloatTensor<Self>,
        first_weight: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        second_weight: FloatTensor<Self>,
        second_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let tensors = [x, first_weight, first_bias, second_weight, second_bias];
        let [(x, x_node), (w1, w1_node), (b1, b1_node), (w2, w2_node), (b2, b2_node)] =
            tensors.map(FloatTensor::<Self>::into_parts);
        let (result, kept) = B::forward(x, [(w1, b1), (w2, b2)]);
        let nodes = [x_node, w1_node, b1_node, w2_node, b2_node];
        match WholeBlockBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(kept, result),
            OpsKind::UnTracked(step) => step.finish(result),
        }
    }
}
