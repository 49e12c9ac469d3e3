//! Differentiable augmentation (Zhao et al., arXiv 2006.10738, section 3.3; `DiffAugment_pytorch.py`
//! in its code): what a discriminator is shown is brightened, shifted and cut out at random, and the
//! gradient finds its way back through all of it.
//!
//! In the paper's order: brightness, saturation, contrast, then a shift with zeros behind it, then a
//! square of zeros. All of it is affine in the picture, with the mean colour of each pixel and the
//! mean of the picture, so the way back is the adjoint of the way there, and needs no picture. What
//! was drawn is data, so that a recorded step can be repeated with other draws.

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

/// The pictures `x` `[B, C, H, W]` augmented: each as its [`super::Augmentation::numbers`] in `draws`
/// `[D, 8, 1, 1]` say. If `x` has more pictures than that, they begin with the first again.
pub fn augment(x: Tensor<4>, draws: Tensor<4>) -> Tensor<4> {
    let [x, draws] = [x, draws].map(Tensor::into_dispatch);
    Tensor::from_dispatch(<Dispatch as Augmentations>::augment(x, draws))
}

/// [`augment()`], as a backend computes it.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait Augmentations: Backend {
    /// [`augment()`].
    fn augment(x: FloatTensor<Self>, draws: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The backward pass of [`Augmentations`].
#[backend_extension(Cube, Flex)]
pub trait AugmentationGradients: Backend {
    /// The gradient of `x` from that of the result.
    fn augment_backward(gradient: FloatTensor<Self>, draws: FloatTensor<Self>)
    -> FloatTensor<Self>;
}

#[derive(Debug)]
struct AugmentBackward;

impl<B: Augmentations + AugmentationGradients> Backward<B, 1> for AugmentBackward {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            grads.register::<B>(parent.id, B::augment_backward(gradient, ops.state));
        }
    }
}

impl<B: Augmentations + AugmentationGradients, C: CheckpointStrategy> Augmentations
    for Autodiff<B, C>
{
    fn augment(x: FloatTensor<Self>, draws: FloatTensor<Self>) -> FloatTensor<Self> {
        let [(x, node), (draws, _)] = [x, draws].map(FloatTensor::<Self>::into_parts);
        let y = B::augment(x, draws.clone());
        match AugmentBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish(draws, y),
            OpsKind::UnTracked(step) => step.finish(y),
        }
    }
}
