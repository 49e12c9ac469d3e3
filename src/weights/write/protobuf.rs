//! The part of protobuf's binary format that ONNX files use: integers, floats, text and messages
//! (<https://protobuf.dev/programming-guides/encoding>).
//!
//! A message is preceded by its length. So it is put together from small pieces and references to
//! weights, whose lengths are known, and written afterwards.

use super::{Sink, write_numbers};
use crate::error::Result;

const VARINT: u64 = 0;
const LENGTH_DELIMITED: u64 = 2;
const FIXED32: u64 = 5;

/// A part of a message.
#[derive(Debug)]
enum Part<'a> {
    Bytes(Vec<u8>),
    Numbers { numbers: &'a [f32], half: bool },
}

/// A message without its length.
#[derive(Debug, Default)]
pub(super) struct Message<'a> {
    parts: Vec<Part<'a>>,
    length: u64,
}

impl<'a> Message<'a> {
    /// Bytes of the message.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// With a field of a non-negative integer.
    pub fn integer(mut self, field: u64, value: u64) -> Self {
        let mut bytes = tag(field, VARINT);
        bytes.extend(varint(value));
        self.push(bytes);
        self
    }

    /// With a field of a float32.
    pub fn float(mut self, field: u64, value: f32) -> Self {
        let mut bytes = tag(field, FIXED32);
        bytes.extend(value.to_le_bytes());
        self.push(bytes);
        self
    }

    /// With a field of text.
    pub fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    /// With a field of bytes.
    pub fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        let mut bytes = head(field, value.len() as u64);
        bytes.extend(value);
        self.push(bytes);
        self
    }

    /// With a field of the bytes of float32 or, if `half`, float16 numbers.
    pub fn numbers(mut self, field: u64, numbers: &'a [f32], half: bool) -> Self {
        let length = (numbers.len() * if half { 2 } else { 4 }) as u64;
        self.push(head(field, length));
        self.parts.push(Part::Numbers { numbers, half });
        self.length += length;
        self
    }

    /// With a field of a message.
    pub fn message(mut self, field: u64, message: Self) -> Self {
        self.push(head(field, message.length));
        self.length += message.length;
        self.parts.extend(message.parts);
        self
    }

    /// Writes the message. Fails as the sink does.
    pub fn write(&self, to: &mut Sink<'_>) -> Result<()> {
        self.parts.iter().try_for_each(|part| match part {
            Part::Bytes(bytes) => to(bytes),
            Part::Numbers { numbers, half } => write_numbers(numbers, *half, to),
        })
    }

    fn push(&mut self, bytes: Vec<u8>) {
        self.length += bytes.len() as u64;
        match self.parts.last_mut() {
            Some(Part::Bytes(last)) => last.extend(bytes),
            _ => self.parts.push(Part::Bytes(bytes)),
        }
    }
}

/// What precedes a field of this length.
fn head(field: u64, length: u64) -> Vec<u8> {
    let mut bytes = tag(field, LENGTH_DELIMITED);
    bytes.extend(varint(length));
    bytes
}

fn tag(field: u64, wire_type: u64) -> Vec<u8> {
    varint(field << 3 | wire_type)
}

/// Seven bits a byte, the lowest first; all but the last have the highest bit set.
fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
