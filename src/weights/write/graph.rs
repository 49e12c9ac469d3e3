//! The nodes and constants of an ONNX graph. Each node is identified by its only output.
//!
//! Field numbers are those of <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>.

use std::collections::BTreeSet;

use super::protobuf::Message;

/// `TensorProto.DataType`.
pub(super) const FLOAT: u64 = 1;
const INT64: u64 = 7;
const FLOAT16: u64 = 10;

/// The value of a node's attribute.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'v> {
    Float(f32),
    Integer(u64),
    Integers(&'v [u64]),
    Text(&'v str),
}

/// A side of the graph's input or output.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side<'v> {
    Fixed(usize),
    /// Any length, by its name.
    Any(&'v str),
}

/// A graph that grows from its input to its output.
#[derive(Debug, Default)]
pub(super) struct Graph<'a> {
    message: Message<'a>,
    constants: BTreeSet<String>,
    nodes: usize,
}

impl<'a> Graph<'a> {
    /// Adds a node and returns the name of its output.
    pub fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Value<'_>)],
    ) -> String {
        self.nodes += 1;
        let output = format!("{operator}_{}", self.nodes);
        self.named(&output, operator, inputs, attributes);
        output
    }

    /// Adds a node with the name `output`.
    pub fn named(
        &mut self,
        output: &str,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Value<'_>)],
    ) {
        let node = inputs.iter().fold(Message::default(), |node, input| node.text(1, input));
        let node = node.text(2, output).text(3, output).text(4, operator);
        let node = attributes
            .iter()
            .fold(node, |node, (name, value)| node.message(5, attribute(name, *value)));
        self.add(1, node);
    }

    /// Adds weights, in float16 if `half`, and returns the name under which they are float32.
    pub fn weights(
        &mut self,
        name: &str,
        shape: &[usize],
        numbers: &'a [f32],
        half: bool,
    ) -> String {
        let kind = if half { FLOAT16 } else { FLOAT };
        self.add(5, tensor(name, shape, kind).numbers(9, numbers, half));
        if !half {
            return name.into();
        }
        let output = format!("{name}.float32");
        self.named(&output, "Cast", &[name], &[("to", Value::Integer(FLOAT))]);
        output
    }

    /// Adds float32 numbers, unless there are some of this name, and returns the name.
    pub fn floats(&mut self, name: String, shape: &[usize], numbers: &[f32]) -> String {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.constant(name, shape, FLOAT, &bytes)
    }

    /// The same for integers in a row.
    pub fn integers(&mut self, name: String, numbers: &[i64]) -> String {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.constant(name, &[numbers.len()], INT64, &bytes)
    }

    fn constant(&mut self, name: String, shape: &[usize], kind: u64, bytes: &[u8]) -> String {
        if self.constants.insert(name.clone()) {
            self.add(5, tensor(&name, shape, kind).bytes(9, bytes));
        }
        name
    }

    /// The graph as a message, once its ends are known: their names and sides.
    pub fn finish(
        mut self,
        name: &str,
        input: (&str, &[Side<'_>]),
        output: (&str, &[Side<'_>]),
    ) -> Message<'a> {
        self.add(11, end(input));
        self.add(12, end(output));
        self.message.text(2, name)
    }

    fn add(&mut self, field: u64, message: Message<'a>) {
        let before = std::mem::take(&mut self.message);
        self.message = before.message(field, message);
    }
}

/// `AttributeProto`.
fn attribute<'a>(name: &str, value: Value<'_>) -> Message<'a> {
    let attribute = Message::default().text(1, name);
    match value {
        Value::Float(number) => attribute.float(2, number).integer(20, 1),
        Value::Integer(number) => attribute.integer(3, number).integer(20, 2),
        Value::Text(text) => attribute.text(4, text).integer(20, 3),
        Value::Integers(numbers) => {
            let numbers = numbers.iter();
            numbers.fold(attribute, |message, number| message.integer(8, *number)).integer(20, 7)
        }
    }
}

/// `TensorProto` without its numbers, field 9.
fn tensor<'a>(name: &str, shape: &[usize], kind: u64) -> Message<'a> {
    let sides = shape.iter();
    let dims = sides.fold(Message::default(), |dims, side| dims.integer(1, *side as u64));
    dims.integer(2, kind).text(8, name)
}

/// `ValueInfoProto` of float32.
fn end<'a>((name, sides): (&str, &[Side<'_>])) -> Message<'a> {
    let shape = sides.iter().fold(Message::default(), |shape, side| {
        let dim = match side {
            Side::Fixed(side) => Message::default().integer(1, *side as u64),
            Side::Any(name) => Message::default().text(2, name),
        };
        shape.message(1, dim)
    });
    let tensor = Message::default().integer(1, FLOAT).message(2, shape);
    Message::default().text(1, name).message(2, Message::default().message(1, tensor))
}
