//! What a pickle builds: small values.
//!
//! They are handles, so copying one is free and a pickle that repeats itself by reference does not
//! grow. Text is borrowed from the file.

use std::borrow::Cow;

use crate::weights::floats::FloatType;

/// Index of a tuple, list, dictionary, storage or tensor in its part of the heap.
pub(super) type Id = usize;

/// A Python object, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    Text(&'a str),
    /// Floats, bytes and integers beyond 64 bits: skipped, because no tensor depends on them.
    Inert,
    Tuple(Id),
    /// A list or a set.
    List(Id),
    Dict(Id),
    Callable(Callable),
    Storage(Id),
    Tensor(Id),
}

impl<'a> Value<'a> {
    /// How it reads as a part of a tensor's path.
    pub(super) fn name(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::Int(number) => number.to_string().into(),
            Self::Bool(true) => "True".into(),
            Self::Bool(false) => "False".into(),
            Self::None => "None".into(),
            _ => "?".into(),
        }
    }
}

/// A run of numbers in the file: a whole storage, or a window of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Storage<'a> {
    /// Its name among the storages of the file.
    pub(super) key: &'a str,
    pub(super) element: ElementType,
    /// Elements of the whole storage.
    pub(super) total: u64,
    /// First element of the window and their number.
    pub(super) start: u64,
    pub(super) length: u64,
}

/// A tensor's description: which elements of which storage, in which order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tensor {
    pub(super) storage: Id,
    /// First element, counted from the start of the storage's window.
    pub(super) offset: u64,
    /// Tuples of integers, in elements.
    pub(super) size: Id,
    pub(super) stride: Id,
}

/// The element type of a storage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ElementType {
    Float(FloatType),
    /// Integers and booleans of this many bytes, which are skipped.
    Integer(u64),
    /// Numbers that float32 cannot hold: their name and size in bytes.
    Other(&'static str, u64),
}

impl ElementType {
    /// Bytes of one element.
    pub(super) fn size(self) -> u64 {
        match self {
            Self::Float(float) => float.size() as u64,
            Self::Integer(size) | Self::Other(_, size) => size,
        }
    }
}

/// A name on the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Callable {
    OrderedDict,
    /// `_rebuild_tensor` and `_rebuild_tensor_v2`, whose first four arguments are the same.
    RebuildTensor,
    RebuildParameter,
    Size,
    StorageType(ElementType),
    /// `torch.float32` and the like: a constant, never called.
    NumberType,
}
