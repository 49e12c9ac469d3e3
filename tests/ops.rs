//! The two operations against what their definitions say, computed in double precision.

#![cfg(not(target_family = "wasm"))]

use burn::tensor::{Device, Tensor, TensorData};
use cyclegan_web::{
    ops::{Activation, Border, Conv2d, conv2d, instance_norm},
    random::Random,
};

/// A tensor of normal numbers, and the same numbers on the host.
fn normal<const D: usize>(random: &mut Random, shape: [usize; D]) -> (Tensor<D>, Vec<f64>) {
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| random.normal() as f32).collect();
    let host = values.iter().map(|&x| f64::from(x)).collect();
    (Tensor::from_data(TensorData::new(values, shape), &Device::flex()), host)
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// Largest difference, relative to the largest value.
fn relative(found: &[f32], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let largest = wanted.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let off = found.iter().zip(wanted).map(|(a, b)| (f64::from(*a) - b).abs());
    off.fold(0.0, f64::max) / largest
}

/// The value at (y, x), which may lie beyond the edge.
fn bordered(plane: &[f64], (h, w): (usize, usize), y: isize, x: isize, border: Border) -> f64 {
    let inside = |i: isize, n: usize| (0..n as isize).contains(&i);
    let mirrored = |i: isize, n: usize| {
        let last = n as isize - 1;
        if i < 0 { -i } else { last - (last - i).abs() }
    };
    match border {
        Border::Zero(_) if !inside(y, h) || !inside(x, w) => 0.0,
        _ => plane[mirrored(y, h) as usize * w + mirrored(x, w) as usize],
    }
}

/// A convolution by its definition.
fn definition(
    x: &[f64],
    [batch, channels, h, w]: [usize; 4],
    weight: &[f64],
    bias: &[f64],
    spec: &Conv2d,
) -> Vec<f64> {
    let (k, stride) = (spec.kernel, spec.stride);
    let (Border::Zero(pad) | Border::Reflect(pad)) = spec.border;
    let side = |n: usize| (n + 2 * pad - k) / stride + 1;
    let mut y = Vec::new();
    for n in 0..batch {
        for (o, b) in bias.iter().enumerate() {
            for row in 0..side(h) {
                for column in 0..side(w) {
                    let mut sum = *b;
                    for c in 0..channels {
                        let plane = &x[(n * channels + c) * h * w..][..h * w];
                        for tap in 0..k * k {
                            let at = |i: usize, t: usize| (i * stride + t) as isize - pad as isize;
                            let (yy, xx) = (at(row, tap / k), at(column, tap % k));
                            let value = bordered(plane, (h, w), yy, xx, spec.border);
                            sum += value * weight[(o * channels + c) * k * k + tap];
                        }
                    }
                    y.push(sum);
                }
            }
        }
    }
    y
}

fn check(shape: [usize; 4], outputs: usize, spec: Conv2d) {
    let mut random = Random::new(shape.iter().sum::<usize>() as u64);
    let (x, x_host) = normal(&mut random, shape);
    let (weight, weight_host) = normal(&mut random, [outputs, shape[1], spec.kernel, spec.kernel]);
    let (bias, bias_host) = normal(&mut random, [outputs]);
    let wanted = definition(&x_host, shape, &weight_host, &bias_host, &spec);
    let found = host(conv2d(x, weight, bias, spec));
    let off = relative(&found, &wanted);
    assert!(off < 1e-5, "{shape:?} to {outputs}, {spec:?}: {off:e}");
}

const THREE: Conv2d = Conv2d {
    kernel: 3,
    stride: 1,
    border: Border::Reflect(1),
    transposed: false,
    activation: Activation::None,
};

