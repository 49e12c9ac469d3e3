//! Compares every operation with its definition, written as plain loops in double precision.

#![allow(clippy::indexing_slicing, clippy::panic, reason = "tests")]

use super::{
    activation::{activate, activate_backward},
    adam::adam,
    average::average,
    conv2d::{
        Gradients, conv_transpose2d, conv_transpose2d_backward, conv2d, conv2d_backward,
        conv2d_without_graph,
    },
    instance_norm::{instance_norm, instance_norm_backward},
};
use crate::ops::layer::{Activation, AdamStep, Border, Geometry, width_of};

/// Numbers in (-1, 1) from a seed (a linear congruence).
fn random(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(next).collect()
}

/// The input position that a tap of an output reads.
fn seen(at: usize, side: usize, border: Border) -> Option<usize> {
    let (side, at) = (side as isize, at as isize - width_of(border) as isize);
    match border {
        Border::Reflect(_) if at < 0 => Some(-at as usize),
        Border::Reflect(_) if at >= side => Some((2 * (side - 1) - at) as usize),
        _ => (0..side).contains(&at).then_some(at as usize),
    }
}

/// Calls `f` with the indices in output, weight and input for each product of the convolution.
fn each_product(s: &Geometry, mut f: impl FnMut(usize, usize, usize)) {
    for b in 0..s.batch {
        for o in 0..s.outputs {
            for (row, column) in (0..s.map()).map(|at| (at / s.columns(), at % s.columns())) {
                let y = (b * s.outputs + o) * s.map() + row * s.columns() + column;
                for tap in 0..s.taps() {
                    let (c, i, j) =
                        (tap / (s.kernel * s.kernel), tap / s.kernel % s.kernel, tap % s.kernel);
                    let h = seen(row * s.stride + i, s.height, s.border);
                    let w = seen(column * s.stride + j, s.width, s.border);
                    if let (Some(h), Some(w)) = (h, w) {
                        let x = ((b * s.channels + c) * s.height + h) * s.width + w;
                        f(y, o * s.taps() + tap, x);
                    }
                }
            }
        }
    }
}

/// Output, input gradient and weight gradient without a bias.
fn reference(s: &Geometry, x: &[f32], w: &[f32], gy: &[f32]) -> [Vec<f64>; 3] {
    let [mut y, mut dx, mut dw] = [gy.len(), x.len(), w.len()].map(|count| vec![0.0; count]);
    each_product(s, |at_y, at_w, at_x| {
        let [x, w, gy] = [x[at_x], w[at_w], gy[at_y]].map(f64::from);
        y[at_y] += w * x;
        dx[at_x] += w * gy;
        dw[at_w] += x * gy;
    });
    [y, dx, dw]
}

/// Fails if `got` differs from `wanted` by more than 1e-4 of the largest value.
#[track_caller]
fn close(got: &[f32], wanted: &[f64], what: &str) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    let largest = wanted.iter().fold(1e-6_f64, |most, value| most.max(value.abs()));
    for (index, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        let error = (f64::from(*got) - wanted).abs();
        assert!(error <= 1e-4 * largest, "{what}[{index}]: {got}, should be {wanted}");
    }
}

/// Each channel's sum, and each value plus its channel's bias.
fn channel_sums(y: &[f32], channels: usize, plane: usize) -> Vec<f64> {
    let mut sums = vec![0.0; channels];
    for (index, y) in y.iter().enumerate() {
        sums[index / plane % channels] += f64::from(*y);
    }
    sums
}

