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
        ops::{Backward, Ops, OpsKind},
    },
    backend_extension,
    tensor::FloatTensor,
};

use super::{Activation, Conv2d};

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
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// [`super::instance_norm()`] with one, and what the backward pass wants to know of it.
    fn normalise_and_add(
        x: FloatTensor<Self>,
        skip: FloatTensor<Self>,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

/// Their backward passes.
#[backend_extension(Cube, Flex)]
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

    /// Gradient of `x`; `statistics` is what the forward pass gave beside its result.
    fn normalise_backward(
        x: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;
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

#[derive(Debug)]
struct NormaliseBackward;

impl<B: Operations + BackwardOperations> Backward<B, 1> for NormaliseBackward {
    type State = (FloatTensor<B>, FloatTensor<B>, Activation);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, statistics, activation) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            let dx = B::normalise_backward(x, statistics, gradient, activation);
            grads.register::<B>(parent.id, dx);
        }
    }
}

#[derive(Debug)]
struct NormaliseAndAddBackward;

impl<B: Operations + BackwardOperations> Backward<B, 2> for NormaliseAndAddBackward {
    type State = (FloatTensor<B>, FloatTensor<B>, Activation);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, statistics, activation) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let [parent, skip] = ops.parents;
        if let Some(skip) = skip {
            grads.register::<B>(skip.id, gradient.clone());
        }
        if let Some(parent) = parent {
            let dx = B::normalise_backward(x, statistics, gradient, activation);
            grads.register::<B>(parent.id, dx);
        }
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
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (x, node) = x.into_parts();
        let (y, statistics) = B::normalise(x.clone(), activation);
        let constant = FloatTensor::<Self>::new(statistics.clone());
        let y = match NormaliseBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish((x, statistics, activation), y),
            OpsKind::UnTracked(step) => step.finish(y),
        };
        (y, constant)
    }

    fn normalise_and_add(
        x: FloatTensor<Self>,
        skip: FloatTensor<Self>,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let [(x, node_x), (skip, node_skip)] = [x, skip].map(FloatTensor::<Self>::into_parts);
        let (y, statistics) = B::normalise_and_add(x.clone(), skip, activation);
        let constant = FloatTensor::<Self>::new(statistics.clone());
        let nodes = [node_x, node_skip];
        let y = match NormaliseAndAddBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish((x, statistics, activation), y),
            OpsKind::UnTracked(step) => step.finish(y),
        };
        (y, constant)
    }
}
