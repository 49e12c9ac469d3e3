//! What a model says of itself: text beside its weights, in the metadata of safetensors and ONNX.
//!
//! Files come from strangers, so [`About::from_metadata`] takes only what it would also write:
//! anything longer, out of range or of another kind is left out, and never fails.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The longest name of a look, in characters.
pub const LONGEST_NAME: usize = 80;
/// The longest description of what a model was trained on, in characters.
pub const LONGEST_TEXT: usize = 1000;
/// The longest thumbnail, in characters of base64: a JPEG of 48 KiB.
pub const LONGEST_THUMBNAIL: usize = 64 << 10;
/// The widest border that a model can ask for, in pixels.
const WIDEST_MARGIN: u32 = 256;
/// The largest side that a model can name, in pixels.
const LARGEST_SIZE: u32 = 8192;

/// The first bytes of every JPEG, `ff d8 ff`, in base64.
const JPEG: &str = "/9j/";

/// What a model says of itself; every part may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(target_family = "wasm", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct About {
    /// The look of the pictures that it takes, such as `summer`.
    pub from: Option<String>,
    /// The look of the pictures that it makes.
    pub to: Option<String>,
    /// Pixels of reflected border that it wants around a picture, 0 to 256.
    pub margin: Option<u32>,
    /// The longer side of the pictures that it translates best, in pixels.
    pub size: Option<u32>,
    /// What it was trained on, as free text.
    pub trained_on: Option<String>,
    /// A small picture and its translation: JPEGs as base64.
    pub thumbnails: Option<[String; 2]>,
}

impl About {
    /// The text to write into a file, by key: `from`, `to`, `margin`, `size`, `trained_on`,
    /// `thumbnail_before` and `thumbnail_after`. Parts beyond the limits are left out.
    pub fn to_metadata(&self) -> BTreeMap<String, String> {
        let Self { from, to, margin, size, trained_on, thumbnails } = self.clone().within_limits();
        let [before, after] = thumbnails.map_or([None, None], |both| both.map(Some));
        let parts = [
            ("from", from),
            ("to", to),
            ("margin", margin.map(|margin| margin.to_string())),
            ("size", size.map(|size| size.to_string())),
            ("trained_on", trained_on),
            ("thumbnail_before", before),
            ("thumbnail_after", after),
        ];
        parts.into_iter().filter_map(|(key, text)| Some((key.to_string(), text?))).collect()
    }

    /// What a file's metadata says, as far as it is within the limits.
    pub fn from_metadata(metadata: &BTreeMap<String, String>) -> Self {
        let text = |key: &str| metadata.get(key).cloned();
        let number = |key: &str| metadata.get(key)?.trim().parse().ok();
        let about = Self {
            from: text("from"),
            to: text("to"),
            margin: number("margin"),
            size: number("size"),
            trained_on: text("trained_on"),
            thumbnails: text("thumbnail_before").zip(text("thumbnail_after")).map(Into::into),
        };
        about.within_limits()
    }

    fn within_limits(self) -> Self {
        let Self { from, to, margin, size, trained_on, thumbnails } = self;
        Self {
            from: from.and_then(|name| line(&name, LONGEST_NAME)),
            to: to.and_then(|name| line(&name, LONGEST_NAME)),
            margin: margin.filter(|margin| *margin <= WIDEST_MARGIN),
            size: size.filter(|size| (1..=LARGEST_SIZE).contains(size)),
            trained_on: trained_on.and_then(|text| line(&text, LONGEST_TEXT)),
            thumbnails: thumbnails.filter(|both| both.iter().all(|picture| is_jpeg(picture))),
        }
    }
}

/// Text in one line, without control characters, which could steer a terminal; `None` if nothing
/// is left, or too much.
fn line(text: &str, longest: usize) -> Option<String> {
    let printable = |char: char| if char.is_control() { ' ' } else { char };
    let text = text.chars().map(printable).collect::<String>();
    let text = text.trim();
    (!text.is_empty() && text.chars().count() <= longest).then(|| text.into())
}

/// Whether this may be a JPEG as base64 with padding (RFC 4648, section 4).
fn is_jpeg(base64: &str) -> bool {
    let digits = base64.trim_end_matches('=');
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    base64.len() <= LONGEST_THUMBNAIL
        && base64.len().is_multiple_of(4)
        && base64.len() - digits.len() <= 2
        && digits.starts_with(JPEG)
        && digits.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> About {
        About {
            from: Some("summer".into()),
            to: Some("Winter in Zürich".into()),
            margin: Some(32),
            size: Some(512),
            trained_on: Some("900 photos of Yosemite".into()),
            thumbnails: Some(["/9j/AA==".into(), "/9j/4AAQ".into()]),
        }
    }

    #[test]
    fn metadata_gives_back_what_was_said() {
        for about in [full(), About::default(), About { margin: Some(0), ..About::default() }] {
            assert_eq!(About::from_metadata(&about.to_metadata()), about);
        }
        assert_eq!(full().to_metadata().len(), 7);
        assert!(About::default().to_metadata().is_empty());
    }

    #[test]
    fn what_is_beyond_a_limit_is_left_out_and_the_rest_is_kept() {
        let long = |length| "x".repeat(length);
        let base64 = |length: usize| format!("{JPEG}{}", "A".repeat(length - JPEG.len()));
        let odd = [
            ("from", String::new()),
            ("from", "\u{1b}".into()),
            ("to", long(LONGEST_NAME + 1)),
            ("margin", "257".into()),
            ("margin", "-1".into()),
            ("margin", "8.5".into()),
            ("size", "0".into()),
            ("size", "99999999999".into()),
            ("trained_on", long(LONGEST_TEXT + 1)),
            ("thumbnail_after", base64(LONGEST_THUMBNAIL + 4)),
            ("thumbnail_after", "/9j/AA=A".into()),
            ("thumbnail_after", "/9j/A===".into()),
            ("thumbnail_after", "/9j/AAA".into()),
            ("thumbnail_after", "iVBORw0KGgo=".into()),
            ("thumbnail_before", "data:image/jpeg;base64,/9j/".into()),
        ];
        for (key, text) in odd {
            let mut metadata = full().to_metadata();
            metadata.insert(key.into(), text.clone());
            metadata.insert("unknown".into(), "beside it".into());
            let mut expected = full().to_metadata();
            expected.remove(key);
            if key.starts_with("thumbnail") {
                expected.retain(|key, _| !key.starts_with("thumbnail"));
            }
            assert_eq!(About::from_metadata(&metadata).to_metadata(), expected, "{key} {text:?}");
        }
        let about =
            About { thumbnails: Some([base64(LONGEST_THUMBNAIL), "/9j/".into()]), ..full() };
        assert_eq!(About::from_metadata(&about.to_metadata()), about, "at the limit");
    }

    #[test]
    fn text_cannot_steer_a_terminal() {
        let from = Some("red\u{1b}[31m\nnext".into());
        let about = About { from, ..About::default() };
        assert_eq!(about.to_metadata()["from"], "red [31m next");
    }
}
