//! One photo through one generator: sizes, borders, and what a device cannot hold.

#![cfg(not(target_family = "wasm"))]

mod golden_cases;

use std::{cell::RefCell, collections::BTreeSet};

use burn::tensor::{Device, Tensor, TensorData};
use cyclegan_web::{
    device::{Limits, Opened, Preference, Work, open},
    image::{self, Rgb},
    model::{Generator, Init},
    samples::{Season, paint},
    translate::{
        MAX_MARGIN, Manner, Precision, Room, Shift, Smooth, Translator, plan, shifted_mean,
        translate,
    },
    weights::{Architecture, Down, Norm, Up, generator_from},
};

const PLENTY: Limits = Limits { tensor: 1 << 40, memory: 1 << 50 };

fn generator() -> Generator {
    let case = golden_cases::generators().swap_remove(0);
    let (architecture, state) = generator_from(case.weights).unwrap();
    Generator::from_state(architecture, state, &Device::flex()).unwrap()
}

fn translated(photo: &Rgb, margin: usize) -> Rgb {
    pollster::block_on(translate(&generator(), photo, margin, Smooth::One, &Device::flex()))
        .unwrap()
}

/// The network alone, on values that are already padded.
fn network(padded: &Rgb) -> Rgb {
    let (width, height) = (padded.width, padded.height);
    let data = TensorData::new(image::to_unit(padded), [1, 3, height, width]);
    let output = generator().forward(Tensor::from_data(data, &Device::flex()));
    image::from_unit(&output.into_data().try_to_vec::<f32>().unwrap(), width, height).unwrap()
}

#[test]
fn sides_that_are_multiples_of_four_pass_unchanged() {
    let photo = paint(Season::Summer, 1, 24, 16);
    assert_eq!(translated(&photo, 0), network(&photo));
}

#[test]
fn other_sides_are_reflected_to_the_right_and_bottom_and_cropped() {
    let photo = paint(Season::Winter, 1, 21, 18);
    let expected = network(&image::reflect_pad(&photo, 0, 3, 0, 2));
    assert_eq!(translated(&photo, 0), image::crop(&expected, 0, 0, 21, 18).unwrap());
}

#[test]
fn a_margin_is_seen_and_cut_off() {
    let photo = paint(Season::Summer, 2, 21, 18);
    // 21 + 2 * 5 = 31 and 18 + 10 = 28: one more column makes a multiple of four.
    let expected = network(&image::reflect_pad(&photo, 5, 6, 5, 5));
    assert_eq!(translated(&photo, 5), image::crop(&expected, 5, 5, 21, 18).unwrap());
}

#[test]
fn the_smallest_and_thinnest_pictures_work() {
    for (width, height) in [(1, 1), (1, 50), (50, 1), (2, 3), (7, 9)] {
        let photo = Rgb::new(width, height, vec![90; width * height * 3]).unwrap();
        for margin in [0, 32] {
            let result = translated(&photo, margin);
            assert_eq!((result.width, result.height), (width, height));
        }
    }
}

#[test]
fn a_margin_out_of_range_is_refused() {
    let photo = paint(Season::Summer, 2, 16, 16);
    let (generator, device) = (generator(), Device::flex());
    let refused =
        pollster::block_on(translate(&generator, &photo, MAX_MARGIN + 1, Smooth::One, &device));
    assert_eq!(refused.unwrap_err().code(), "engine-usage");
}

/// Room for so many pixels, all of which go through as a whole.
fn whole(pixels: u64) -> Room {
    Room { whole: pixels, strips: 0 }
}

#[test]
fn a_plan_keeps_proportions_and_never_enlarges() {
    let sizes = |photo, longest| {
        let manner = Manner { longest, ..Manner::default() };
        let plan = plan(photo, &manner, whole(PLENTY.pixels(64)));
        assert!(!plan.reduced);
        assert_eq!((plan.width, plan.height), (plan.seen_width, plan.seen_height));
        (plan.width, plan.height)
    };
    assert_eq!(sizes((4000, 3000), Some(1024)), (1024, 768));
    assert_eq!(sizes((3000, 4000), Some(512)), (384, 512));
    assert_eq!(sizes((300, 200), Some(1024)), (300, 200));
    assert_eq!(sizes((4000, 3000), None), (4000, 3000));
    assert_eq!(sizes((5000, 1), Some(256)), (256, 1));
}

