//! Half precision: what is kept in float16 against the operations' definitions on the same numbers
//! in float32, and what happens to numbers that float16 does not hold.

use burn::tensor::{DType, Device, Tensor, TensorData};
use cyclegan_web::{
    device::{Opened, Preference, Work, open},
    image::Rgb,
    model::{Generator, Init},
    ops::{
        Activation, Affine, Border, Conv2d, RESIDUAL, Scaling, arranged, conv2d, doubled, halved,
        instance_norm, moments, reference, residual_block, residual_conv2d, scaled, stacked,
        watched,
    },
    random::Random,
    samples::{Season, paint},
    translate::{Manner, Precision, Smooth, Translator, translate},
    weights::{Architecture, Down, Norm, StateDict, Up},
};
use half::f16;

use crate::kernels::{
    Case, TOLERANCE, cases, compare_within, floats,
    in_strips::{self, apart, kinds, tight},
    values,
};

/// Largest difference, as a part of the largest value. Float16 has 11 bits, and WGSL leaves open
/// which way is rounded, so that a result is off by at most 2^-10 of itself; in a residual block
/// the image between its convolutions was rounded as well.
const ONCE: f32 = 1e-3;
const TWICE: f32 = 2e-3;

/// A random tensor that is the same number for number in float16 on the device and in float32 on
/// the CPU.
fn both<const D: usize>(random: &mut Random, shape: [usize; D], gpu: &Device) -> [Tensor<D>; 2] {
    let rounded = |value: f32| f16::from_f32(value).to_f32();
    let data: Vec<_> = values(random, shape.iter().product()).into_iter().map(rounded).collect();
    let data = TensorData::new(data, shape);
    [gpu, &Device::flex()].map(|device| Tensor::from_data(data.clone(), device))
}

fn is_half<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.dtype() == DType::F16
}

/// All convolutions, with image, weights or both in float16.
pub async fn half_convolutions(opened: &Opened) {
    let gpu = &opened.device;
    let mut random = Random::new(5);
    for case in cases() {
        let Case { batch, channels, outputs, height, width, spec } = case;
        let weight = if spec.transposed { [channels, outputs] } else { [outputs, channels] };
        let [x, x_cpu] = both(&mut random, [batch, channels, height, width], gpu);
        let weight = [weight[0], weight[1], spec.kernel, spec.kernel];
        let [w, w_cpu] = both(&mut random, weight, gpu);
        let [b, b_cpu] = both(&mut random, [outputs], gpu);
        let expected = reference::conv2d(x_cpu, w_cpu, b_cpu, spec);
        let x = conv2d_input(x);
        for (x_half, w_half) in [(false, true), (true, true), (true, false)] {
            let x = if x_half { halved(x.clone()) } else { x.clone() };
            let w = arranged(w.clone());
            let w = if w_half { halved(w) } else { w };
            let (y, too_large) = watched(gpu, || conv2d(x, w, b.clone(), spec));
            assert_eq!(is_half(&y), w_half, "a result is kept as the weights are");
            let name = format!("{case:?} with halves {x_half} {w_half}");
            // Without rounding behind it there is none at all.
            let tolerance = if w_half { ONCE } else { TOLERANCE };
            compare_within(tolerance, &name, doubled(y), expected.clone()).await;
            assert_eq!(floats(too_large).await, [0.0], "{name}");
        }
    }
}

/// An image as the layer in front would leave it: with the channels of a pixel together.
fn conv2d_input(x: Tensor<4>) -> Tensor<4> {
    let [_, channels, ..] = x.dims();
    let identity =
        (0..channels * channels).map(|i| if i % (channels + 1) == 0 { 1.0 } else { 0.0 });
    let weight = TensorData::new(identity.collect::<Vec<f32>>(), [channels, channels, 1, 1]);
    let (weight, bias) =
        (Tensor::from_data(weight, &x.device()), Tensor::zeros([channels], &x.device()));
    let spec = Conv2d {
        kernel: 1,
        stride: 1,
        border: Border::Zero(0),
        transposed: false,
        activation: Activation::None,
    };
    conv2d(x, weight, bias, spec)
}

/// Weight and bias of a normalisation, on the device and on the CPU.
fn learnt(random: &mut Random, channels: usize, gpu: &Device) -> [Affine; 2] {
    let [[weight, weight_cpu], [bias, bias_cpu]] = [0; 2].map(|_| both(random, [channels], gpu));
    [Affine { weight, bias }, Affine { weight: weight_cpu, bias: bias_cpu }]
}

