//! A convolution of an image that is normalised or enlarged before, as one operation of a graph. The
//! image between is at least as large as the one in front, which has to be kept for the normalisation
//! anyway; so it is not kept, and made again on the way back.

use burn::{
    backend::{
        Backend, Dispatch, Flex,
        autodiff::{
            Autodiff,
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, NodeGuard, Ops, OpsKind},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::Tensor,
};
use burn_wgpu::CubeBackend;

use super::{
    affine::AffineOf,
    backend::{BackwardOperations, Operations},
    enlarge::Enlarging,
    layer::{Affine, Before, Conv2d},
};

/// [`super::conv2d()`] of what `before` makes of `x`; `affine` is the normalisation's.
pub fn prepared_conv2d(
    x: Tensor<4>,
    before: Before,
    affine: Option<Affine>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    spec: Conv2d,
) -> Tensor<4> {
    let ([x, weight], bias) = ([x, weight].map(Tensor::into_dispatch), bias.into_dispatch());
    let y = <Dispatch as Prepared>::prepared(x, before, affine.into(), weight, bias, spec);
    Tensor::from_dispatch(y)
}

/// The operation, as the networks use it.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait Prepared: Backend {
    /// [`prepared_conv2d()`].
    fn prepared(
        x: FloatTensor<Self>,
        before: Before,
        #[extension_type] affine: AffineOf<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self>;
}

/// What the convolution sees, and the statistics of the normalisation.
fn prepare<B: Operations + Enlarging>(
    x: FloatTensor<B>,
    before: Before,
    affine: AffineOf<B>,
) -> (FloatTensor<B>, Option<FloatTensor<B>>) {
    let (x, statistics) = match before.normalised {
        Some(activation) => {
            let (x, statistics) = B::normalise(x, affine, activation);
            (x, Some(statistics))
        }
        None => (x, None),
    };
    let x = match before.enlarged {
        Some(by) => B::enlarge(x, by),
        None => x,
    };
    (x, statistics)
}

impl Prepared for Flex {
    fn prepared(
        x: FloatTensor<Self>,
        before: Before,
        affine: AffineOf<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self> {
        let (x, _) = prepare::<Self>(x, before, affine);
        Self::convolve(x, weight, bias, spec)
    }
}

impl Prepared for CubeBackend {
    fn prepared(
        x: FloatTensor<Self>,
        before: Before,
        affine: AffineOf<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self> {
        let (x, _) = prepare::<Self>(x, before, affine);
        Self::convolve(x, weight, bias, spec)
    }
}

/// What the way back wants to know.
#[derive(Debug, Clone)]
struct Kept<B: Backend> {
    x: FloatTensor<B>,
    before: Before,
    affine: AffineOf<B>,
    /// Of the normalisation, as [`Operations::normalise`] gives them.
    statistics: Option<FloatTensor<B>>,
    weight: FloatTensor<B>,
    y: FloatTensor<B>,
    spec: Conv2d,
}

/// Of the image, weight and bias, then of an affine normalisation's weight and bias if there are.
#[derive(Debug)]
struct PreparedBackward;

impl<B, const N: usize> Backward<B, N> for PreparedBackward
where
    B: Operations + BackwardOperations + Enlarging,
{
    type State = Kept<B>;

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let Kept { x, before, affine, statistics, weight, y, spec } = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let mut parents = ops.parents.into_iter();
        let [parent, weight_too, bias_too] = [0; 3].map(|_| parents.next().flatten());
        let learnt: Vec<_> = parents.collect();
        let learns = learnt.iter().any(Option::is_some);
        let wanted = [parent.is_some() || learns, weight_too.is_some(), bias_too.is_some()];
        let (seen, _) = prepare::<B>(x.clone(), before, affine.clone());
        let (dx, dw, db) = B::convolve_backward(seen, weight, y, gradient, spec, wanted);
        for (parent, gradient) in [(weight_too, dw), (bias_too, db)] {
            if let Some(parent) = parent {
                grads.register::<B>(parent.id, gradient);
            }
        }
        if parent.is_none() && !learns {
            return;
        }
        let dx = match before.enlarged {
            Some(by) => B::enlarge_backward(dx, by),
            None => dx,
        };
        let (dx, of_affine) = match (before.normalised, statistics) {
            (Some(activation), Some(statistics)) => {
                B::normalise_backward(x, statistics, affine, dx, activation, learns)
            }
            _ => (dx, None),
        };
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

/// The result of the convolution, in the graph behind `nodes`.
fn tracked<B, C: CheckpointStrategy, const N: usize>(
    nodes: [NodeGuard; N],
    kept: Kept<B>,
) -> FloatTensor<Autodiff<B, C>>
where
    B: Operations + BackwardOperations + Enlarging,
{
    let y = kept.y.clone();
    match PreparedBackward.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(kept, y),
        OpsKind::UnTracked(step) => step.finish(y),
    }
}

impl<B, C: CheckpointStrategy> Prepared for Autodiff<B, C>
where
    B: Operations + BackwardOperations + Enlarging,
{
    fn prepared(
        x: FloatTensor<Self>,
        before: Before,
        affine: AffineOf<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self> {
        let [(x, x_node), (weight, weight_node), (bias, bias_node)] =
            [x, weight, bias].map(FloatTensor::<Self>::into_parts);
        let (affine, learnt) = affine.into_parts();
        let (seen, statistics) = prepare::<B>(x.clone(), before, affine.clone());
        let y = B::convolve(seen, weight.clone(), bias, spec);
        let kept = Kept { x, before, affine, statistics, weight, y, spec };
        match learnt {
            None => tracked::<B, C, 3>([x_node, weight_node, bias_node], kept),
            Some([w, b]) => tracked::<B, C, 5>([x_node, weight_node, bias_node, w, b], kept),
        }
    }
}