fn shapes() -> Vec<Geometry> {
    let shape = |batch, channels, outputs, height, width, kernel, stride, border| Geometry {
        batch,
        channels,
        outputs,
        height,
        width,
        kernel,
        stride,
        border,
    };
    let (zero, reflect) = (Border::Zero, Border::Reflect);
    let mut shapes = vec![
        // The layers of both networks, small.
        shape(2, 3, 10, 18, 20, 7, 1, reflect(3)),
        shape(1, 10, 3, 20, 18, 7, 1, reflect(3)),
        shape(2, 8, 17, 16, 12, 3, 2, zero(1)),
        shape(1, 16, 16, 16, 16, 3, 1, reflect(1)),
        shape(2, 3, 9, 16, 18, 4, 2, zero(1)),
        shape(2, 9, 18, 8, 7, 4, 1, zero(1)),
        shape(2, 40, 1, 7, 8, 4, 1, zero(1)),
        // Odd sides, which tiles and strides do not divide.
        shape(2, 17, 19, 7, 9, 3, 1, reflect(1)),
        shape(1, 16, 20, 2, 3, 3, 1, reflect(1)),
        shape(1, 18, 16, 1, 1, 3, 1, zero(1)),
        shape(2, 16, 33, 5, 21, 3, 1, zero(1)),
        shape(1, 5, 6, 9, 11, 3, 2, zero(1)),
        shape(1, 5, 6, 10, 11, 4, 2, zero(1)),
        shape(1, 4, 7, 9, 7, 3, 2, reflect(1)),
        shape(1, 1, 1, 4, 5, 7, 1, reflect(3)),
        shape(1, 1, 1, 1, 1, 3, 1, zero(1)),
        shape(3, 1, 4, 5, 4, 1, 1, zero(0)),
        shape(1, 6, 5, 13, 4, 7, 2, reflect(3)),
        shape(1, 2, 5, 6, 6, 4, 1, zero(3)),
        // More tiles and columns than are processed at once.
        shape(1, 16, 17, 74, 37, 3, 1, reflect(1)),
        shape(1, 48, 8, 63, 41, 4, 2, zero(1)),
        shape(1, 90, 2, 45, 50, 7, 1, reflect(3)),
    ];
    for seed in 0..40 {
        let pick = |salt: u32, from: &[usize]| {
            let r = random(8, 977 * seed + salt)[7];
            from[((r + 1.0) * 0.5 * from.len() as f32) as usize % from.len()]
        };
        let kernel = pick(1, &[3, 4, 7]);
        let width = pick(2, &[0, 1, kernel / 2]);
        let border = if pick(3, &[0, 1]) == 0 { zero(width) } else { reflect(width) };
        shapes.push(shape(
            pick(4, &[1, 2]),
            pick(5, &[1, 2, 3, 16, 21]),
            pick(6, &[1, 2, 3, 4, 5, 16, 23]),
            pick(7, &[7, 8, 9, 12, 15]),
            pick(8, &[7, 8, 10, 11, 17]),
            kernel,
            pick(9, &[1, 2]),
            border,
        ));
    }
    shapes
}

#[test]
fn convolutions_match_their_definition() {
    for (seed, s) in shapes().iter().enumerate() {
        let seed = 4 * seed as u32;
        let x = random(s.batch * s.image(), seed);
        let w = random(s.outputs * s.taps(), seed + 1);
        let gy = random(s.batch * s.outputs * s.map(), seed + 2);
        let [mut wanted, wanted_dx, wanted_dw] = reference(s, &x, &w, &gy);
        let what = format!("{s:?}");

        let bias = random(s.outputs, seed + 3);
        for (index, y) in wanted.iter_mut().enumerate() {
            *y += f64::from(bias[index / s.map() % s.outputs]);
        }
        let mut y = vec![f32::NAN; gy.len()];
        conv2d(&x, &w, &bias, &mut y, s);
        close(&y, &wanted, &format!("y {what}"));
        y.fill(f32::NAN);
        conv2d_without_graph(&x, &w, &bias, &mut y, s);
        close(&y, &wanted, &format!("y without a gradient {what}"));

        let nan = |like: &[f32]| vec![f32::NAN; like.len()];
        let (mut dx, mut dw, mut db) = (nan(&x), nan(&w), nan(&bias));
        let all = Gradients { input: Some(&mut dx), weight: Some(&mut dw), bias: Some(&mut db) };
        conv2d_backward(&x, &w, &gy, all, s);
        close(&dx, &wanted_dx, &format!("dx {what}"));
        close(&dw, &wanted_dw, &format!("dw {what}"));
        close(&db, &channel_sums(&gy, s.outputs, s.map()), &format!("db {what}"));

        // Each gradient alone equals the one computed with the others.
        let mut alone = nan(&x);
        let only = Gradients { input: Some(&mut alone), ..Gradients::default() };
        conv2d_backward(&x, &w, &gy, only, s);
        assert_eq!(alone, dx, "dx alone {what}");
        let mut alone = nan(&w);
        let only = Gradients { weight: Some(&mut alone), ..Gradients::default() };
        conv2d_backward(&x, &w, &gy, only, s);
        assert_eq!(alone, dw, "dw alone {what}");
    }
}

