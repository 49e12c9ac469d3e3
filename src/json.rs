//! Strict reading of JSON. Wrong types and unknown names are refused with the field's name, because
//! a silently ignored misspelling can cost a night of training.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};
use serde_json::{Map, Value};

use crate::{
    choice::Choice,
    error::{Error, Result},
};

/// Reads an object; `refuse` turns the message of every failure into an error. Fails when `value`
/// is not an object, or a field is missing, of the wrong type or unknown to `T`.
pub fn read<T: DeserializeOwned>(value: &Value, refuse: fn(String) -> Error) -> Result<T> {
    // Serde also accepts an array for a struct.
    let Some(object) = value.as_object() else {
        return Err(refuse(format!("{} stands where an object belongs", shown(value))));
    };
    T::deserialize(value).map_err(|error| {
        let wrong = object.iter().find_map(|(name, value)| problem::<T>(name, value));
        refuse(wrong.unwrap_or_else(|| match error.to_string().split('`').nth(1) {
            Some(name) => format!("{name} is missing"),
            None => error.to_string(),
        }))
    })
}

/// The problem with one field. Serde's errors do not name it, so it is tried alone.
fn problem<T: DeserializeOwned>(name: &str, value: &Value) -> Option<String> {
    let alone = Value::Object(Map::from_iter([(name.to_string(), value.clone())]));
    let error = T::deserialize(alone).err()?.to_string();
    if error.starts_with("missing field") {
        return None;
    }
    if error.starts_with("unknown field") {
        return Some(unknown(name));
    }
    let expected = match error.rsplit("expected ").next()? {
        "u64" | "usize" => "a whole number of zero or more",
        "a boolean" => "true or false",
        other => other,
    };
    Some(format!("{name} is {}, expected {expected}", shown(value)))
}

/// The message for a field with an unknown name.
pub fn unknown(name: &str) -> String {
    format!("{} is unknown", shortened(name))
}

/// `value` as JSON, with its fields sorted by name.
pub fn write(value: &impl Serialize) -> Value {
    // Fails only for maps whose keys are not text.
    serde_json::to_value(value).unwrap_or_default()
}

/// A number, which may also be text, as older versions wrote it where JSON was not exact. Fails
/// when it is not a finite number.
pub fn fraction<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let value = Value::deserialize(from)?;
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
    let number = number.filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| D::Error::custom("expected a number"))
}

/// One of an enum's words. Serde would also accept an object with the word as its name. Fails with
/// all words.
pub fn choice<'de, T: Choice, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    let value = Value::deserialize(from)?;
    value.as_str().and_then(T::from_name).ok_or_else(|| {
        let words: Vec<_> = T::names().iter().map(|name| format!("{name:?}")).collect();
        D::Error::custom(format!("expected {}", words.join(" or ")))
    })
}

/// 64 bits as text of 16 hexadecimal digits, because JavaScript's numbers, and many JSON readers,
/// hold only 53.
pub mod hex {
    use super::{Deserialize, Deserializer, Result};
    use serde::{Serializer, de::Error as _};

    /// Writes the bits. Fails as `to` does.
    pub fn serialize<S: Serializer>(bits: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{bits:016x}"))
    }

    /// Reads the bits. Fails when the value is not such text.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        let text = String::deserialize(from).unwrap_or_default();
        let digits = Some(text).filter(|text| text.len() == 16 && !text.starts_with('+'));
        let bits = digits.and_then(|digits| u64::from_str_radix(&digits, 16).ok());
        bits.ok_or_else(|| D::Error::custom("expected 16 hexadecimal digits"))
    }
}

/// A value, shortened for a message.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
        other => shortened(&other.to_string()),
    }
}

/// At most 40 characters of text from a file.
fn shortened(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}