/// All normalisations of images in float16.
pub async fn half_normalisations(opened: &Opened) {
    let gpu = &opened.device;
    let mut random = Random::new(6);
    let shapes = [[1, 4, 3, 5], [2, 3, 7, 4], [1, 70, 9, 11], [2, 64, 40, 33], [1, 1, 2, 2]];
    for shape in shapes {
        for activation in [Activation::None, Activation::Relu, Activation::LeakyRelu] {
            for (with_skip, learns) in [(false, false), (true, false), (false, true), (true, true)]
            {
                let [x, x_cpu] = both(&mut random, shape, gpu);
                let [skip, skip_cpu] = both(&mut random, shape, gpu);
                let [affine, affine_cpu] = learnt(&mut random, shape[1], gpu);
                let half = |x: Tensor<4>| halved(conv2d_input(x));
                let skip = with_skip.then(|| half(skip));
                let y = instance_norm(half(x), learns.then_some(affine), activation, skip);
                assert!(is_half(&y));
                let skip = with_skip.then_some(skip_cpu);
                let affine = learns.then_some(affine_cpu);
                let expected = reference::instance_norm(x_cpu, affine, activation, skip);
                let name = format!("{shape:?} {activation:?} {with_skip} {learns}");
                compare_within(ONCE, &name, doubled(y), expected).await;
            }
        }
    }
}

/// Residual blocks by either way, on images in float16.
pub async fn half_residual_blocks(opened: &Opened) {
    let gpu = &opened.device;
    let mut random = Random::new(8);
    for ([batch, channels, height, width], learns) in [
        ([1, 32, 16, 16], false),
        ([2, 36, 17, 19], false),
        ([1, 64, 33, 22], false),
        ([1, 68, 40, 41], false),
        ([1, 8, 16, 16], false),
        ([2, 36, 17, 19], true),
        ([1, 8, 16, 16], true),
    ] {
        let shape = [batch, channels, height, width];
        let [x, x_cpu] = both(&mut random, shape, gpu);
        let mut parameters = || {
            let [w, w_cpu] = both(&mut random, [channels, channels, 3, 3], gpu);
            let [b, b_cpu] = both(&mut random, [channels], gpu);
            [(halved(arranged(w)), b), (w_cpu, b_cpu)]
        };
        let ([first, first_cpu], [second, second_cpu]) = (parameters(), parameters());
        let [first_norm, second_norm] = [0; 2].map(|_| learnt(&mut random, channels, gpu));
        let [[of_first, of_first_cpu], [of_second, of_second_cpu]] = [first_norm, second_norm];
        let affine = learns.then_some([of_first, of_second]);
        let y = residual_block(halved(conv2d_input(x)), [first, second], affine);
        assert!(is_half(&y));
        let (border, transposed) = (Border::Reflect(1), false);
        let activation = Activation::None;
        let spec = Conv2d { kernel: 3, stride: 1, border, transposed, activation };
        let of_first = learns.then_some(of_first_cpu);
        let of_second = learns.then_some(of_second_cpu);
        let inner = reference::conv2d(x_cpu.clone(), first_cpu.0, first_cpu.1, spec);
        let inner = reference::instance_norm(inner, of_first, Activation::Relu, None);
        let inner = reference::conv2d(inner, second_cpu.0, second_cpu.1, spec);
        let expected = reference::instance_norm(inner, of_second, activation, Some(x_cpu));
        let name = format!("residual block {shape:?} {learns}");
        compare_within(TWICE, &name, doubled(y), expected).await;
    }
}

