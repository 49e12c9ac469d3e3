//! From photos to training pictures: PyTorch's sizes, windows to the edge, and what is refused.

#![cfg(not(target_family = "wasm"))]

mod small;

use cyclegan_web::{
    image::{Rgb, crop, resize_bicubic, to_unit},
    random::Random,
    train::{Preprocess, PreprocessMode, View, whole},
};
use small::{SMALL, noise};

/// Crops of 24 from photos whose shorter side is shown at 32 to 72 pixels.
const AT_SCALE: Preprocess =
    Preprocess { mode: PreprocessMode::ScaleAndCrop, load_size: 48, ..SMALL };

fn size(mode: PreprocessMode, load_size: usize, crop_size: usize, from: [usize; 2]) -> [usize; 2] {
    let preprocess = Preprocess { mode, load_size, crop_size, ..SMALL };
    let resized = preprocess.resize(noise(from[0], from[1], 0)).unwrap();
    [resized.width, resized.height]
}

#[test]
fn sizes_are_pytorch_s() {
    use PreprocessMode::{Crop, None, ResizeAndCrop, ScaleWidthAndCrop};
    assert_eq!(size(ResizeAndCrop, 286, 256, [640, 480]), [286, 286]);
    // int(max(load_size * height / width, crop_size))
    assert_eq!(size(ScaleWidthAndCrop, 100, 48, [640, 427]), [100, 66]);
    assert_eq!(size(ScaleWidthAndCrop, 100, 48, [640, 200]), [100, 48]);
    assert_eq!(size(ScaleWidthAndCrop, 100, 48, [100, 77]), [100, 77]);
    assert_eq!(size(ScaleWidthAndCrop, 100, 48, [10, 31]), [100, 310]);
    assert_eq!(size(Crop, 0, 48, [64, 48]), [64, 48]);
    // int(round(side / 4) * 4), halves to the even multiple
    for (side, rounded) in [(25, 24), (26, 24), (27, 28), (30, 32), (34, 32), (100, 100)] {
        assert_eq!(size(None, 0, 0, [side, 64]), [rounded, 64]);
    }
}

#[test]
fn photos_smaller_than_the_crop_are_enlarged() {
    assert_eq!(size(PreprocessMode::Crop, 0, 48, [40, 30]), [64, 48]);
    assert_eq!(size(PreprocessMode::Crop, 0, 48, [30, 41]), [48, 66]);
    assert_eq!(size(PreprocessMode::Crop, 0, 48, [1, 1]), [48, 48]);
    let crops = Preprocess { mode: PreprocessMode::Crop, ..SMALL };
    let enlarged = crops.resize(noise(10, 7, 1)).unwrap();
    assert_eq!(crops.view(&enlarged, View::MIDDLE).unwrap().shape, [3, 24, 24]);
}

#[test]
fn photos_that_no_mode_can_take_are_refused() {
    let code = |mode, load_size, photo: Rgb| {
        let preprocess = Preprocess { mode, load_size, ..SMALL };
        preprocess.resize(photo).unwrap_err().code()
    };
    let thin = || noise(1, 4000, 0);
    assert_eq!(code(PreprocessMode::ScaleWidthAndCrop, 286, thin()), "image-too-large");
    assert_eq!(code(PreprocessMode::Crop, 286, thin()), "image-too-large");
    assert_eq!(code(PreprocessMode::None, 286, thin()), "image-unusable");
    assert_eq!(code(PreprocessMode::None, 286, noise(100, 21, 0)), "image-unusable");
    let nothing = Rgb { width: 0, height: 5, pixels: vec![] };
    assert_eq!(code(PreprocessMode::ResizeAndCrop, 286, nothing), "image-unusable");
}

/// Proportions nearly kept, never enlarged, and of sides that the networks take.
#[test]
fn previews_show_photos_whole() {
    for (from, longest, to) in [
        ([640, 480], 128, [128, 96]),
        ([480, 640], 128, [96, 128]),
        ([56, 40], 256, [56, 40]),
        ([57, 41], 256, [56, 40]),
        ([2000, 10], 128, [128, 8]),
    ] {
        let [width, height] = from;
        let shown = whole(&noise(width, height, 1), longest);
        assert_eq!([shown.width, shown.height], to, "{from:?} in {longest}");
    }
}

#[test]
fn a_view_reaches_from_edge_to_edge() {
    let resized = noise(40, 29, 2);
    let corner = |x, y| {
        let view = View { x, y, ..View::MIDDLE };
        SMALL.view(&resized, view).unwrap().data
    };
    let expected = |x, y| to_unit(&crop(&resized, x, y, 24, 24).unwrap());
    assert_eq!(corner(0.0, 0.0), expected(0, 0));
    assert_eq!(corner(1.0 - f64::EPSILON / 2.0, 1.0), expected(16, 5));
    assert_eq!(SMALL.view(&resized, View::MIDDLE).unwrap().data, expected(8, 3));
    let small = SMALL.view(&noise(23, 24, 0), View::MIDDLE).unwrap_err();
    assert_eq!(small.code(), "engine-usage");
}

