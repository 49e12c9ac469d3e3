//! Reading a JSON object field by field, strictly: a field of the wrong type or of an unknown name
//! is refused with its name, because a misspelt setting that is silently ignored costs a night.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Choice;
use crate::error::{Error, Result};

/// An object that is being read.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    asked: BTreeSet<&'static str>,
    refuse: fn(String) -> Error,
}

impl<'a> Fields<'a> {
    /// Starts on `value`; every refusal becomes the error that `refuse` makes of its sentence.
    ///
    /// # Errors
    /// When `value` is no object.
    pub fn new(value: &'a Value, refuse: fn(String) -> Error) -> Result<Self> {
        match value.as_object() {
            Some(object) => Ok(Self { object, asked: BTreeSet::new(), refuse }),
            None => Err(refuse(format!("{} stands where an object belongs", shown(value)))),
        }
    }

    /// A number, if it is there. See [`number`] for the two ways in which it may be written.
    ///
    /// # Errors
    /// When it is no finite number.
    pub fn number(&mut self, name: &'static str) -> Result<Option<f64>> {
        self.read(name, "a number", |value| {
            let written = |text: &str| text.parse().ok();
            let read = value.as_f64().or_else(|| value.as_str().and_then(written));
            read.filter(|number: &f64| number.is_finite())
        })
    }

    /// A whole number of zero or more, if it is there.
    ///
    /// # Errors
    /// When it is none, or one that `T` cannot hold.
    pub fn count<T: TryFrom<u64>>(&mut self, name: &'static str) -> Result<Option<T>> {
        let read = |value: &Value| value.as_u64().and_then(|count| T::try_from(count).ok());
        self.read(name, "a whole number of zero or more", read)
    }

    /// `true` or `false`, if it is there.
    ///
    /// # Errors
    /// When it is neither.
    pub fn flag(&mut self, name: &'static str) -> Result<Option<bool>> {
        self.read(name, "true or false", Value::as_bool)
    }

    /// One of a few words, if it is there.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn choice<T: Choice>(&mut self, name: &'static str) -> Result<Option<T>> {
        self.read(name, &T::names(), |value| value.as_str().and_then(T::from_name))
    }

    /// 64 bits as [`hex`] writes them, if they are there.
    ///
    /// # Errors
    /// When it is not text of 16 hexadecimal digits.
    pub fn bits(&mut self, name: &'static str) -> Result<Option<u64>> {
        let digits = |text: &&str| text.len() == 16 && !text.starts_with('+');
        let parse = |text: &str| u64::from_str_radix(text, 16).ok();
        let read = |value: &Value| value.as_str().filter(digits).and_then(parse);
        self.read(name, "16 hexadecimal digits", read)
    }

    /// What `found` holds, or a refusal when `name` is not there.
    ///
    /// # Errors
    /// When `name` is missing.
    pub fn required<T>(&self, name: &str, found: Option<T>) -> Result<T> {
        found.ok_or_else(|| (self.refuse)(format!("{name} is missing")))
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// When there is a field that was not asked for.
    pub fn finish(self) -> Result<()> {
        match self.object.keys().find(|name| !self.asked.contains(name.as_str())) {
            Some(name) => Err((self.refuse)(format!("{} is unknown", shortened(name)))),
            None => Ok(()),
        }
    }

    /// One field through `read`, which answers none for the wrong type.
    fn read<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>> {
        self.asked.insert(name);
        let Some(value) = self.object.get(name) else {
            return Ok(None);
        };
        let refusal = || (self.refuse)(format!("{name} is {}, expected {expected}", shown(value)));
        read(value).ok_or_else(refusal).map(Some)
    }
}

/// A number that comes back to the bit. It is written as a JSON number when `serde_json`, which
/// reads numbers of 17 digits up to one unit off, reads exactly that number from it, and else as
/// text.
pub fn number(number: f64) -> Value {
    let value = Value::from(number);
    let back = serde_json::from_str::<f64>(&value.to_string());
    if back.is_ok_and(|back| back.to_bits() == number.to_bits()) {
        value
    } else {
        Value::from(number.to_string())
    }
}

/// 64 bits as text: JavaScript's numbers, and much that reads JSON, hold only 53.
pub fn hex(bits: u64) -> Value {
    Value::from(format!("{bits:016x}"))
}

/// A value, made fit for a sentence.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
        other => shortened(&other.to_string()),
    }
}

/// At most 40 characters of a stranger's text.
fn shortened(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}