#[test]
fn half_precision_holds_more_pixels_and_no_tensor_that_is_too_large() {
    let narrow = Limits { tensor: 128 << 20, memory: 1 << 40 };
    let small = Limits { tensor: 1 << 40, memory: 2 << 30 };
    for limits in [narrow, small] {
        for ngf in 1..=1024_usize {
            let pixels = limits.half_pixels(ngf);
            assert!(pixels >= limits.pixels(ngf), "ngf {ngf}: {pixels}");
            assert!(3 * 4 * pixels <= limits.tensor, "ngf {ngf}: a picture of {pixels}");
            // What Winograd's filtering makes of it.
            assert!(9 * ngf as u64 * pixels <= 4 * limits.tensor, "ngf {ngf}: {pixels}");
        }
    }
}

#[test]
fn a_plan_stays_within_the_device() {
    // WebGPU's default limit of 128 MiB a buffer is 524,288 pixels of 256 bytes.
    let limits = Limits { tensor: 128 << 20, memory: 1 << 40 };
    for photo in [(4000, 3000), (3000, 4000), (9000, 100), (1000, 1000)] {
        for margin in [0, 32] {
            let room = whole(limits.pixels(64));
            let plan = plan(photo, &Manner { margin, ..Manner::default() }, room);
            assert!(plan.reduced);
            assert_eq!((plan.width, plan.height), photo, "the result is as large as the photo");
            let (w, h) = (plan.seen_width + 2 * margin, plan.seen_height + 2 * margin);
            assert!(w.next_multiple_of(4) * h.next_multiple_of(4) <= 524_288, "{plan:?}");
            // And no smaller than it must be: a longest side 2 % longer would not fit.
            assert!((w * h) as f64 > 0.94 * 524_288.0, "{plan:?} for {photo:?}");
            let proportion = plan.seen_width as f64 / plan.seen_height as f64;
            let wanted = photo.0 as f64 / photo.1 as f64;
            assert!((proportion / wanted - 1.0).abs() < 0.02, "{plan:?} for {photo:?}");
        }
    }
    let half = plan((1000, 1000), &Manner::default(), whole(limits.pixels(32)));
    assert_eq!((half.seen_width, half.seen_height, half.reduced), (1000, 1000, false));
}

/// [`shifted_mean()`] done by hand, on values: each pass with its own border, moved back.
fn passes(photo: &Rgb, margin: usize, smooth: Smooth) -> Vec<f32> {
    let (width, height) = (photo.width, photo.height);
    let mut sum = vec![0.0; 3 * width * height];
    for &(down, right) in smooth.shifts() {
        let (top, left) = (margin + down, margin + right);
        let beyond = |before: usize, side: usize| {
            (before + side + margin).max(8).next_multiple_of(4) - before - side
        };
        let padded = image::reflect_pad(photo, left, beyond(left, width), top, beyond(top, height));
        let data = TensorData::new(image::to_unit(&padded), [1, 3, padded.height, padded.width]);
        let output = generator().forward(Tensor::from_data(data, &Device::flex()));
        let output = output.into_data().try_to_vec::<f32>().unwrap();
        for (at, sum) in sum.iter_mut().enumerate() {
            let (c, y, x) = (at / (width * height), at / width % height, at % width);
            *sum += output[(c * padded.height + top + y) * padded.width + left + x];
        }
    }
    sum.iter().map(|sum| sum / smooth.passes() as f32).collect()
}

#[test]
fn the_mean_of_shifts_is_that_of_passes_with_borders_of_their_own() {
    let photo = paint(Season::Winter, 3, 20, 12);
    let data = TensorData::new(image::to_unit(&photo), [1, 3, 12, 20]);
    let x = Tensor::<4>::from_data(data, &Device::flex());
    let x = Tensor::cat(vec![x.clone().flip([3]), x], 0);
    for smooth in Smooth::ALL {
        let mean = shifted_mean(&generator(), x.clone(), smooth.shifts());
        assert_eq!(mean.dims(), [2, 3, 12, 20]);
        let mean = mean.narrow(0, 1, 1).into_data().try_to_vec::<f32>().unwrap();
        let expected = passes(&photo, 0, smooth);
        let largest = mean.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(largest < 1e-6, "{smooth:?}: {largest}");
    }
}