#[test]
fn transposed_convolutions_are_the_adjoint() {
    for (seed, s) in shapes().iter().enumerate() {
        let seed = 4 * seed as u32;
        // Input and output of the transposed convolution are output and input of `s`.
        let x = random(s.batch * s.outputs * s.map(), seed);
        let w = random(s.outputs * s.taps(), seed + 1);
        let gy = random(s.batch * s.image(), seed + 2);
        let [wanted_dx, mut wanted, wanted_dw] = reference(s, &gy, &w, &x);
        let plane = s.height * s.width;
        let what = format!("{s:?}");

        let bias = random(s.channels, seed + 3);
        for (index, y) in wanted.iter_mut().enumerate() {
            *y += f64::from(bias[index / plane % s.channels]);
        }
        let mut y = vec![f32::NAN; gy.len()];
        conv_transpose2d(&x, &w, &bias, &mut y, s);
        close(&y, &wanted, &format!("y {what}"));

        let nan = |like: &[f32]| vec![f32::NAN; like.len()];
        let (mut dx, mut dw, mut db) = (nan(&x), nan(&w), nan(&bias));
        let all = Gradients { input: Some(&mut dx), weight: Some(&mut dw), bias: Some(&mut db) };
        conv_transpose2d_backward(&x, &w, &gy, all, s);
        close(&dx, &wanted_dx, &format!("dx {what}"));
        close(&dw, &wanted_dw, &format!("dw {what}"));
        close(&db, &channel_sums(&gy, s.channels, plane), &format!("db {what}"));
    }
}