/// The operations for images in strips, on images in float16.
pub async fn half_strips(opened: &Opened) {
    let gpu = &opened.device;
    let mut random = Random::new(9);
    let half = |x: Tensor<4>| halved(conv2d_input(x));
    for shape in [[1, 4, 3, 5], [1, 3, 7, 4], [1, 36, 16, 17], [1, 70, 9, 11], [1, 1, 1, 2]] {
        let channels = shape[1];
        let [x, x_cpu] = both(&mut random, shape, gpu);
        let (x, name) = (half(x), format!("{shape:?}"));
        // Sums are float32: nothing is rounded.
        for (row, what) in ["means", "variances"].into_iter().enumerate() {
            let [ours, expected] = [moments(x.clone()), reference::moments(x_cpu.clone())]
                .map(|moments| moments.narrow(0, row, 1));
            compare_within(TOLERANCE, &format!("{what} of {name}"), ours, expected).await;
        }

        let [[factor, factor_cpu], [constant, constant_cpu]] =
            [0; 2].map(|_| both(&mut random, [channels], gpu));
        let scaling = Scaling { factor, constant };
        let scaling_cpu = Scaling { factor: factor_cpu, constant: constant_cpu };
        for activation in [Activation::None, Activation::Relu, Activation::LeakyRelu] {
            for with_skip in [false, true] {
                let [skip, skip_cpu] = both(&mut random, shape, gpu);
                let skip = with_skip.then(|| half(skip));
                let y = scaled(x.clone(), &scaling, activation, skip);
                assert!(is_half(&y));
                let skip = with_skip.then_some(skip_cpu);
                let expected = reference::scaled(x_cpu.clone(), &scaling_cpu, activation, skip);
                let name = format!("{name} {activation:?} {with_skip}");
                compare_within(ONCE, &name, doubled(y), expected).await;
            }
        }

        let [w, w_cpu] = both(&mut random, [channels, channels, 3, 3], gpu);
        let [b, b_cpu] = both(&mut random, [channels], gpu);
        if shape[2] > 1 {
            let y = residual_conv2d(x.clone(), halved(arranged(w)), b);
            assert!(is_half(&y));
            let expected = reference::conv2d(x_cpu.clone(), w_cpu, b_cpu, RESIDUAL);
            compare_within(ONCE, &format!("convolution of {name}"), doubled(y), expected).await;
        }

        let [above, above_cpu] = both(&mut random, [1, channels, 1, shape[3]], gpu);
        let y = stacked(vec![half(above), x.clone(), x]);
        assert!(is_half(&y));
        let expected = Tensor::cat(vec![above_cpu, x_cpu.clone(), x_cpu], 2);
        compare_within(1e-7, &format!("stack of {name}"), doubled(y), expected).await;
    }
}

/// Whole translations in strips, which also notice a number that is too large.
pub async fn half_generators_in_strips(opened: &Opened) {
    use Precision::{Float16, Float32};
    for architecture in kinds() {
        let state = in_strips::weights(&architecture);
        let network = (architecture, &state);
        let tight = tight(opened, &architecture, Float16);
        for (margin, smooth) in [(0, Smooth::One), (3, Smooth::Four)] {
            let manner = Manner { margin, smooth, ..Manner::default() };
            let (exact, ..) = in_strips::translated(network, Float32, opened, &manner).await;
            let (whole, was_cut, precision) =
                in_strips::translated(network, Float16, opened, &manner).await;
            assert_eq!((was_cut, precision), (false, Float16), "{architecture}");
            let (strips, was_cut, precision) =
                in_strips::translated(network, Float16, &tight, &manner).await;
            assert_eq!((was_cut, precision), (true, Float16), "{architecture}");
            // No further from float32 than the whole is.
            let [(off_whole, most_whole), (off, most)] =
                [apart(&exact, &whole), apart(&exact, &strips)];
            let what = format!(
                "{architecture} {smooth:?}: {off} levels, at most {most}; as a whole {off_whole}, at most {most_whole}"
            );
            assert!(off > 0 && most <= most_whole + 1 && off < off_whole * 3 / 2, "{what}");
        }
    }
    // The first layer, one that halves, a block's and one that doubles.
    let architecture = kinds()[0];
    let tight = tight(opened, &architecture, Float16);
    for name in ["model.1", "model.7", "model.10.conv_block.1", "model.10.conv_block.5", "model.15"]
    {
        let mut state = in_strips::weights(&architecture);
        let weight = state.get_mut(&format!("{name}.weight")).unwrap();
        weight.data.iter_mut().for_each(|value| *value *= 5e4);
        let network = (architecture, &state);
        let manner = Manner::default();
        let (expected, ..) = in_strips::translated(network, Float32, &tight, &manner).await;
        let (picture, was_cut, precision) =
            in_strips::translated(network, Float16, &tight, &manner).await;
        assert_eq!((was_cut, precision), (true, Float32), "{name} was not noticed");
        assert_eq!(picture, expected, "{name}");
    }
}

fn architecture(ngf: usize) -> Architecture {
    Architecture::new(ngf, 3)
}