#[test]
fn a_smooth_translation_is_the_mean_of_its_passes_before_it_becomes_bytes() {
    let opened = pollster::block_on(open(Preference::Cpu, Work::Translating)).unwrap();
    let case = golden_cases::generators().swap_remove(0);
    let (architecture, state) = generator_from(case.weights).unwrap();
    let translator = Translator::new(architecture, state, None, &opened).unwrap();
    for ((width, height), margin) in [((21, 18), 5), ((16, 24), 0), ((2, 3), 1)] {
        let photo = paint(Season::Summer, 4, 64, 64);
        let photo = image::resize_bicubic(&photo, width, height);
        let mut pictures = Vec::new();
        for smooth in Smooth::ALL {
            let manner = Manner { margin, smooth, ..Manner::default() };
            let behind = RefCell::new(Vec::new());
            let passed = |passes| behind.borrow_mut().push(passes);
            let translated = translator.translate(&photo, &manner, &passed);
            let translated = pollster::block_on(translated).unwrap();
            assert_eq!(translated.before, photo);
            let expected = image::from_unit(&passes(&photo, margin, smooth), width, height);
            assert_eq!(translated.after, expected.unwrap(), "{width} x {height}, {smooth:?}");
            let expected: Vec<_> = (1..smooth.passes()).map(|passes| passes as f64).collect();
            assert_eq!(*behind.borrow(), expected);
            pictures.push(translated.after);
        }
        assert!(pictures[0] != pictures[1] && pictures[1] != pictures[2]);
    }
}

/// A generator with random weights, ready to translate on the CPU.
fn translator(architecture: Architecture) -> (Translator, Generator) {
    let opened = pollster::block_on(open(Preference::Cpu, Work::Translating)).unwrap();
    let state = Init { gain: 0.2, ..Init::default() }.state(&architecture.tensors(), 1);
    let generator = Generator::from_state(architecture, state.clone(), &opened.device).unwrap();
    (Translator::new(architecture, state, None, &opened).unwrap(), generator)
}

#[test]
fn a_generator_of_grey_pictures_sees_and_makes_grey_ones() {
    let (translator, generator) =
        translator(Architecture { pictures: 1, ..Architecture::new(4, 1) });
    let photo = paint(Season::Summer, 4, 40, 32);
    let manner = Manner { longest: Some(20), ..Manner::default() };
    let translated = pollster::block_on(translator.translate(&photo, &manner, &|_| ())).unwrap();
    assert_eq!(translated.before, image::resize_bicubic(&photo, 20, 16), "in colour");
    // In the order of PyTorch's `get_transform`: grey, then smaller.
    let seen = image::resize_bicubic(&photo.grey(), 20, 16);
    let channel = image::to_unit(&seen)[..20 * 16].to_vec();
    let x = Tensor::<4>::from_data(TensorData::new(channel, [1, 1, 16, 20]), &Device::flex());
    let output = generator.forward(x).into_data().try_to_vec::<f32>().unwrap();
    assert_eq!(output.len(), 20 * 16);
    let expected = image::from_unit(&output, 20, 16).unwrap();
    assert_eq!(translated.after, expected);
    assert!(expected.pixels.chunks(3).all(|colour| colour.iter().all(|&x| x == colour[0])));
    assert!(expected.pixels.iter().any(|&x| x != expected.pixels[0]), "it is a picture");
}

#[test]
fn other_kinds_of_generators_take_photos_of_any_size() {
    for (pictures, down, up) in [
        (1, Down::Strided, Up::Transpose),
        (3, Down::Blurred, Up::Blurred),
        (1, Down::Blurred, Up::Transpose),
        (3, Down::Strided, Up::Blurred),
    ] {
        let architecture = Architecture { pictures, down, up, ..Architecture::new(3, 1) };
        let (translator, _) = translator(architecture);
        for (width, height) in [(1, 1), (2, 3), (21, 18), (5, 30)] {
            let photo = image::resize_bicubic(&paint(Season::Winter, 1, 64, 64), width, height);
            for smooth in Smooth::ALL {
                let manner = Manner { margin: 3, smooth, ..Manner::default() };
                let translated = translator.translate(&photo, &manner, &|_| ());
                let after = pollster::block_on(translated).unwrap().after;
                assert_eq!((after.width, after.height), (width, height), "{architecture}");
            }
        }
    }
}

