//! Pixels in and out of a graphics card, and the way of a film's frames.

use burn::tensor::{DType, Device, Int, Tensor, TensorData, Transaction};
use burn_wgpu::wgpu;
use cyclegan_web::{
    device::{Opened, read_all},
    image::{self, Rgb},
    model::Init,
    ops::{Change, Screen, from_pixels, show, take, to_pixels},
    random::Random,
    translate::{Manner, Translator},
    weights::Architecture,
};

use super::{floats, values};

async fn read(pixels: &Tensor<2, Int>) -> Vec<u8> {
    let read = read_all(Transaction::default().register(pixels.clone())).await.unwrap();
    read[0].as_bytes().to_vec()
}

fn uploaded(picture: &Rgb, device: &Device) -> Tensor<2, Int> {
    let Rgb { width, height, .. } = *picture;
    let data = TensorData::from_bytes_vec(picture.to_rgba(), [height, width], DType::U32);
    Tensor::from_data(data, (device, DType::U32))
}

/// A picture whose neighbours are alike, but for noise.
fn picture(random: &mut Random, width: usize, height: usize) -> Rgb {
    let level = |i: usize| {
        let (x, y, c) = (i / 3 % width, i / 3 / width, i % 3);
        (x * 150 / width + y * (20 + 30 * c) / height) as u8 + (random.uniform() * 20.0) as u8
    };
    let pixels = (0..3 * width * height).map(level).collect();
    Rgb::new(width, height, pixels).unwrap()
}

fn largest(one: &[u8], other: &[u8]) -> u8 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

/// Every level, in and out, in colour and in grey.
pub async fn pixels(device: &Device) {
    let mut random = Random::new(3);
    let mut all = picture(&mut random, 67, 43);
    for (level, pixel) in (0..=255).zip(&mut all.pixels) {
        *pixel = level;
    }
    for channels in [3, 1] {
        let wanted = if channels == 1 { all.grey() } else { all.clone() };
        let wanted = &image::to_unit(&wanted)[..channels * 67 * 43];
        let found = floats(from_pixels(uploaded(&all, device), channels)).await;
        let off = found.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(found.len() == wanted.len() && off <= 3e-7, "{channels} channels: {off}");
    }

    for channels in [3, 1] {
        let mut output = values(&mut random, channels * 67 * 43);
        for (value, place) in [-1.0, 1.0, 0.0, -3.0, 1e9, 1.0 / 255.0].into_iter().zip(&mut output)
        {
            *place = value;
        }
        let shape = [1, channels, 43, 67];
        let upload = |output: &[f32]| {
            Tensor::<4>::from_data(TensorData::new(output.to_vec(), shape), device)
        };
        let found = read(&to_pixels(upload(&output))).await;
        assert_eq!(found, image::from_unit(&output, 67, 43).unwrap().to_rgba());
        for poison in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            output[300] = poison;
            let found = read(&to_pixels(upload(&output))).await;
            let gone: Vec<_> = (0..67 * 43).filter(|at| found[4 * at + 3] == 0).collect();
            assert_eq!(gone, [300], "{poison}");
            assert!(image::from_opaque(&found, 67, 43).is_err());
        }
    }
}

async fn screen(opened: &Opened) -> Screen {
    Screen::open(opened.card.clone().unwrap()).await.unwrap()
}

/// A texture with a picture.
fn filled(opened: &Opened, screen: &Screen, picture: &Rgb) -> wgpu::Texture {
    let texture = screen.frame(picture.width as u32, picture.height as u32);
    let layout = wgpu::TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(4 * picture.width as u32),
        rows_per_image: None,
    };
    let queue = &opened.card.as_ref().unwrap().queue;
    queue.write_texture(texture.as_image_copy(), &picture.to_rgba(), layout, texture.size());
    texture
}

