//! Each operation as one node of an autodiff graph, which keeps only what the backward pass needs.

use std::fmt::Debug;

use burn::backend::{
    autodiff::{
        Autodiff,
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, NodeGuard, Ops, OpsKind},
    },
    tensor::FloatTensor,
};

use super::{
    operations::{Operations, Skip, image_of, prepare, step_by_step},
    passes::{AffineOf, Block, BlockConv, GradientsOf, Passes},
};
use crate::ops::layer::{Activation, Before, Conv2d, Distance};

/// A backward pass: from what was kept and the gradient of the result to the gradients of the `N`
/// parents, those that are wanted.
type Pass<B, S, const N: usize> = fn(S, FloatTensor<B>, [bool; N]) -> GradientsOf<B, N>;

#[derive(Debug)]
struct Node<B: Passes, S, const N: usize>(Pass<B, S, N>);

impl<B, S, const N: usize> Backward<B, N> for Node<B, S, N>
where
    B: Passes,
    S: Debug + Clone + Send + 'static,
{
    type State = S;

    fn backward(self, ops: Ops<S, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let gradients = (self.0)(ops.state, gradient, wanted);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

/// Adds the result `y` of an operation on `parents` to their graph.
fn node<B, C, S, const N: usize>(
    parents: [Option<NodeGuard>; N],
    kept: S,
    y: FloatTensor<B>,
    pass: Pass<B, S, N>,
) -> FloatTensor<Autodiff<B, C>>
where
    B: Passes,
    C: CheckpointStrategy,
    S: Debug + Clone + Send + 'static,
{
    // A constant, which needs no gradient, stands for a missing parent.
    let parents = parents.map(|parent| {
        parent.unwrap_or_else(|| FloatTensor::<Autodiff<B, C>>::new(y.clone()).into_parts().1)
    });
    match Node(pass).prepare::<C>(parents).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(kept, y),
        OpsKind::UnTracked(step) => step.finish(y),
    }
}

impl<B: Passes, C: CheckpointStrategy> AffineOf<Autodiff<B, C>> {
    /// The tensors and their nodes.
    fn into_parts(self) -> (AffineOf<B>, [Option<NodeGuard>; 2]) {
        match self {
            Self::None => (AffineOf::None, [None, None]),
            Self::Some(weight, bias) => {
                let [(weight, weight_node), (bias, bias_node)] =
                    [weight, bias].map(FloatTensor::<Autodiff<B, C>>::into_parts);
                (AffineOf::Some(weight, bias), [Some(weight_node), Some(bias_node)])
            }
        }
    }
}

impl<B: Passes, C: CheckpointStrategy> BlockConv<Autodiff<B, C>> {
    /// The tensors, and the nodes of the convolution's and of the normalisation's weight and bias.
    fn into_parts(self) -> (BlockConv<B>, [[Option<NodeGuard>; 2]; 2]) {
        let [(weight, weight_node), (bias, bias_node)] =
            [self.weight, self.bias].map(FloatTensor::<Autodiff<B, C>>::into_parts);
        let (affine, learnt) = self.affine.into_parts();
        (BlockConv { weight, bias, affine }, [[Some(weight_node), Some(bias_node)], learnt])
    }
}

impl<B: Passes, C: CheckpointStrategy> Operations for Autodiff<B, C> {
    fn convolve(
        x: FloatTensor<Self>,
        before: Before,
        affine: AffineOf<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self> {
        let [(x, x_node), (weight, weight_node), (bias, bias_node)] =
            [x, weight, bias].map(FloatTensor::<Self>::into_parts);
        let (affine, [norm_weight, norm_bias]) = affine.into_parts();
        let (seen, statistics) = prepare::<B>(x.clone(), before, &affine);
        let y = B::conv2d_forward(seen, weight.clone(), bias, spec);
        let parents = [Some(x_node), Some(weight_node), Some(bias_node), norm_weight, norm_bias];
        let kept = KeptByConv { x, before, affine, statistics, weight, y: y.clone(), spec };
        node::<B, C, _, _>(parents, kept, y, convolve_backward)
    }

    fn normalise(
        x: FloatTensor<Self>,
        affine: AffineOf<Self>,
        activation: Activation,
        skip: Skip<Self>,
    ) -> FloatTensor<Self> {
        let (x, x_node) = x.into_parts();
        let (affine, [weight, bias]) = affine.into_parts();
        let (skip, skip_node) = skip.image().map(FloatTensor::<Self>::into_parts).unzip();
        let (y, statistics) = B::norm_forward(x.clone(), &affine, activation, skip);
        let parents = [Some(x_node), skip_node, weight, bias];
        node::<B, C, _, _>(parents, (x, statistics, affine, activation), y, normalise_backward)
    }

    fn shrink(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, x_node) = x.into_parts();
        let y = B::shrink_forward(x);
        node::<B, C, _, _>([Some(x_node)], (), y, |(), gradient, _| {
            [Some(B::shrink_backward(gradient))]
        })
    }

    fn residual_block(block: Block<Self>) -> FloatTensor<Self> {
        if B::block_pays(image_of(&block), true) {
            Self::whole_block(block)
        } else {
            step_by_step(block)
        }
    }

    fn whole_block(Block { x, first, second }: Block<Self>) -> FloatTensor<Self> {
        let (x, x_node) = x.into_parts();
        let (first, [[w1, b1], [norm_w1, norm_b1]]) = first.into_parts();
        let (second, [[w2, b2], [norm_w2, norm_b2]]) = second.into_parts();
        let parents = [Some(x_node), w1, b1, w2, b2, norm_w1, norm_b1, norm_w2, norm_b2];
        let (y, kept) = B::block_forward(Block { x, first, second });
        node::<B, C, _, _>(parents, kept, y, B::block_backward)
    }

    fn loss(
        x: FloatTensor<Self>,
        other: FloatTensor<Self>,
        distance: Distance,
        weight: f32,
    ) -> FloatTensor<Self> {
        let [(x, x_node), (other, _)] = [x, other].map(FloatTensor::<Self>::into_parts);
        let loss = B::loss_forward(x.clone(), other.clone(), distance, weight);
        let kept = (x, other, distance, weight);
        node::<B, C, _, _>(
            [Some(x_node)],
            kept,
            loss,
            |(x, other, distance, weight), gradient, _| {
                [Some(B::loss_backward(x, other, gradient, distance, weight))]
            },
        )
    }

    fn augment(x: FloatTensor<Self>, draws: FloatTensor<Self>) -> FloatTensor<Self> {
        let [(x, x_node), (draws, _)] = [x, draws].map(FloatTensor::<Self>::into_parts);
        let y = B::augment_forward(x, draws.clone());
        node::<B, C, _, _>([Some(x_node)], draws, y, |draws, gradient, _| {
            [Some(B::augment_backward(gradient, draws))]
        })
    }
}

/// What a convolution keeps for its backward pass. If its input was normalised or enlarged before,
/// that image is computed again: it is at least as large as `x`, which the normalisation needs.
#[derive(Debug, Clone)]
struct KeptByConv<B: Passes> {
    x: FloatTensor<B>,
    before: Before,
    affine: AffineOf<B>,
    statistics: Option<B::Statistics>,
    weight: FloatTensor<B>,
    y: FloatTensor<B>,
    spec: Conv2d,
}

/// The gradients of `x`, weight and bias, and of weight and bias of the normalisation before.
fn convolve_backward<B: Passes>(
    kept: KeptByConv<B>,
    gradient: FloatTensor<B>,
    [want_x, want_weight, want_bias, learns, learns_too]: [bool; 5],
) -> GradientsOf<B, 5> {
    let KeptByConv { x, before, affine, statistics, weight, y, spec } = kept;
    let learns = learns || learns_too;
    let (seen, _) = prepare::<B>(x.clone(), before, &affine);
    let wanted = [want_x || learns, want_weight, want_bias];
    let [dx, dw, db] = B::conv2d_backward(seen, weight, y, gradient, spec, wanted);
    let dx = dx.map(|dx| match before.enlarged {
        Some(by) => B::enlarge_backward(dx, by),
        None => dx,
    });
    match (dx, before.normalised, statistics) {
        (Some(dx), Some(activation), Some(statistics)) => {
            let (dx, [norm_weight, norm_bias]) =
                B::norm_backward(x, statistics, &affine, dx, activation, learns);
            [Some(dx), dw, db, norm_weight, norm_bias]
        }
        (dx, ..) => [dx, dw, db, None, None],
    }
}

/// The gradients of `x`, the skip connection, weight and bias.
fn normalise_backward<B: Passes>(
    (x, statistics, affine, activation): (FloatTensor<B>, B::Statistics, AffineOf<B>, Activation),
    gradient: FloatTensor<B>,
    [want_x, want_skip, learns, learns_too]: [bool; 4],
) -> GradientsOf<B, 4> {
    let d_skip = want_skip.then(|| gradient.clone());
    let learns = learns || learns_too;
    if !want_x && !learns {
        return [None, d_skip, None, None];
    }
    let (dx, [weight, bias]) =
        B::norm_backward(x, statistics, &affine, gradient, activation, learns);
    [Some(dx), d_skip, weight, bias]
}
