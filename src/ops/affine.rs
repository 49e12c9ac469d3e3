//! What an instance normalisation has learnt, if anything: a factor and a summand for each channel.
//!
//! Mirrors PyTorch's `InstanceNorm2d(affine=True)`.

use burn::backend::{
    Backend, Dispatch, ExtensionType,
    autodiff::{Autodiff, checkpoint::strategy::CheckpointStrategy, ops::NodeGuard},
    tensor::FloatTensor,
};

use super::layer::Affine;

/// [`Affine`] as backends know it, or that there is none.
#[derive(Debug, Clone, ExtensionType)]
pub enum AffineOf<B: Backend> {
    /// The normalised image stays as it is.
    None,
    /// Weight and bias `[C]`.
    Some(FloatTensor<B>, FloatTensor<B>),
}

impl From<Option<Affine>> for AffineOf<Dispatch> {
    fn from(affine: Option<Affine>) -> Self {
        match affine {
            Some(Affine { weight, bias }) => {
                Self::Some(weight.into_dispatch(), bias.into_dispatch())
            }
            None => Self::None,
        }
    }
}

impl<B: Backend, C: CheckpointStrategy> AffineOf<Autodiff<B, C>> {
    /// Its tensors, and their nodes in the graph.
    pub(super) fn into_parts(self) -> (AffineOf<B>, Option<[NodeGuard; 2]>) {
        match self {
            Self::None => (AffineOf::None, None),
            Self::Some(weight, bias) => {
                let [(weight, weight_node), (bias, bias_node)] =
                    [weight, bias].map(FloatTensor::<Autodiff<B, C>>::into_parts);
                (AffineOf::Some(weight, bias), Some([weight_node, bias_node]))
            }
        }
    }
}

impl<B: Backend> AffineOf<B> {
    /// Weight and bias, if there are any.
    pub(super) fn tensors(&self) -> Option<[&FloatTensor<B>; 2]> {
        match self {
            Self::None => None,
            Self::Some(weight, bias) => Some([weight, bias]),
        }
    }
}
