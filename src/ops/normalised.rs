//! A convolution of a normalised image as one operation of a graph. The image between the two is as
//! large as the one in front, which has to be kept for the normalisation anyway; so it is not kept,
//! and made again on the way back.

use burn::{
    backend::{
        Backend, Dispatch, Flex,
        autodiff::{
            Autodiff,
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        backend_extension,
        tensor::FloatTensor,
        wgpu::CubeBackend,
    },
    tensor::Tensor,
};

use super::{
    Activation, Conv2d,
    backend::{BackwardOperations, Operations},
};

/// [`super::conv2d()`] of [`super::instance_norm()`] of `x` with `activation`.
pub fn normalised_conv2d(
    x: Tensor<4>,
    activation: Activation,
    weight: Tensor<4>,
    bias: Tensor<1>,
    spec: Conv2d,
) -> Tensor<4> {
    let [x, weight] = [x, weight].map(Tensor::into_dispatch);
    let y = <Dispatch as Normalised>::normalised(x, activation, weight, bias.into_dispatch(), spec);
    Tensor::from_dispatch(y)
}

/// The operation, as the networks use it.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait Normalised: Backend {
    /// [`normalised_conv2d()`].
    fn normalised(
        x: FloatTensor<Self>,
        activation: Activation,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self>;
}

/// One behind the other.
fn step_by_step<B: Operations>(
    x: FloatTensor<B>,
    activation: Activation,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    spec: Conv2d,
) -> FloatTensor<B> {
    let (inner, _) = B::normalise(x, activation);
    B::convolve(inner, weight, bias, spec)
}

impl Normalised for Flex {
    fn normalised(
        x: FloatTensor<Self>,
        activation: Activation,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self> {
        step_by_step::<Self>(x, activation, weight, bias, spec)
    }
}

impl Normalised for CubeBackend {
    fn normalised(
        x: FloatTensor<Self>,
        activation: Activation,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self> {
        step_by_step::<Self>(x, activation, weight, bias, spec)
    }
}

/// What the way back wants to know.
#[derive(Debug, Clone)]
struct Kept<B: Backend> {
    x: FloatTensor<B>,
    /// Of the normalisation, as [`Operations::normalise`] gives them.
    statistics: FloatTensor<B>,
    activation: Activation,
    weight: FloatTensor<B>,
    y: FloatTensor<B>,
    spec: Conv2d,
}

#[derive(Debug)]
struct NormalisedBackward;

impl<B: Operations + BackwardOperations> Backward<B, 3> for NormalisedBackward {
    type State = Kept<B>;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let Kept { x, statistics, activation, weight, y, spec } = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let (inner, _) = B::normalise(x.clone(), activation);
        let (d_inner, dw, db) = B::convolve_backward(inner, weight, y, gradient, spec, wanted);
        let [parent, weight, bias] = ops.parents;
        for (parent, gradient) in [(weight, dw), (bias, db)] {
            if let Some(parent) = parent {
                grads.register::<B>(parent.id, gradient);
            }
        }
        if let Some(parent) = parent {
            let dx = B::normalise_backward(x, statistics, d_inner, activation);
            grads.register::<B>(parent.id, dx);
        }
    }
}

impl<B: Operations + BackwardOperations, C: CheckpointStrategy> Normalised for Autodiff<B, C> {
    fn normalised(
        x: FloatTensor<Self>,
        activation: Activation,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self> {
        let [(x, x_node), (weight, weight_node), (bias, bias_node)] =
            [x, weight, bias].map(FloatTensor::<Self>::into_parts);
        let (inner, statistics) = B::normalise(x.clone(), activation);
        let y = B::convolve(inner, weight.clone(), bias, spec);
        let nodes = [x_node, weight_node, bias_node];
        match NormalisedBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(step) => {
                let kept = Kept { x, statistics, activation, weight, y: y.clone(), spec };
                step.finish(kept, y)
            }
            OpsKind::UnTracked(step) => step.finish(y),
        }
    }
}