/// Frames of any size are resized as Pillow does, and drawn with what a network changed.
pub async fn frames(opened: &Opened) {
    let screen = screen(opened).await;
    let mut random = Random::new(5);
    let (width, height) = (44, 36);
    for (from_width, from_height) in [(44, 36), (97, 80), (640, 36), (20, 90), (1, 1)] {
        let frame = picture(&mut random, from_width, from_height);
        let pixels = uploaded(&picture(&mut random, width, height), &opened.device);
        take(&screen, &filled(opened, &screen, &frame), &pixels).unwrap();
        let found = read(&pixels).await;
        let wanted = image::resize_bicubic(&frame, width, height);
        let off = largest(&found, &wanted.to_rgba());
        assert!(off <= 1, "{from_width} x {from_height}: {off}");

        let seen = Rgb::from_rgba(&found, width, height).unwrap();
        let texture = filled(opened, &screen, &frame);
        for channels in [3, 1] {
            let made = picture(&mut random, width, height);
            let made = if channels == 1 { made.grey() } else { made };
            let change = Change { seen: &pixels, made: &uploaded(&made, &opened.device), channels };
            let target = screen.frame(from_width as u32, from_height as u32);
            show(&screen, &texture, &change, &target).unwrap();
            let shown = uploaded(&picture(&mut random, from_width, from_height), &opened.device);
            take(&screen, &target, &shown).unwrap();
            let wanted = if channels == 1 {
                image::add_change(&frame.grey(), &seen.grey(), &made).unwrap()
            } else {
                image::add_change(&frame, &seen, &made).unwrap()
            };
            let off = largest(&read(&shown).await, &wanted.to_rgba());
            assert!(off <= 1, "{from_width} x {from_height}, {channels} channels: {off}");
        }
    }
    // What is finer than the target is averaged: stripes become their mean, whatever their phase.
    for (times, from_width) in [(2, 88), (4, 176), (3, 132)] {
        let level = |i: usize| if (i / 3 % from_width).is_multiple_of(2) { 200 } else { 40 };
        let pixels = (0..3 * from_width * 36).map(level).collect();
        let stripes = filled(opened, &screen, &Rgb::new(from_width, 36, pixels).unwrap());
        let same = uploaded(&picture(&mut random, width, height), &opened.device);
        let target = screen.frame(width as u32, height as u32);
        show(&screen, &stripes, &Change { seen: &same, made: &same, channels: 3 }, &target)
            .unwrap();
        let shown = uploaded(&picture(&mut random, width, height), &opened.device);
        take(&screen, &target, &shown).unwrap();
        // Of three stripes, one kind has one more than the other.
        let most = if times == 3 { 28 } else { 1 };
        let levels = read(&shown).await;
        let off = levels.as_chunks::<4>().0.iter().map(|pixel| pixel[0].abs_diff(120)).max();
        assert!(off.unwrap() <= most, "{times} stripes a pixel: {off:?}");
    }
}

/// Each frame of a film is translated as a photo of that size is, also in grey, and after another
/// film has taken its place.
pub async fn films(opened: &Opened) {
    let screen = screen(opened).await;
    let mut random = Random::new(7);
    for pictures in [3, 1] {
        let architecture = Architecture { pictures, ..Architecture::new(8, 2) };
        let state = Init::default().state(&architecture.tensors(), 1);
        let translator = Translator::new(architecture, state, None, opened).unwrap();
        for (width, height) in [(64, 48), (40, 64)] {
            let mut film = translator.film((width, height)).unwrap();
            for _ in 0..3 {
                let frame = picture(&mut random, width, height);
                take(&screen, &filled(opened, &screen, &frame), film.seen()).unwrap();
                film.translate().unwrap();
                let found = read(film.translated()).await;
                assert_eq!(floats(film.fits().clone()).await, [0.0]);
                let photo =
                    translator.translate(&frame, &Manner::default(), &|_| ()).await.unwrap();
                let off = largest(&found, &photo.after.to_rgba());
                assert!(off <= 1, "{pictures} channels, {width} x {height}: {off}");
                let levels = photo.after.pixels.iter();
                assert!(levels.clone().max() > levels.min(), "a picture");
            }
        }
    }
}
