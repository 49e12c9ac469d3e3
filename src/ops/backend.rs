//! Where tensors become memory: the operations as an extension of Burn's backends, with backward
//! passes written by hand.
//!
//! On the CPU they are the functions of [`super::cpu`]. Autodiff is told the backward pass of each,
//! so a graph has one node for a whole convolution or normalisation, and keeps only what that
//! needs: its input, and its output where there is an activation.

#![allow(clippy::indexing_slicing, reason = "shapes of four axes, arrays of known length")]

use burn::{
    backend::{
        Backend, Flex, TensorMetadata,
        autodiff::{
            Autodiff,
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::{Shape, TensorData},
};

use super::{Activation, Conv2d, cpu};

/// The operations, as the networks use them.
#[backend_extension(Flex, Autodiff)]
pub trait Operations: Backend {
    /// [`super::conv2d()`].
    fn convolve(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        spec: Conv2d,
    ) -> FloatTensor<Self>;

    /// [`super::instance_norm()`] without a skip connection.
    fn normalise(x: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self>;

    /// [`super::instance_norm()`] with one.
    fn normalise_and_add(
        x: FloatTensor<Self>,
        skip: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;
}

/// Their backward passes.
#[backend_extension(Flex)]
pub trait BackwardOperations: Backend {
    /// Gradients of input, weight and bias; one that is not `wanted` has no elements. `y` is the
    /// output.
    fn convolve_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        y: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        spec: Conv2d,
        wanted: [bool; 3],
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Gradient of `x`.
    fn normalise_backward(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;
}

type OnCpu = FloatTensor<Flex>;
/// Input, weight, bias, and the place for the output.
type Forward = fn(&[f32], &[f32], &[f32], &mut [f32], &cpu::Shape);

/// The elements of a tensor that was made contiguous.
fn elements(tensor: &OnCpu) -> &[f32] {
    tensor.as_slice().unwrap_or_default()
}

fn from_elements(elements: Vec<f32>, shape: impl Into<Shape>) -> OnCpu {
    OnCpu::from_data(TensorData::new(elements, shape.into()))
}

/// What the functions of [`super::cpu`] want to know of a convolution. A transposed one is the
/// adjoint of a convolution from its output to its input, and is described as that.
fn describe(x: &Shape, weight: &Shape, spec: &Conv2d) -> cpu::Shape {
    let factor = if spec.transposed { spec.stride } else { 1 };
    cpu::Shape {
        batch: x[0],
        channels: weight[1],
        outputs: weight[0],
        height: factor * x[2],
        width: factor * x[3],
        kernel: spec.kernel,
        stride: spec.stride,
        border: spec.image_border(),
    }
}

impl Operations for Flex {
    fn convolve(x: OnCpu, weight: OnCpu, bias: OnCpu, spec: Conv2d) -> OnCpu {
        let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.to_contiguous());
        let shape = describe(&x.shape(), &weight.shape(), &spec);
        let (forward, shape_y): (Forward, _) = if spec.transposed {
            (cpu::conv_transpose2d, [shape.batch, shape.channels, shape.height, shape.width])
        } else {
            (cpu::conv2d, [shape.batch, shape.outputs, shape.rows(), shape.columns()])
        };
        let mut y = vec![0.0; shape_y.iter().product()];
        forward(elements(&x), elements(&weight), elements(&bias), &mut y, &shape);
        cpu::activate(&mut y, spec.activation);
        from_elements(y, shape_y)
    }

    fn normalise(x: OnCpu, activation: Activation) -> OnCpu {
        normalise(&x, None, activation)
    }

    fn normalise_and_add(x: OnCpu, skip: OnCpu, activation: Activation) -> OnCpu {
        normalise(&x, Some(&skip), activation)
    }
}

fn normalise(x: &OnCpu, skip: Option<&OnCpu>, activation: Activation) -> OnCpu {
    let shape = x.shape();
    let x = x.to_contiguous();
    let skip = skip.map(OnCpu::to_contiguous);
    let mut y = vec![0.0; shape.num_elements()];
    let skip = skip.as_ref().map(elements);
    cpu::instance_norm(elements(&x), skip, &mut y, shape[2] * shape[3], activation);
    from_elements(y, shape)
}

impl BackwardOperations for Flex {
    fn convolve_backward(
        x: OnCpu,
        weight: OnCpu,
        y: OnCpu,
        gradient: OnCpu,
        spec: Conv2d,
        wanted: [bool; 3],
    ) -> (OnCpu, OnCpu, OnCpu) {
        let [x, weight, y, mut gradient] =
            [x, weight, y, gradient].map(|tensor| tensor.to_contiguous());
        if spec.activation != Activation::None {
            let mut inner = vec![0.0; gradient.shape().num_elements()];
            cpu::activate_backward(elements(&y), elements(&gradient), &mut inner, spec.activation);
            gradient = from_elements(inner, gradient.shape());
        }
        let shape = describe(&x.shape(), &weight.shape(), &spec);
        let channels = gradient.shape()[1];
        let shapes = [x.shape(), weight.shape(), Shape::new([channels])];
        let counts = std::array::from_fn(|i| if wanted[i] { shapes[i].num_elements() } else { 0 });
        let [mut dx, mut dw, mut db] = counts.map(|count: usize| vec![0.0; count]);
        let [want_x, want_w, want_b] = wanted;
        let gradients = cpu::Gradients {
            input: want_x.then_some(dx.as_mut_slice()),
            weight: want_w.then_some(dw.as_mut_slice()),
            bias: want_b.then_some(db.as_mut_slice()),
        };
        let backward =
            if spec.transposed { cpu::conv_transpose2d_backward } else { cpu::conv2d_backward };
        backward(elements(&x), elements(&weight), elements(&gradient), gradients, &shape);
        let [shape_x, shape_w, shape_b] = shapes;
        let give = |values: Vec<f32>, shape: Shape| {
            let shape = if values.is_empty() { Shape::new([0]) } else { shape };
            from_elements(values, shape)
        };
        (give(dx, shape_x), give(dw, shape_w), give(db, shape_b))
    }

    fn normalise_backward(x: OnCpu, gradient: OnCpu, activation: Activation) -> OnCpu {
        let shape = x.shape();
        let [x, gradient] = [x, gradient].map(|tensor| tensor.to_contiguous());
        let mut dx = vec![0.0; shape.num_elements()];
        let plane = shape[2] * shape[3];
        cpu::instance_norm_backward(elements(&x), elements(&gradient), &mut dx, plane, activation);
        from_elements(dx, shape)
    }
}

#[derive(Debug)]
struct ConvolveBackward;

impl<B: Operations + BackwardOperations> Backward<B, 3> for ConvolveBackward {
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, Conv2d);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, weight, y, spec) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let wanted = [0, 1, 2].map(|input: usize| ops.parents[input].is_some());
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
    type State = (FloatTensor<B>, Activation);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, activation) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            grads.register::<B>(parent.id, B::normalise_backward(x, gradient, activation));
        }
    }
}

#[derive(Debug)]
struct NormaliseAndAddBackward;

impl<B: Operations + BackwardOperations> Backward<B, 2> for NormaliseAndAddBackward {
    type State = (FloatTensor<B>, Activation);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, activation) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let [parent, skip] = ops.parents;
        if let Some(skip) = skip {
            grads.register::<B>(skip.id, gradient.clone());
        }
        if let Some(parent) = parent {
            grads.register::<B>(parent.id, B::normalise_backward(x, gradient, activation));
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

    fn normalise(x: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let y = B::normalise(x.clone(), activation);
        match NormaliseBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish((x, activation), y),
            OpsKind::UnTracked(step) => step.finish(y),
        }
    }

    fn normalise_and_add(
        x: FloatTensor<Self>,
        skip: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let [(x, node_x), (skip, node_skip)] = [x, skip].map(FloatTensor::<Self>::into_parts);
        let y = B::normalise_and_add(x.clone(), skip, activation);
        match NormaliseAndAddBackward.prepare::<C>([node_x, node_skip]).compute_bound().stateful() {
            OpsKind::Tracked(step) => step.finish((x, activation), y),
            OpsKind::UnTracked(step) => step.finish(y),
        }
    }
}
