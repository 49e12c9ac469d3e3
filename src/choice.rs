//! Settings with a few named values, as in PyTorch's options and in JSON.

use serde::{
    Deserializer,
    de::{self, DeserializeOwned, Error as _, IntoDeserializer as _, Visitor, value::Error},
    forward_to_deserialize_any,
};

/// An enum of such words, which are serde's names of its variants. They never change, because
/// checkpoints contain them.
pub trait Choice: DeserializeOwned + Copy + PartialEq + 'static {
    /// All names.
    fn names() -> &'static [&'static str] {
        let mut names = Names(&[]);
        // Always fails: deserializing asks for the names first, and then gets no value.
        let _ = Self::deserialize(&mut names);
        names.0
    }

    /// Each value.
    fn all() -> impl Iterator<Item = Self> {
        Self::names().iter().filter_map(|name| Self::from_name(name))
    }

    /// The value with this name.
    fn from_name(name: &str) -> Option<Self> {
        let name: de::value::StrDeserializer<'_, Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }

    /// The name of this value.
    fn name(self) -> &'static str {
        let is_its = |name: &&&str| Self::from_name(name) == Some(self);
        Self::names().iter().find(is_its).copied().unwrap_or_default()
    }
}

/// Records the names that an enum passes to its deserializer.
struct Names(&'static [&'static str]);

impl<'de> Deserializer<'de> for &mut Names {
    type Error = Error;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.0 = variants;
        Err(Error::custom("only the names were asked for"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("it is no enum"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