#[test]
fn a_blur_needs_room_for_an_image_twice_as_wide() {
    let narrow = Limits { tensor: 128 << 20, memory: 1 << 40 };
    let small = Limits { tensor: 1 << 40, memory: 2 << 30 };
    for (limits, precision) in [narrow, small]
        .into_iter()
        .flat_map(|limits| [Precision::Float32, Precision::Float16].map(|of| (limits, of)))
    {
        let [strided, blurred] = [Down::Strided, Down::Blurred].map(|down| {
            let architecture = Architecture { down, ..Architecture::new(64, 9) };
            precision.pixels(&limits, &architecture, Smooth::One)
        });
        assert_eq!(blurred, strided / 2, "{precision:?}");
        let bytes = if precision == Precision::Float32 { 4 } else { 2 };
        assert!(2 * 64 * bytes * blurred <= limits.tensor);
    }
}

#[test]
fn there_are_three_numbers_of_passes_each_over_the_whole_lattice() {
    for other in [0, 2, 3, 5, 15, 17, usize::MAX] {
        assert_eq!(Smooth::of(other).unwrap_err().code(), "engine-usage");
    }
    for passes in [4, 16] {
        let shifts = Smooth::of(passes).unwrap().shifts();
        assert_eq!(BTreeSet::from_iter(shifts).len(), passes);
        for side in [|shift: &Shift| shift.0, |shift: &Shift| shift.1] {
            for place in 0..4 {
                let count = shifts.iter().filter(|&shift| side(shift) == place).count();
                assert_eq!(count, passes / 4);
            }
        }
    }
}

#[test]
fn a_smooth_plan_leaves_room_for_its_border_and_its_sum() {
    let limits = Limits { tensor: 1 << 40, memory: 2 << 30 };
    for precision in [Precision::Float32, Precision::Float16] {
        let one = precision.pixels(&limits, &Architecture::new(64, 9), Smooth::One);
        let four = precision.pixels(&limits, &Architecture::new(64, 9), Smooth::Four);
        let each = limits.memory / one;
        assert!(four * (each + 24) <= limits.memory, "{precision:?}");
        assert!((four + 1000) * (each + 24) > limits.memory, "{precision:?}: less than it holds");
    }
    // Three pixels in front of it and one behind.
    let plan = |side, smooth| {
        plan((side, side), &Manner { smooth, ..Manner::default() }, whole(104 * 104))
    };
    assert_eq!(plan(104, Smooth::One).seen_width, 104);
    assert_eq!(plan(104, Smooth::Four).seen_width, 98);
    assert_eq!(plan(98, Smooth::Sixteen).seen_width, 98);
}

#[test]
fn what_the_network_sees_is_planned_apart_from_the_result() {
    let (plenty, photo) = (whole(1 << 30), (4000, 3000));
    let sizes = |longest, network, room| {
        let plan = plan(photo, &Manner { longest, network, ..Manner::default() }, room);
        ((plan.width, plan.height), (plan.seen_width, plan.seen_height), plan.reduced)
    };
    assert_eq!(sizes(None, Some(1024), plenty), (photo, (1024, 768), false));
    assert_eq!(sizes(Some(2000), Some(1024), plenty), ((2000, 1500), (1024, 768), false));
    assert_eq!(sizes(Some(512), Some(1024), plenty), ((512, 384), (512, 384), false));
    assert_eq!(sizes(None, Some(9000), plenty), (photo, photo, false));
    assert_eq!(sizes(Some(2000), Some(1024), whole(640 * 480)), ((2000, 1500), (640, 480), true));
    // Too large as a whole, not in strips; and strips that are too wide.
    let room = |whole, strips| Room { whole, strips };
    assert_eq!(sizes(None, None, room(1 << 20, 4000 * 3000)), (photo, photo, false));
    assert!(sizes(None, None, room(1 << 20, 4000 * 3000 - 1)).2);
    assert!(!sizes(None, None, room(4000 * 40, 1 << 30)).2);
    assert!(sizes(None, None, room(4000 * 40 - 1, 1 << 30)).2);
}

