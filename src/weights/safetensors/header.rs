//! The JSON header of a safetensors file.
//!
//! The crate's own parser keeps several copies of a header, fifty times its length at worst. Here
//! free text is copied once, and what describes tensors is limited. The crate still checks that the
//! tensors follow each other without gaps, and that their shapes and bytes agree.

use std::collections::BTreeMap;
use std::fmt;

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Most tensors in a file. The four networks of a CycleGAN with their optimisers have 350, and twice
/// as many while its generators are polished.
const MOST_TENSORS: usize = 1 << 14;

/// Most pieces of free text beside them.
const MOST_TEXTS: usize = 1 << 12;

/// Most dimensions of a tensor; a convolution's weight has four.
const MOST_DIMENSIONS: usize = 16;

/// What a header says.
pub(super) struct Header {
    /// Free text by key.
    pub(super) metadata: BTreeMap<String, String>,
    /// In the order of their numbers.
    pub(super) tensors: Vec<(String, TensorInfo)>,
    /// How many bytes the numbers take.
    pub(super) length: u64,
}

impl Header {
    /// Parses and checks a header; fails with a reason.
    pub(super) fn parse(header: &[u8]) -> Result<Self, String> {
        let Raw { metadata, tensors } =
            serde_json::from_slice(header).map_err(|error| error.to_string())?;
        let mut tensors: Vec<_> = tensors.into_iter().collect();
        tensors.sort_by_key(|(_, info)| info.data_offsets);
        let checked = Metadata::new(None, tensors.clone()).map_err(|error| error.to_string())?;
        Ok(Self { metadata, tensors, length: checked.data_len() as u64 })
    }
}

/// A header as it is written.
struct Raw {
    metadata: BTreeMap<String, String>,
    tensors: BTreeMap<String, TensorInfo>,
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("tensors by their names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut raw = Raw { metadata: BTreeMap::new(), tensors: BTreeMap::new() };
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                Limited(raw.metadata) = map.next_value()?;
                continue;
            }
            let Entry { dtype, shape: Shape(shape), data_offsets } = map.next_value()?;
            let info = TensorInfo { dtype, shape, data_offsets };
            if raw.tensors.insert(name, info).is_some() {
                return Err(A::Error::custom("a tensor is there twice"));
            }
            if raw.tensors.len() > MOST_TENSORS {
                return Err(A::Error::custom("there are too many tensors"));
            }
        }
        Ok(raw)
    }
}

#[derive(serde::Deserialize)]
struct Entry {
    dtype: Dtype,
    shape: Shape,
    data_offsets: (usize, usize),
}

/// Extents of which there are not too many.
struct Shape(Vec<usize>);

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ShapeVisitor;
        impl<'de> Visitor<'de> for ShapeVisitor {
            type Value = Shape;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a shape")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
                let mut shape = Vec::new();
                while let Some(extent) = items.next_element()? {
                    if shape.len() == MOST_DIMENSIONS {
                        return Err(A::Error::custom("a tensor has too many dimensions"));
                    }
                    shape.push(extent);
                }
                Ok(Shape(shape))
            }
        }
        from.deserialize_seq(ShapeVisitor)
    }
}

/// Free text by key, of which there is not too much. As in the format's own reader, `null` is none.
struct Limited(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Limited {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct LimitedVisitor;
        impl<'de> Visitor<'de> for LimitedVisitor {
            type Value = Limited;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("text by key")
            }

            fn visit_unit<E>(self) -> Result<Limited, E> {
                Ok(Limited(BTreeMap::new()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Limited, A::Error> {
                let mut texts = BTreeMap::new();
                while let Some((key, text)) = map.next_entry()? {
                    texts.insert(key, text);
                    if texts.len() > MOST_TEXTS {
                        return Err(A::Error::custom("there are too many texts"));
                    }
                }
                Ok(Limited(texts))
            }
        }
        from.deserialize_any(LimitedVisitor)
    }
}
