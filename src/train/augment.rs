//! Random changes to the pictures that a discriminator sees (Zhao et al., arXiv 2006.10738).
//!
//! With few photos a discriminator soon knows each of them by heart and teaches the generators
//! nothing more. If it never sees the same photo twice, that takes longer. Translations are
//! augmented like photos, or the difference would give them away; this includes the generators'
//! step, or they would learn to imitate the augmentation.

use burn::tensor::{Device, Tensor, TensorData};

use serde::{Deserialize, Serialize};

use crate::{ops::Augmentation, random::Random};

/// Which of the paper's three kinds of augmentation are on. As text it is a comma-separated list of
/// their names, as in `DiffAugment_pytorch.py`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify), tsify(type = "string"))]
pub struct Policy {
    /// Brightness, saturation and contrast.
    pub color: bool,
    /// Shifts by up to an eighth of either side.
    pub translation: bool,
    /// Squares of half the side, which become zero.
    pub cutout: bool,
}

impl TryFrom<String> for Policy {
    type Error = &'static str;

    /// Accepts them in any order.
    fn try_from(kinds: String) -> Result<Self, Self::Error> {
        let mut policy = Self::default();
        for kind in kinds.split(',').filter(|_| !kinds.is_empty()) {
            match kind {
                "color" => policy.color = true,
                "translation" => policy.translation = true,
                "cutout" => policy.cutout = true,
                _ => return Err("expected a list of color, translation and cutout"),
            }
        }
        Ok(policy)
    }
}

impl From<Policy> for String {
    fn from(Policy { color, translation, cutout }: Policy) -> Self {
        let all = [(color, "color"), (translation, "translation"), (cutout, "cutout")];
        all.iter().filter(|(on, _)| *on).map(|(_, kind)| *kind).collect::<Vec<_>>().join(",")
    }
}

impl Policy {
    /// Whether it leaves all pictures unchanged. Then nothing is drawn.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Draws numbers for `count` pictures, for [`crate::ops::augment()`]. It always uses the same
    /// number of values per picture, whichever kinds are on.
    pub fn draw(self, count: usize, random: &mut Random) -> Vec<Augmentation> {
        (0..count).map(|_| self.one(random)).collect()
    }

    fn one(self, random: &mut Random) -> Augmentation {
        let drawn: [f32; 7] = std::array::from_fn(|_| random.uniform() as f32);
        let [brightness, saturation, contrast, down, right, top, left] = drawn;
        let mut augmentation = Augmentation::NONE;
        if self.color {
            // On values in [-1, 1], as in the paper's code.
            augmentation.brightness = brightness - 0.5;
            augmentation.saturation = 2.0 * saturation;
            augmentation.contrast = contrast + 0.5;
        }
        if self.translation {
            augmentation.shift = [down, right];
        }
        if self.cutout {
            (augmentation.cut, augmentation.place) = (0.5, [top, left]);
        }
        augmentation
    }
}

/// The drawn numbers on `device`: `[pictures, 8, 1, 1]`.
pub(super) fn upload(drawn: &[Augmentation], device: &Device) -> Tensor<4> {
    let numbers: Vec<f32> = drawn.iter().flat_map(Augmentation::numbers).collect();
    let shape = [drawn.len(), Augmentation::NUMBERS, 1, 1];
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_fill_the_papers_ranges() {
        let all = Policy { color: true, translation: true, cutout: true };
        let drawn = all.draw(4000, &mut Random::new(3));
        let check = |[least, most]: [f32; 2], of: fn(&Augmentation) -> f32| {
            let values = || drawn.iter().map(of);
            let (low, high) = (values().fold(9.0, f32::min), values().fold(-9.0, f32::max));
            let room = 0.01 * (most - least);
            assert!((least..least + room).contains(&low), "{low}, not {least}");
            assert!((most - room..=most).contains(&high), "{high}, not {most}");
        };
        check([-0.5, 0.5], |drawn| drawn.brightness);
        check([0.0, 2.0], |drawn| drawn.saturation);
        check([0.5, 1.5], |drawn| drawn.contrast);
        check([0.0, 1.0], |drawn| drawn.shift[0]);
        check([0.0, 1.0], |drawn| drawn.place[1]);
        assert!(drawn.iter().all(|drawn| drawn.cut == 0.5));
    }

    #[test]
    fn kinds_are_listed_in_any_order() {
        let read = |kinds: &str| Policy::try_from(kinds.to_string()).ok();
        let both = Policy { color: true, translation: false, cutout: true };
        assert_eq!(read("cutout,color"), Some(both));
        assert_eq!(read(""), Some(Policy::default()));
        assert_eq!(read("color,"), None);
        assert_eq!(read("colour"), None);
    }

    #[test]
    fn what_is_off_changes_nothing() {
        let draw = |policy: Policy| policy.draw(1, &mut Random::new(4));
        assert_eq!(draw(Policy::default()), [Augmentation::NONE]);
        let [color] = draw(Policy { color: true, ..Policy::default() })[..] else { panic!() };
        assert_eq!((color.cut, color.shift), (0.0, [0.5; 2]));
        assert_ne!(color.saturation, 1.0);
    }
}