#[test]
fn what_the_network_changes_in_a_smaller_photo_is_carried_over() {
    let opened = pollster::block_on(open(Preference::Cpu, Work::Translating)).unwrap();
    let photo = paint(Season::Winter, 5, 120, 90);
    for pictures in [3, 1] {
        let architecture = Architecture { pictures, ..Architecture::new(3, 1) };
        let state = Init { gain: 0.2, ..Init::default() }.state(&architecture.tensors(), 1);
        let translator = Translator::new(architecture, state, None, &opened).unwrap();
        let done = |photo: &Rgb, network| {
            let manner = Manner { network, margin: 2, ..Manner::default() };
            pollster::block_on(translator.translate(photo, &manner, &|_| ())).unwrap()
        };
        let carried = done(&photo, Some(40));
        assert_eq!((carried.plan.seen_width, carried.plan.seen_height), (40, 30));
        assert_eq!(carried.before, photo, "in colour");
        let guide = if pictures == 1 { photo.grey() } else { photo.clone() };
        let small = image::resize_bicubic(&guide, 40, 30);
        let expected = image::carry(&guide, &small, &done(&small, None).after).unwrap();
        assert_eq!(carried.after, expected, "{architecture}");
        assert_ne!(carried.after, done(&photo, None).after, "{architecture}");
        assert_eq!(done(&photo, Some(120)).after, done(&photo, None).after, "{architecture}");
    }
}

#[test]
fn a_photo_in_strips_comes_out_as_one_that_goes_through_as_a_whole() {
    let opened = pollster::block_on(open(Preference::Cpu, Work::Translating)).unwrap();
    let photo = image::resize_bicubic(&paint(Season::Summer, 4, 96, 96), 70, 237);
    let kinds = [(Down::Strided, Up::Transpose), (Down::Strided, Up::Bilinear)]
        .into_iter()
        .chain([(Down::Mirrored, Up::Nearest), (Down::Blurred, Up::Blurred)]);
    for (down, up) in kinds {
        for (affine, pictures, blocks) in [(false, 3, 2), (true, 3, 1), (false, 1, 1)] {
            let norm = if affine { Norm::InstanceAffine } else { Norm::Instance };
            let ngf = 8;
            let architecture =
                Architecture { down, up, norm, pictures, ..Architecture::new(ngf, blocks) };
            let state = Init { gain: 0.2, ..Init::default() }.state(&architecture.tensors(), 1);
            // 4 bytes a value, five tensors of the first layer's width, or of twice that.
            let each = 5 * 4 * ngf as u64 * if down == Down::Blurred { 2 } else { 1 };
            // Pixels that fit as a whole: three strips, and fifteen of the least height.
            for (margin, smooth, pixels) in [
                (0, Smooth::One, 8000),
                (0, Smooth::One, 2900),
                (5, Smooth::One, 8000),
                (3, Smooth::Four, 8000),
            ] {
                let limits = Limits { memory: each * pixels, ..opened.limits };
                let tight = Opened { limits, ..opened.clone() };
                let manner = Manner { margin, smooth, ..Manner::default() };
                let [whole, strips] = [&opened, &tight].map(|opened| {
                    let made = Translator::new(architecture, state.clone(), None, opened).unwrap();
                    let shares = RefCell::new(vec![0.0]);
                    let passed = |share| shares.borrow_mut().push(share);
                    let made = pollster::block_on(made.translate(&photo, &manner, &passed));
                    assert!(shares.borrow().is_sorted());
                    (made.unwrap(), shares.take().len())
                });
                assert_eq!((strips.0.plan, strips.0.plan.reduced), (whole.0.plan, false));
                assert!(strips.1 > whole.1 + 6, "it went through in strips");
                let differ = whole.0.after.pixels.iter().zip(&strips.0.after.pixels);
                let apart = differ.map(|(one, other)| one.abs_diff(*other));
                let off = apart.clone().filter(|apart| *apart > 0).count();
                let what = format!("{architecture} {margin} {smooth:?}: {off} levels");
                assert!(apart.max() <= Some(1), "{what}");
                assert!(off < photo.pixels.len() / 500, "{what}");
            }
        }
    }
}