/// PyTorch's transposed layer: a kernel of ones shows which inputs reach an output.
#[test]
fn transposed_output_is_twice_as_large() {
    let s = Geometry {
        batch: 1,
        channels: 1,
        outputs: 1,
        height: 4,
        width: 4,
        kernel: 3,
        stride: 2,
        border: Border::Zero(1),
    };
    assert_eq!([s.rows(), s.columns()], [2, 2]);
    let mut y = [0.0; 16];
    conv_transpose2d(&[1.0, 10.0, 100.0, 1000.0], &[1.0; 9], &[0.0], &mut y, &s);
    #[rustfmt::skip]
    let wanted = [
        1.0, 11.0, 10.0, 10.0,
        101.0, 1111.0, 1010.0, 1010.0,
        100.0, 1100.0, 1000.0, 1000.0,
        100.0, 1100.0, 1000.0, 1000.0,
    ];
    assert_eq!(y, wanted);
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn any_number_of_threads_computes_the_same_bits() {
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let mut shapes = shapes();
    shapes.push(Geometry {
        batch: 1,
        channels: 128,
        outputs: 96,
        height: 32,
        width: 32,
        kernel: 3,
        stride: 1,
        border: Border::Reflect(1),
    });
    for s in &shapes {
        let x = random(s.batch * s.image(), 1);
        let w = random(s.outputs * s.taps(), 2);
        let gy = random(s.batch * s.outputs * s.map(), 3);
        let bias = random(s.outputs, 4);
        let compute = || {
            let [mut y, mut dx, mut dw] = [&gy, &x, &w].map(|like| vec![0.0; like.len()]);
            let mut db = vec![0.0; bias.len()];
            conv2d(&x, &w, &bias, &mut y, s);
            let all =
                Gradients { input: Some(&mut dx), weight: Some(&mut dw), bias: Some(&mut db) };
            conv2d_backward(&x, &w, &gy, all, s);
            let mut alone = vec![0.0; y.len()];
            conv2d_without_graph(&x, &w, &bias, &mut alone, s);
            let mut normal = vec![0.0; y.len()];
            instance_norm(&y, None, None, &mut normal, s.map(), Activation::Relu);
            [y, dx, dw, db, alone, normal]
                .map(|values| values.iter().map(|v| v.to_bits()).collect())
        };
        let on = |threads| -> [Vec<u32>; 6] {
            pool(threads).map_or_else(|error| panic!("{error}"), |pool| pool.install(compute))
        };
        let one = on(1);
        assert_eq!(one, on(2), "{s:?}");
        assert_eq!(one, on(3), "{s:?}");
    }
}

/// The activation of a value, and its derivative.
fn of(activation: Activation, value: f64) -> (f64, f64) {
    match activation {
        Activation::None => (value, 1.0),
        Activation::Relu if value > 0.0 => (value, 1.0),
        Activation::Relu => (0.0, 0.0),
        Activation::LeakyRelu if value > 0.0 => (value, 1.0),
        Activation::LeakyRelu => (f64::from(0.2_f32) * value, f64::from(0.2_f32)),
        Activation::Tanh => (value.tanh(), 1.0 - value.tanh().powi(2)),
    }
}

#[test]
fn instance_norm_matches_its_definition() {
    let activations = [Activation::None, Activation::Relu, Activation::LeakyRelu];
    // One element, an incomplete group of lanes, several runs of sums.
    for (plane, offset) in [(1, 0.0), (5, 3.0), (8, 0.0), (300, 100.0), (3 * 7 * 41, -2.0)] {
        for activation in activations {
            let channels = 3;
            let mut x = random(channels * plane, plane as u32);
            x.iter_mut().for_each(|x| *x += offset);
            let skip = random(x.len(), 1007);
            let gy = random(x.len(), 1008);
            let (mut y, mut with_skip, mut dx) = (skip.clone(), gy.clone(), gy.clone());
            instance_norm(&x, None, None, &mut y, plane, activation);
            instance_norm(&x, None, Some(&skip), &mut with_skip, plane, activation);
            instance_norm_backward(&x, &gy, &mut dx, plane, activation);

            let [mut wanted, mut wanted_skip, mut wanted_dx] = [vec![], vec![], vec![]];
            for (channel, x) in x.chunks(plane).enumerate() {
                let count = plane as f64;
                let mean = x.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
                let centred: Vec<f64> = x.iter().map(|x| f64::from(*x) - mean).collect();
                let variance = centred.iter().map(|x| x * x).sum::<f64>() / count;
                let scale = 1.0 / (variance + 1e-5).sqrt();
                let range = channel * plane..(channel + 1) * plane;
                let pairs = centred.iter().map(|x| x * scale).zip(&gy[range.clone()]);
                let pairs: Vec<_> =
                    pairs.map(|(n, g)| (n, f64::from(*g) * of(activation, n).1)).collect();
                let g_mean = pairs.iter().map(|(_, g)| g).sum::<f64>() / count;
                let gn_mean = pairs.iter().map(|(n, g)| n * g).sum::<f64>() / count;
                wanted.extend(pairs.iter().map(|(n, _)| of(activation, *n).0));
                let sums = pairs.iter().zip(&skip[range]);
                wanted_skip.extend(sums.map(|((n, _), s)| of(activation, *n).0 + f64::from(*s)));
                wanted_dx.extend(pairs.iter().map(|(n, g)| (g - g_mean - n * gn_mean) * scale));
            }
            let what = format!("{plane} {activation:?}");
            close(&y, &wanted, &what);
            close(&with_skip, &wanted_skip, &what);
            close(&dx, &wanted_dx, &what);
        }
    }
}

#[test]
fn a_constant_channel_normalises_to_zero() {
    let x = [[1.0e6_f32 / 3.0; 1000], [0.0; 1000], [-0.1; 1000]].concat();
    let mut y = vec![f32::NAN; x.len()];
    instance_norm(&x, None, None, &mut y, 1000, Activation::None);
    assert!(y.iter().all(|y| *y == 0.0));
    let mut dx = vec![f32::NAN; x.len()];
    instance_norm_backward(&x, &random(3000, 1), &mut dx, 1000, Activation::LeakyRelu);
    assert!(dx.iter().all(|dx| dx.is_finite()));
}

#[test]
fn activations_match_their_definition() {
    let x: Vec<f32> = random(70_001, 1).iter().map(|x| 3.0 * x).collect();
    let gy = random(x.len(), 2);
    let all = [Activation::None, Activation::Relu, Activation::LeakyRelu, Activation::Tanh];
    for activation in all {
        let mut y = x.clone();
        activate(&mut y, activation);
        let mut dx = vec![f32::NAN; x.len()];
        activate_backward(&y, &gy, &mut dx, activation);
        let wanted = x.iter().map(|x| of(activation, f64::from(*x)));
        let (wanted, slopes): (Vec<_>, Vec<_>) = wanted.unzip();
        let products = slopes.iter().zip(&gy).map(|(slope, gy)| slope * f64::from(*gy));
        close(&y, &wanted, &format!("{activation:?}"));
        close(&dx, &products.collect::<Vec<_>>(), &format!("{activation:?}"));
    }
}

#[test]
fn an_average_follows_its_weights_and_stays_once_it_is_there() {
    let (mut averages, weights) = (random(40_000, 1), random(40_000, 2));
    let wanted: Vec<_> = averages
        .iter()
        .zip(&weights)
        .map(|(average, weight)| 0.9 * f64::from(*average) + 0.1 * f64::from(*weight))
        .collect();
    average(&mut averages, &weights, 0.1);
    close(&averages, &wanted, "one step");
    let mut there = weights.clone();
    average(&mut there, &weights, 0.001);
    assert_eq!(there, weights);
}

#[test]
fn adam_matches_its_definition() {
    let count = 40_000;
    let mut p = random(count, 1);
    let (mut m, mut v) = (vec![0.0; count], vec![0.0; count]);
    let mut wanted: Vec<f64> = p.iter().map(|p| f64::from(*p)).collect();
    let mut moments = vec![[0.0_f64; 2]; count];
    let (rate, betas, epsilon) = (0.1, [0.5, 0.999], 1e-8);
    for t in 1..=5 {
        let g = random(count, 10 + t);
        let [beta1, beta2] = betas;
        let step = AdamStep { rate, beta1, beta2, epsilon, time: t.into() };
        adam(&mut p, &mut m, &mut v, &g, &step);
        let t = t as i32;
        for ((p, [m, v]), g) in wanted.iter_mut().zip(&mut moments).zip(&g) {
            let g = f64::from(*g);
            *m = betas[0] * *m + (1.0 - betas[0]) * g;
            *v = betas[1] * *v + (1.0 - betas[1]) * g * g;
            let root = v.sqrt() / (1.0 - betas[1].powi(t)).sqrt() + epsilon;
            *p -= rate / (1.0 - betas[0].powi(t)) * *m / root;
        }
        close(&p, &wanted, &format!("step {t}"));
    }
}
