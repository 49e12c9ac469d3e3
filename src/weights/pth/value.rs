//! What a pickle builds: small values.
//!
//! They are handles, so copying one is free and a pickle that repeats itself by reference does not
//! grow. Text and bytes are borrowed from the file.

use std::borrow::Cow;

use crate::weights::floats::{ByteOrder, FloatType};

/// Index of a list, dictionary, object, storage, tensor, array or type in its part of the heap.
pub(super) type Id = usize;

/// The longest part of a path, in bytes: longer ones are cut. No network has such names.
const LONGEST_KEY: usize = 600;

/// A Python object, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// Bytes as Python 3 writes them in protocol 2: text in which each character is one byte.
    Latin1(&'a str),
    /// What no tensor depends on: floats, integers beyond 64 bits, scalars of NumPy.
    Inert,
    /// This many [`Value::Inert`]s in a row, in a list.
    Inerts(u32),
    /// As a key: what follows belongs to the object itself, without a name of its own.
    Own,
    Tuple(Span),
    /// A list or a set.
    List(Id),
    Dict(Id),
    /// An instance of any class, kept as a dictionary of what it holds.
    Object(Id),
    Global(Global),
    Storage(Id),
    Tensor(Id),
    /// An element type of NumPy, and an array.
    Dtype(Id),
    Array(Id),
}

impl<'a> Value<'a> {
    /// Text, cut to what may be part of a path.
    pub(super) fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => text.get(..text.floor_char_boundary(LONGEST_KEY)),
            _ => None,
        }
    }

    /// How it reads as a part of a tensor's path.
    pub(super) fn name(self) -> Cow<'a, str> {
        match self {
            Self::Text(_) => self.text().unwrap_or_default().into(),
            Self::Int(number) => number.to_string().into(),
            Self::Bool(true) => "True".into(),
            Self::Bool(false) => "False".into(),
            Self::None => "None".into(),
            _ => "?".into(),
        }
    }

    /// Whether tensors may be within it.
    pub(super) fn has_parts(self) -> bool {
        match self {
            Self::Tuple(span) => span.length > 0,
            Self::List(_) | Self::Dict(_) | Self::Object(_) | Self::Tensor(_) | Self::Array(_) => {
                true
            }
            _ => false,
        }
    }
}

/// A tuple's items on the heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) length: u32,
}

/// A run of numbers in the file: a whole storage, or a window of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Storage<'a> {
    pub(super) place: Place<'a>,
    pub(super) element: ElementType,
    /// Elements of the whole storage.
    pub(super) total: u64,
    /// First element of the window and their number.
    pub(super) start: u64,
    pub(super) length: u64,
}

/// Where a storage's numbers are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place<'a> {
    /// Outside the pickle, under this name.
    Key(&'a str),
    /// In the pickle.
    Bytes(&'a [u8], ByteOrder),
    /// In the pickle, as [`Value::Latin1`].
    Latin1(&'a str, ByteOrder),
}

/// A tensor's description: which elements of which storage, in which order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tensor {
    pub(super) storage: Id,
    pub(super) element: ElementType,
    /// First element, counted from the start of the storage's window.
    pub(super) offset: u64,
    /// Tuples of integers, in elements.
    pub(super) size: Span,
    pub(super) stride: Span,
}

/// The type of a storage's or a tensor's elements, with the bytes of one where they vary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ElementType {
    Float(FloatType),
    /// Integers and booleans.
    Integer(u8),
    Complex(u8),
    Quantised(u8),
    /// Floating-point numbers of 8 bits.
    Float8,
    /// Anything else that NumPy has in arrays: text, dates, objects.
    Other,
}

impl ElementType {
    /// Bytes of one element.
    pub(super) fn size(self) -> u64 {
        match self {
            Self::Float(float) => float.size() as u64,
            Self::Integer(size) | Self::Complex(size) | Self::Quantised(size) => size.into(),
            Self::Float8 | Self::Other => 1,
        }
    }

    /// What such elements are, for a message.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Float(_) => "floating-point numbers",
            Self::Integer(_) => "whole numbers",
            Self::Complex(_) => "complex numbers",
            Self::Quantised(_) => "quantised numbers",
            Self::Float8 => "floating-point numbers of 8 bits",
            Self::Other => "no numbers",
        }
    }
}

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Global {
    OrderedDict,
    /// The other containers of Python, which are taken for what they are made from.
    Container,
    /// `_rebuild_tensor` and `_rebuild_tensor_v2`, whose first four arguments are the same.
    RebuildTensor,
    /// `_rebuild_tensor_v3`, which also gives the type.
    TypedTensor,
    QuantisedTensor,
    /// What makes a parameter of a tensor, its first argument.
    Parameter,
    /// `_rebuild_from_type_v2`: another function, a class, and the arguments for both.
    FromType,
    /// Tensors that were not on a processor or an NVIDIA card: an array of NumPy, and what to make
    /// of it.
    DeviceTensor,
    Size,
    StorageType(ElementType),
    /// `torch.float32` and the like: a constant, never called.
    NumberType(ElementType),
    /// Text to bytes.
    Encode,
    /// A storage within a pickle, as a file of its own.
    LoadFromBytes,
    /// NumPy's: a type, an array that is described later, an array, and a single number.
    Dtype,
    NewArray,
    FromBuffer,
    Scalar,
    /// What an object calls by a name, such as a member of an enumeration.
    Attribute,
    /// Any other name. Calling it gives an object that holds what it was given.
    Other,
}