fn weights(ngf: usize) -> StateDict {
    Init::default().state(&architecture(ngf).tensors(), 1)
}

fn translator(state: StateDict, ngf: usize, asked: Precision, opened: &Opened) -> Translator {
    Translator::new(architecture(ngf), state, Some(asked), opened).unwrap()
}

async fn translated(translator: &Translator, photo: &Rgb, margin: usize) -> Rgb {
    let manner = Manner { margin, ..Manner::default() };
    translator.translate(photo, &manner, &|_| ()).await.unwrap().after
}

/// Largest difference of two pictures in levels.
fn levels(a: &Rgb, b: &Rgb) -> u8 {
    assert_eq!((a.width, a.height), (b.width, b.height));
    a.pixels.iter().zip(&b.pixels).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

/// Whole translations by the other generators, of a photo large enough for Winograd and of ones that are
/// not: their norms have learnt something.
pub async fn half_generators_of_every_kind(opened: &Opened) {
    use Down::{Blurred, Strided};
    for (pictures, ngf, side, down, up, norm) in [
        (3, 8, 64, Strided, Up::Bilinear, Norm::InstanceAffine),
        (3, 3, 24, Strided, Up::Nearest, Norm::InstanceAffine),
        (3, 6, 40, Strided, Up::Nearest, Norm::Instance),
        (3, 8, 64, Blurred, Up::Blurred, Norm::InstanceAffine),
        (1, 3, 24, Blurred, Up::Blurred, Norm::Instance),
        (1, 8, 64, Strided, Up::Transpose, Norm::Instance),
    ] {
        let architecture = Architecture { pictures, down, up, norm, ..architecture(ngf) };
        let mut state = Init::default().state(&architecture.tensors(), 1);
        let mut random = Random::new(3);
        let layers = architecture.layers().into_iter();
        for key in layers.filter_map(|layer| architecture.norm_key(layer)) {
            for (part, least) in [("weight", 0.5), ("bias", -0.5)] {
                let values = &mut state.get_mut(&format!("{key}.{part}")).unwrap().data;
                values.iter_mut().for_each(|value| *value = least + random.uniform() as f32);
            }
        }
        let photo = paint(Season::Summer, 3, side, side - 8);
        let mut pictures = Vec::new();
        for precision in [Precision::Float32, Precision::Float16] {
            let translator =
                Translator::new(architecture, state.clone(), Some(precision), opened).unwrap();
            pictures.push(translated(&translator, &photo, 4).await);
            assert_eq!(translator.precision(), precision, "{architecture}: it fell back");
        }
        assert_ne!(pictures[0], pictures[1], "{architecture}: nothing was rounded");
        let off = levels(&pictures[0], &pictures[1]);
        assert!(off <= 3, "{architecture}: {off} levels");
    }
}

/// Whole translations, of a photo large enough for Winograd and of one that is not.
pub async fn half_generators(opened: &Opened) {
    for (ngf, side) in [(8, 64), (6, 40), (3, 24)] {
        let photo = paint(Season::Summer, 3, side, side - 8);
        let generator =
            Generator::from_state(architecture(ngf), weights(ngf), &opened.device).unwrap();
        let expected = translate(&generator, &photo, 4, Smooth::One, &opened.device).await.unwrap();
        let plain = translator(weights(ngf), ngf, Precision::Float32, opened);
        assert_eq!(plain.precision(), Precision::Float32);
        assert_eq!(translated(&plain, &photo, 4).await, expected);
        let half = translator(weights(ngf), ngf, Precision::Float16, opened);
        let picture = translated(&half, &photo, 4).await;
        assert_eq!(half.precision(), Precision::Float16, "it fell back");
        assert_ne!(picture, expected, "nothing was rounded");
        let off = levels(&picture, &expected);
        assert!(off <= 3, "ngf {ngf}: {off} levels");
        // Passes of one size go together.
        let manner = Manner { margin: 4, smooth: Smooth::Sixteen, ..Manner::default() };
        let smooth = Translator::translate;
        let [picture, expected] = [
            smooth(&half, &photo, &manner, &|_| ()).await.unwrap().after,
            smooth(&plain, &photo, &manner, &|_| ()).await.unwrap().after,
        ];
        assert_eq!(half.precision(), Precision::Float16, "it fell back");
        let cpu = open(Preference::Cpu, Work::Translating).await.unwrap();
        let cpu = translator(weights(ngf), ngf, Precision::Float32, &cpu);
        let reference = smooth(&cpu, &photo, &manner, &|_| ()).await.unwrap().after;
        assert!(levels(&expected, &reference) <= 1, "ngf {ngf}: the card and the CPU");
        let off = levels(&picture, &expected);
        assert!(off <= 3, "ngf {ngf}: {off} levels in sixteen passes");
    }
}

/// A normalisation cancels the biases in front of it, so large ones change nothing; only the last
/// layer's counts.
pub async fn biases_before_normalisations(opened: &Opened) {
    for ngf in [3, 8] {
        let photo = paint(Season::Winter, 5, 64, 64);
        let with = |bias: f32, head: f32| {
            let mut state = weights(ngf);
            let biases = state.iter_mut().filter(|(name, _)| name.ends_with(".bias"));
            for (name, tensor) in biases {
                tensor.data.fill(if name.starts_with("model.20.") { head } else { bias });
            }
            state
        };
        for head in [0.0, 0.3] {
            let plain = translator(with(0.0, head), ngf, Precision::Float32, opened);
            let expected = translated(&plain, &photo, 0).await;
            for bias in [0.0, 300.0, -60_000.0] {
                let half = translator(with(bias, head), ngf, Precision::Float16, opened);
                let picture = translated(&half, &photo, 0).await;
                assert_eq!(half.precision(), Precision::Float16, "{bias} fell back");
                let off = levels(&picture, &expected);
                assert!(off <= 3, "ngf {ngf}, biases of {bias}, {head}: {off} levels");
            }
        }
    }
}

/// Layers whose results, or whose weights, float16 does not hold: the picture is float32's.
pub async fn overflows(opened: &Opened) {
    let ngf = 8;
    let photo = paint(Season::Winter, 3, 64, 64);
    // Each kind of kernel that writes float16: the plain product, Winograd's both convolutions, the
    // transposed product. What follows normalises, so that the picture is one all the same.
    let layers = architecture(ngf).tensors();
    let names: Vec<_> = layers.iter().map(|(name, _)| name.clone()).collect();
    let of = |name: &str| names.iter().filter(|n| n.ends_with(name)).count();
    assert!(of(".weight") > 8);
    for index in 0..of(".weight") - 1 {
        let mut state = weights(ngf);
        let name = names.iter().filter(|name| name.ends_with(".weight")).nth(index).unwrap();
        // At most 0.1 before: float16 holds the weights.
        state.get_mut(name).unwrap().data.iter_mut().for_each(|value| *value *= 6e5);
        let plain = translator(state.clone(), ngf, Precision::Float32, opened);
        let expected = translated(&plain, &photo, 0).await;
        let half = translator(state, ngf, Precision::Float16, opened);
        assert_eq!(half.precision(), Precision::Float16, "{name} was refused at once");
        assert_eq!(translated(&half, &photo, 0).await, expected, "{name}");
        assert_eq!(half.precision(), Precision::Float32, "{name} was not noticed");
        assert_eq!(translated(&half, &photo, 0).await, expected, "{name}, once more");
    }
    let mut state = weights(ngf);
    state.get_mut(&names[0]).unwrap().data[0] = 1e5;
    let refused = translator(state, ngf, Precision::Float16, opened);
    assert_eq!(refused.precision(), Precision::Float32);
}

/// What is no number at all is noted like one that is too large.
pub async fn half_poison(opened: &Opened) {
    let gpu = &opened.device;
    let spec = Conv2d {
        kernel: 1,
        stride: 1,
        border: Border::Zero(0),
        transposed: false,
        activation: Activation::None,
    };
    for wrong in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 65_505.0, -1e30, 65_504.0]
    {
        for outputs in [3, 8] {
            let mut data = vec![0.0; 4 * 30];
            data[37] = wrong;
            let x = Tensor::from_data(TensorData::new(data, [1, 4, 5, 6]), gpu);
            let weight = halved(arranged(Tensor::ones([outputs, 4, 1, 1], gpu)));
            let bias = Tensor::zeros([outputs], gpu);
            let (_, too_large) = watched(gpu, || conv2d(x, weight, bias, spec));
            let expected = if wrong == 65_504.0 { 0.0 } else { 1.0 };
            assert_eq!(floats(too_large).await, [expected], "{wrong}, {outputs} outputs");
        }
    }
}
