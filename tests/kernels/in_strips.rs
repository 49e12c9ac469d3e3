//! Generators in strips against the same as a whole.

use std::cell::Cell;

use cyclegan_web::{
    device::{Limits, Opened},
    image::{Rgb, resize_bicubic},
    model::Init,
    samples::{Season, paint},
    translate::{Manner, Precision, Smooth, Translator},
    weights::{Architecture, Down, Norm, StateDict, Up},
};

/// A device that can hold 12,000 pixels of a picture as a whole.
pub fn tight(opened: &Opened, architecture: &Architecture, precision: Precision) -> Opened {
    let plenty = Limits { tensor: u64::MAX, memory: 1 << 40 };
    let each = plenty.memory.div_ceil(precision.pixels(&plenty, architecture, Smooth::One));
    Opened { limits: Limits { memory: 12_000 * each, ..opened.limits }, ..opened.clone() }
}

/// A photo that is too large for a [`tight()`] device.
pub fn photo() -> Rgb {
    resize_bicubic(&paint(Season::Summer, 4, 96, 96), 70, 237)
}

/// The photo's translation in the size that was asked for, whether it went through in strips, and
/// the precision at the end.
pub async fn translated(
    (architecture, state): (Architecture, &StateDict),
    precision: Precision,
    opened: &Opened,
    manner: &Manner,
) -> (Rgb, bool, Precision) {
    let translator = Translator::new(architecture, state.clone(), Some(precision), opened).unwrap();
    // A graphics card tells of its progress only then.
    let in_strips = Cell::new(false);
    let made = translator.translate(&photo(), manner, &|_| in_strips.set(true)).await.unwrap();
    assert!(!made.plan.reduced, "{architecture}: {:?}", made.plan);
    (made.after, in_strips.get(), translator.precision())
}

/// How many levels of two pictures differ, and the largest difference.
pub fn apart(one: &Rgb, other: &Rgb) -> (usize, u8) {
    assert_eq!((one.width, one.height), (other.width, other.height));
    let apart = one.pixels.iter().zip(&other.pixels).map(|(one, other)| one.abs_diff(*other));
    (apart.clone().filter(|apart| *apart > 0).count(), apart.max().unwrap_or_default())
}

/// Generators of every kind, some of whose blocks are computed by Winograd's filtering.
pub fn kinds() -> Vec<Architecture> {
    [
        (8, Down::Strided, Up::Transpose, Norm::Instance, 3),
        (3, Down::Strided, Up::Bilinear, Norm::InstanceAffine, 3),
        (8, Down::Mirrored, Up::Nearest, Norm::InstanceAffine, 1),
        (6, Down::Blurred, Up::Blurred, Norm::Instance, 3),
    ]
    .map(|(ngf, down, up, norm, pictures)| Architecture {
        down,
        up,
        norm,
        pictures,
        ..Architecture::new(ngf, 2)
    })
    .into()
}

/// Weights under which pictures have contrast.
pub fn weights(architecture: &Architecture) -> StateDict {
    Init { gain: 0.2, ..Init::default() }.state(&architecture.tensors(), 1)
}

/// In float32.
#[cfg(not(target_family = "wasm"))]
pub async fn generators_in_strips(opened: &Opened) {
    for architecture in kinds() {
        let state = weights(&architecture);
        let tight = tight(opened, &architecture, Precision::Float32);
        for (margin, smooth) in [(0, Smooth::One), (3, Smooth::Four)] {
            let manner = Manner { margin, smooth, ..Manner::default() };
            let network = (architecture, &state);
            let float32 = Precision::Float32;
            let (whole, was_cut, _) = translated(network, float32, opened, &manner).await;
            assert!(!was_cut, "{architecture}");
            let (strips, was_cut, _) = translated(network, float32, &tight, &manner).await;
            assert!(was_cut, "{architecture}");
            let (off, most) = apart(&whole, &strips);
            let what = format!("{architecture} {smooth:?}: {off} levels, at most {most}");
            assert!(most <= 1 && off < whole.pixels.len() / 200, "{what}");
        }
    }
}