#[test]
fn three_by_three_of_any_size_and_border() {
    for border in [Border::Reflect(1), Border::Zero(1)] {
        let spec = Conv2d { border, ..THREE };
        // Even, odd, thin and tiny; below and above the widths at which another way is taken; and
        // wide enough for several strips of tiles.
        for shape in [
            [1, 16, 8, 8],
            [2, 16, 7, 5],
            [1, 17, 2, 2],
            [1, 16, 3, 40],
            [1, 20, 41, 2],
            [2, 15, 6, 6],
            [1, 1, 9, 9],
            [1, 16, 50, 70],
        ] {
            check(shape, 16, spec);
        }
        check([1, 16, 9, 6], 33, spec);
        check([1, 16, 9, 6], 3, spec);
    }
}

/// A side of one pixel has no mirror image but may have zeros around it.
#[test]
fn one_pixel_with_a_zero_border() {
    for shape in [[1, 16, 1, 1], [1, 16, 1, 9], [1, 16, 9, 1]] {
        check(shape, 16, Conv2d { border: Border::Zero(1), ..THREE });
    }
}

/// Few outputs take a way of their own; wider and narrower than what is summed at once.
#[test]
fn few_outputs_of_any_size() {
    for outputs in 1..=5 {
        for shape in [[1, 5, 9, 21], [2, 3, 8, 8], [1, 4, 4, 4], [1, 2, 30, 7]] {
            let seven = Conv2d { kernel: 7, border: Border::Reflect(3), ..THREE };
            check(shape, outputs, seven);
            check(shape, outputs, Conv2d { kernel: 4, border: Border::Zero(0), ..THREE });
        }
    }
}

#[test]
fn seven_by_seven_and_stride_two() {
    check([1, 3, 12, 9], 5, Conv2d { kernel: 7, border: Border::Reflect(3), ..THREE });
    check([2, 4, 12, 8], 6, Conv2d { stride: 2, border: Border::Zero(1), ..THREE });
    check([1, 4, 11, 9], 6, Conv2d { kernel: 4, stride: 2, border: Border::Zero(1), ..THREE });
}

/// The transposed convolution is the adjoint of the strided one: <conv(x), y> = <x, transposed(y)>.
#[test]
fn transposed_is_the_adjoint_of_strided() {
    let mut random = Random::new(5);
    let (small, large) = ([1, 6, 5, 4], [1, 3, 10, 8]);
    let (x, x_host) = normal(&mut random, large);
    let (y, y_host) = normal(&mut random, small);
    let (weight, _) = normal(&mut random, [6, 3, 3, 3]);
    let strided = Conv2d { stride: 2, border: Border::Zero(1), ..THREE };
    let zeros = |n| Tensor::<1>::zeros([n], &Device::flex());
    let down = host(conv2d(x, weight.clone(), zeros(6), strided));
    let up = host(conv2d(y, weight, zeros(3), Conv2d { transposed: true, ..strided }));
    assert_eq!((down.len(), up.len()), (y_host.len(), x_host.len()));
    let dot =
        |a: &[f32], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * b).sum() };
    let (one, other) = (dot(&down, &y_host), dot(&up, &x_host));
    assert!((one - other).abs() < 1e-4 * one.abs().max(1.0), "{one} and {other}");
}

#[test]
fn instance_norm_by_its_definition() {
    let mut random = Random::new(9);
    let shape = [2, 3, 5, 7];
    let (x, x_host) = normal(&mut random, shape);
    let (skip, skip_host) = normal(&mut random, shape);
    for activation in [Activation::None, Activation::Relu, Activation::LeakyRelu] {
        let mut wanted = Vec::new();
        for (plane, skip) in x_host.chunks(35).zip(skip_host.chunks(35)) {
            let mean = plane.iter().sum::<f64>() / 35.0;
            let variance = plane.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 35.0;
            for (x, skip) in plane.iter().zip(skip) {
                let y = (x - mean) / (variance + 1e-5).sqrt();
                let y = match activation {
                    Activation::Relu => y.max(0.0),
                    Activation::LeakyRelu => y.max(0.2 * y),
                    _ => y,
                };
                wanted.push(y + skip);
            }
        }
        let found = host(instance_norm(x.clone(), None, activation, Some(skip.clone())));
        assert!(relative(&found, &wanted) < 1e-5, "{activation:?}");
    }
}
