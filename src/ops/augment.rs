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

/// What was drawn for one picture. It says nothing of the picture's size, so that it fits any.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Augmentation {
    /// Added to every value.
    pub brightness: f32,
    /// Factor of each value's distance from the mean of its pixel.
    pub saturation: f32,
    /// Factor of each value's distance from the mean of the picture.
    pub contrast: f32,
    /// Sides of the square that is cut out, as a part of the picture's; 0 for none.
    pub cut: f32,
    /// How far it is shifted down and to the right: from 0, an eighth of the side back, to 1, an
    /// eighth forward.
    pub shift: [f32; 2],
    /// Where the middle of the square is, from 0, the first row and column, to 1.
    pub place: [f32; 2],
}

impl Augmentation {
    /// Numbers of one.
    pub const NUMBERS: usize = 8;

    /// The picture as it is.
    pub const NONE: Self = Self {
        brightness: 0.0,
        saturation: 1.0,
        contrast: 1.0,
        cut: 0.0,
        shift: [0.5; 2],
        place: [0.5; 2],
    };

    /// As one picture's part of a tensor.
    pub fn numbers(&self) -> [f32; Self::NUMBERS] {
        let Self { brightness, saturation, contrast, cut, shift: [down, right], place } = *self;
        [brightness, saturation, contrast, cut, down, right, place[0], place[1]]
    }

    /// What [`Augmentation::numbers`] came from.
    pub(super) fn from_numbers(numbers: [f32; Self::NUMBERS]) -> Self {
        let [brightness, saturation, contrast, cut, down, right, top, left] = numbers;
        let (shift, place) = ([down, right], [top, left]);
        Self { brightness, saturation, contrast, cut, shift, place }
    }

    /// Shift and square along one axis of a picture, 0 for the rows and 1 for the columns, of `side`
    /// pixels: by how many pixels a row or column moves on, and which of the result are zero
    /// together with the other axis'. `augment.wgsl` does the same.
    pub fn along(&self, axis: usize, side: usize) -> (isize, std::ops::Range<isize>) {
        // An eighth and the square's side are rounded, as in the paper's code.
        let reach = (side + 4) / 8;
        let of = |pair: [f32; 2]| pair.get(axis).copied().unwrap_or(0.5);
        let shift = whole(of(self.shift), 2 * reach + 1) - reach as isize;
        let cut = (side as f32 * self.cut + 0.5) as usize;
        let start = whole(of(self.place), side + 1 - cut % 2) - (cut / 2) as isize;
        (shift, start..start + cut as isize)
    }
}

/// The integer from 0 to `count` - 1 for a number from 0 to 1, in float32 as on a graphics card.
fn whole(part: f32, count: usize) -> isize {
    ((part * count as f32) as usize).min(count - 1) as isize
}

/// The pictures `x` `[B, C, H, W]` augmented: each as its [`Augmentation::numbers`] in `draws`
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

#[cfg(test)]
mod tests {
    use super::Augmentation;

    /// From the paper's code: `int(side * 0.125 + 0.5)` either way, and a square of `int(side * 0.5 +
    /// 0.5)` around any row, or between any two.
    #[test]
    fn shifts_and_squares_reach_as_far_as_in_the_papers_code() {
        for side in [1, 3, 24, 27, 31, 64, 100, 256, 4096] {
            let most = (side as f64 * 0.125 + 0.5) as isize;
            let cut = (side as f64 * 0.5 + 0.5) as isize;
            let last = side as isize - cut % 2;
            for (part, shift, middle) in
                [(0.0, -most, 0), (0.5, 0, (last + 1) / 2), (1.0, most, last)]
            {
                let drawn = Augmentation {
                    cut: 0.5,
                    shift: [part, 0.5],
                    place: [part, 0.5],
                    ..Augmentation::NONE
                };
                let (found, square) = drawn.along(0, side);
                assert_eq!(found, shift, "{side}");
                assert_eq!(square, middle - cut / 2..middle - cut / 2 + cut, "{side}");
            }
        }
        assert!(Augmentation::NONE.along(1, 64).1.is_empty());
    }
}
