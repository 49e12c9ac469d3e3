//! The losses as operations: a mean over all elements of a tensor, in one pass forward and one
//! backward (paper, section 3; `GANLoss` and `L1Loss` in PyTorch's `models/`).

use burn::{
    backend::{
        Backend, Dispatch,
        autodiff::{
            Autodiff,
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::Tensor,
};

use super::layer::Distance;

/// Averages `distance` over `x` `[B, C, H, W]`, and multiplies by `weight`: `[1]`. `other` is what
/// [`Distance::Absolute`] compares with, of the same shape and without a gradient; the other
/// distances do not look at it.
pub fn loss(x: Tensor<4>, other: Tensor<4>, distance: Distance, weight: f64) -> Tensor<1> {
    let [x, other] = [x, other].map(Tensor::into_dispatch);
    Tensor::from_dispatch(<Dispatch as Losses>::loss(x, other, distance, weight as f32))
}

/// [`loss()`], as a backend computes it.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait Losses: Backend {
    /// [`loss()`].
    fn loss(
        x: FloatTensor<Self>,
        other: FloatTensor<Self>,
        distance: Distance,
        weight: f32,
    ) -> FloatTensor<Self>;
}

/// The backward pass of [`Losses`].
#[backend_extension(Cube, Flex)]
pub trait LossGradients: Backend {
    /// The gradient of `x` from that of the loss, `[1]`.
    fn loss_backward(
        x: FloatTensor<Self>,
        other: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        distance: Distance,
        weight: f32,
    ) -> FloatTensor<Self>;
}

#[derive(Debug)]
struct LossBackward;

impl<B: Losses + LossGradients> Backward<B, 1> for LossBackward {
    type State = (FloatTensor<B>, FloatTensor<B>, Distance, f32);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, other, distance, weight) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            let dx = B::loss_backward(x, other, gradient, distance, weight);
            grads.register::<B>(parent.id, dx);
        }
    }
}

impl<B: Losses + LossGradients, C: CheckpointStrategy> Losses for Autodiff<B, C> {
    fn loss(
        x: FloatTensor<Self>,
        other: FloatTensor<Self>,
        distance: Distance,
        weight: f32,
    ) -> FloatTensor<Self> {
        let [(x, node), (other, _)] = [x, other].map(FloatTensor::<Self>::into_parts);
        let loss = B::loss(x.clone(), other.clone(), distance, weight);
        match LossBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish((x, other, distance, weight), loss),
            OpsKind::UnTracked(step) => step.finish(loss),
        }
    }
}