/// So a small copy of a photo trains as the photo does, to the bit.
#[test]
fn what_was_resized_once_stays_as_it_is() {
    for mode in [
        PreprocessMode::ResizeAndCrop,
        PreprocessMode::ScaleWidthAndCrop,
        PreprocessMode::Crop,
        PreprocessMode::None,
        PreprocessMode::ScaleAndCrop,
    ] {
        let preprocess = Preprocess { mode, ..SMALL };
        for [width, height] in [[640, 480], [301, 777], [30, 28], [25, 90], [24, 24]] {
            let once = preprocess.resize(noise(width, height, 3)).unwrap();
            assert_eq!(preprocess.resize(once.clone()).unwrap(), once, "{width} x {height}");
        }
    }
    for longest in [56, 256] {
        let shown = whole(&noise(301, 177, 4), longest);
        assert_eq!(whole(&shown, longest), shown);
    }
}

/// Copies are large enough for the largest scale, keep their proportions, and are not enlarged.
#[test]
fn photos_at_the_scale_of_use_keep_their_proportions() {
    let size = |from| size(PreprocessMode::ScaleAndCrop, 48, 24, from);
    assert_eq!(size([400, 300]), [96, 72]);
    assert_eq!(size([300, 401]), [72, 96]);
    assert_eq!(size([90, 60]), [90, 60]);
    assert_eq!(size([30, 90]), [30, 90]);
    // Only the crop may make a photo larger.
    assert_eq!(size([20, 12]), [40, 24]);
    let thin = AT_SCALE.resize(noise(1, 4000, 0)).unwrap_err();
    assert_eq!(thin.code(), "image-too-large");
}

/// The middle of a photo at a scale.
fn seen(resized: &Rgb, zoom: f64) -> Rgb {
    let picture = AT_SCALE.picture(resized, View { zoom, ..View::MIDDLE }).unwrap();
    assert_eq!([picture.width, picture.height], [24, 24]);
    picture
}

#[test]
fn the_scale_of_a_crop_runs_from_the_smallest_to_the_largest() {
    let photo = noise(96, 72, 5);
    // As from a shorter side of 72, 48 and 32 pixels, the middle 24, 36 and 54 pixels.
    let expected = |side: usize| {
        let window = crop(&photo, (96 - side) / 2, (72 - side) / 2, side, side).unwrap();
        resize_bicubic(&window, 24, 24)
    };
    for (zoom, side) in [(1.0, 24), (0.5, 36), (0.0, 54)] {
        assert_eq!(seen(&photo, zoom), expected(side), "at {zoom}");
    }
    // Halfway on the logarithmic scale: 24 · 72 / (48 · √1.5) = 29.4.
    assert_eq!(seen(&photo, 0.75).pixels, {
        let window = crop(&photo, 34, 22, 29, 29).unwrap();
        resize_bicubic(&window, 24, 24).pixels
    });
    // A photo of 40 is shown at 40 where 48 or 72 is asked, and one of the crop's size as it is.
    let small = noise(60, 40, 6);
    assert_eq!(seen(&small, 1.0), seen(&small, 0.5));
    assert_ne!(seen(&small, 0.5), seen(&small, 0.0));
    let least = noise(24, 24, 7);
    assert_eq!(seen(&least, 0.0), least);
}

/// What is drawn for one picture decides all that follow, so older runs go on only if the modes that
/// they know draw as much as ever, in the same order.
#[test]
fn only_the_mode_of_many_scales_draws_one() {
    for mode in [PreprocessMode::ResizeAndCrop, PreprocessMode::Crop, PreprocessMode::ScaleAndCrop]
    {
        let mut random = Random::new(11);
        let view = Preprocess { mode, ..SMALL }.draw(&mut random);
        let mut same = Random::new(11);
        let [x, y, flip] = [0; 3].map(|_| same.uniform());
        assert_eq!((view.x, view.y, view.flip), (x, y, flip < 0.5));
        let zoom = if mode == PreprocessMode::ScaleAndCrop { same.uniform() } else { 0.5 };
        assert_eq!(view.zoom, zoom);
        assert_eq!(random, same, "nothing more is drawn");
    }
}

/// Where networks are used at the scale at which they learn, they are judged by whole photos.
#[test]
fn held_out_photos_are_whole_at_the_scale_of_use() {
    let held = |preprocess: Preprocess, from: [usize; 2], longest| {
        let photo = preprocess.held_out(noise(from[0], from[1], 8), longest).unwrap();
        [photo.width, photo.height]
    };
    assert_eq!(held(AT_SCALE, [300, 200], 1024), [72, 48]);
    assert_eq!(held(AT_SCALE, [200, 300], 1024), [48, 72]);
    assert_eq!(held(AT_SCALE, [60, 41], 1024), [60, 40], "not enlarged");
    assert_eq!(held(AT_SCALE, [300, 200], 36), [36, 24], "bounded");
    assert_eq!(held(SMALL, [300, 200], 1024), [24, 24]);
}
