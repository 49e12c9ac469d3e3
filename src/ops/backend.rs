//! Where tensors become memory: the operations as an extension of Burn's backends, with backward
//! passes written by hand.
//!
//! `flex.rs` has them on the CPU, `gpu/` on WebGPU. Autodiff is told the backward pass of each, so a
//! graph has one node for a whole convolution or normalisation, and keeps only what that needs: its
//! input, the statistics of a normalisation, and the output where there is an activation.

use burn::backend::{
    Backend,
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
    layer::{Activation, Conv2d},
};

/// The operations, as the networks use them.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait Operations: Backend {
    /// [`super::conv2d()`].
    fn convolve(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self>;

    /// [`super::instance_norm()`] without a skip connection, and what the backward pass wants to
    /// know of it.
    fn normalise(
        x: FloatTensor<Self>,
        #[extension_type] affine: AffineOf<Self>,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// [`super::instance_norm()`] with one, and what the backward pass wants to know of it.
    fn normalise_and_add(
        x: FloatTensor<Self>,
        skip: FloatTensor<Self>,
        #[extension_type] affine: AffineOf<Self>,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

/// Their backward passes.
pub trait BackwardOperations: Backend {
    /// Gradients of input, weight and bias; in place of one that is not `wanted` stands any tensor.
    /// `y` is the output.
    fn convolve_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        y: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        spec: Conv2d,
        wanted: [bool; 3],
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Gradient of `x` and, if they are `wanted`, of weight and bias of `affine`; `statistics` is what
    /// the forward pass gave beside its result.
    fn normalise_backward(
        x: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        affine: AffineOf<Self>,
        gradient: FloatTensor<Self>,
        activation: Activation,
        wanted: bool,
    ) -> (FloatTensor<Self>, Option<[FloatTensor<Self>; 2]>);
}

#[derive(Debug)]
struct ConvolveBackward;

impl<B: Operations + BackwardOperations> Backward<B, 3> for ConvolveBackward {
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, Conv2d);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, weight, y, spec) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let (dx, dw, db) = B::convolve_backward(x, weight, y, gradient, spec, wanted);
        for (parent, gradient) in ops.parents.into_iter().zip([dx, dw, db]) {
            if let Some(parent) = parent {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

/// What the way back through a normalisation wants to know.
#[derive(Debug, Clone)]
struct Normalised<B: Backend> {
    x: FloatTensor<B>,
    statistics: FloatTensor<B>,
    affine: AffineOf<B>,
    activation: Activation,
    /// Whether the second parent is a skip connection.
    skips: bool,
}

/// Of an image, then a skip connection and an affine normalisation's weight and bias, if there are.
#[derive(Debug)]
struct NormaliseBackward;

impl<B: BackwardOperations, const N: usize> Backward<B, N> for NormaliseBackward {
    type State = Normalised<B>;

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let Normalised { x, statistics, affine, activation, skips } = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let mut parents = ops.parents.into_iter();
        let parent = parents.next().flatten();
        if skips && let Some(skip) = parents.next().flatten() {
            grads.register::<B>(skip.id, gradient.clone());
        }
        let learnt: Vec<_> = parents.collect();
        let wanted = learnt.iter().any(Option::is_some);
        if parent.is_none() && !wanted {
            return;
        }
        let (dx, of_affine) =
            B::normalise_backward(x, statistics, affine, gradient, activation, wanted);
        for (parent, gradient) in learnt.into_iter().zip(of_affine.into_iter().flatten()) {
            if let Some(parent) = parent {
                grads.register::<B>(parent.id, gradient);
            }
        }
        if let Some(parent) = parent {
            grads.register::<B>(parent.id, dx);
        }
    }
}

/// The result `y` of a normalisation, in the graph behind `nodes`.
fn tracked<B: BackwardOperations, C: CheckpointStrategy, const N: usize>(
    nodes: [NodeGuard; N],
    state: Normalised<B>,
    y: FloatTensor<B>,
) -> FloatTensor<Autodiff<B, C>> {
    match NormaliseBackward.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(state, y),
        OpsKind::UnTracked(step) => step.finish(y),
    }
}

impl<B: Operations + BackwardOperations, C: CheckpointStrategy> Operations for Autodiff<B, C> {
    fn convolve(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self> {
        let [(x, node_x), (weight, node_w), (bias, node_b)] =
            [x, weight, bias].map(FloatTensor::<Self>::into_parts);
        let y = B::convolve(x.clone(), weight.clone(), bias, spec);
        let nodes = [node_x, node_w, node_b];
        match ConvolveBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish((x, weight, y.clone(), spec), y),
            OpsKind::UnTracked(step) => step.finish(y),
        }
    }

    fn normalise(
        x: FloatTensor<Self>,
        affine: AffineOf<Self>,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (x, node) = x.into_parts();
        let (affine, learnt) = affine.into_parts();
        let (y, statistics) = B::normalise(x.clone(), affine.clone(), activation);
        let constant = FloatTensor::<Self>::new(statistics.clone());
        let state = Normalised { x, statistics, affine, activation, skips: false };
        let y = match learnt {
            None => tracked::<B, C, 1>([node], state, y),
            Some([weight, bias]) => tracked::<B, C, 3>([node, weight, bias], state, y),
        };
        (y, constant)
    }

    fn normalise_and_add(
        x: FloatTensor<Self>,
        skip: FloatTensor<Self>,
        affine: AffineOf<Self>,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let [(x, node), (skip, skip_node)] = [x, skip].map(FloatTensor::<Self>::into_parts);
        let (affine, learnt) = affine.into_parts();
        let (y, statistics) = B::normalise_and_add(x.clone(), skip, affine.clone(), activation);
        let constant = FloatTensor::<Self>::new(statistics.clone());
        let state = Normalised { x, statistics, affine, activation, skips: true };
        let y = match learnt {
            None => tracked::<B, C, 2>([node, skip_node], state, y),
            Some([weight, bias]) => tracked::<B, C, 4>([node, skip_node, weight, bias], state, y),
        };
        (y, constant)
    }
}
