//! A generator as an ONNX model, from `input` to `output`, both `[N, 3, H, W]` in [-1, 1] (grey
//! pictures: `[N, 1, H, W]`), for any N and for sides that are multiples of 4.
//!
//! Operators are those of opset 17. float16 weights are converted where they are used, so every
//! runtime computes in float32 and needs no support for float16.

use super::{
    Blueprint, Export, Sink,
    blur::Blur,
    graph::{Graph, Side, Value},
    protobuf::Message,
};
use crate::{
    error::{Error, Result},
    weights::architecture::{Architecture, Down, Layer, Up},
};

/// The version of the file format that came with opset 17.
const IR_VERSION: u64 = 8;
const OPSET: u64 = 17;
/// PyTorch's default for `InstanceNorm2d`.
const EPSILON: f32 = 1e-5;
/// Protobuf's messages are shorter.
const LONGEST: u64 = i32::MAX as u64;

/// Names of the graph's ends.
const INPUT: &str = "input";
const OUTPUT: &str = "output";

pub(super) fn write(export: &Export<'_>, to: &mut Sink<'_>) -> Result<()> {
    let Blueprint::Generator(architecture) = export.blueprint else {
        let detail = "ONNX is for generators; write a discriminator as .pth or .safetensors";
        return Err(Error::WeightsNotGenerator(detail.into()));
    };
    let mut network = Network { graph: Graph::default(), export, architecture };
    let (mut x, mut carried) = (INPUT.to_string(), String::new());
    for layer in architecture.layers() {
        if matches!(layer, Layer::Block(_, 0)) {
            carried.clone_from(&x);
        }
        x = network.layer(layer, &x)?;
        if matches!(layer, Layer::Block(_, 1)) {
            x = network.graph.node("Add", &[&x, &carried], &[]);
        }
    }
    network.graph.named(OUTPUT, "Tanh", &[&x], &[]);

    let channels = architecture.pictures;
    let sides =
        [Side::Any("batch"), Side::Fixed(channels), Side::Any("height"), Side::Any("width")];
    let graph = network.graph.finish("generator", (INPUT, &sides), (OUTPUT, &sides));
    let model = Message::default()
        .integer(1, IR_VERSION)
        .text(2, env!("CARGO_PKG_NAME"))
        .text(3, env!("CARGO_PKG_VERSION"))
        .message(7, graph)
        .message(8, Message::default().text(1, "").integer(2, OPSET));
    let model = metadata(export, channels).into_iter().fold(model, |model, (key, text)| {
        model.message(14, Message::default().text(1, &key).text(2, &text))
    });
    if model.length() > LONGEST {
        return Err(Error::WeightsTooLarge("an ONNX file holds at most 2 GiB".into()));
    }
    model.write(to)
}

/// What the model says of itself, and how to use it. Thumbnails are left out: runtimes load all
/// of it.
fn metadata(export: &Export<'_>, channels: usize) -> Vec<(String, String)> {
    let usage = format!(
        "{INPUT} and {OUTPUT}: float32 [batch, {channels}, height, width], {} / 127.5 - 1; height \
         and width are multiples of 4 and at least 8. Add margin pixels of reflected border at \
         each side before, and cut them off after.",
        if channels == 1 { "grey level" } else { "red, green, blue" },
    );
    let about = export.about.to_metadata().into_iter();
    about
        .filter(|(key, _)| !key.starts_with("thumbnail"))
        .chain([("usage".to_string(), usage)])
        .collect()
}

/// A generator on its way to a graph.
struct Network<'a, 'e> {
    graph: Graph<'a>,
    export: &'e Export<'a>,
    architecture: Architecture,
}

impl Network<'_, '_> {
    /// A convolution with its border, normalisation and activation; all but the last `Tanh`.
    fn layer(&mut self, layer: Layer, x: &str) -> Result<String> {
        let x = match layer {
            Layer::Stem | Layer::Head => self.reflected(x, 3),
            Layer::Block(..) => self.reflected(x, 1),
            Layer::Up(_) => self.enlarged(x),
            Layer::Down(_) if self.architecture.down == Down::Mirrored => self.reflected(x, 1),
            Layer::Down(_) => x.into(),
        };
        let x = self.convolved(layer, &x)?;
        if layer == Layer::Head {
            return Ok(x);
        }
        let x = self.normalised(layer, &x)?;
        if matches!(layer, Layer::Block(_, 1)) {
            return Ok(x);
        }
        let x = self.graph.node("Relu", &[&x], &[]);
        Ok(match layer {
            Layer::Down(_) => self.blurred(layer, x),
            _ => x,
        })
    }

    fn reflected(&mut self, x: &str, border: i64) -> String {
        let amounts = [0, 0, border, border, 0, 0, border, border];
        let amounts = self.graph.integers(format!("border_{border}"), &amounts);
        self.graph.node("Pad", &[x, &amounts], &[("mode", Value::Text("reflect"))])
    }

    /// What comes before a convolution that is not transposed.
    fn enlarged(&mut self, x: &str) -> String {
        let (mode, place) = match self.architecture.up {
            Up::Transpose => return x.into(),
            // CUT's filter weights as bilinear interpolation does.
            Up::Bilinear | Up::Blurred => ("linear", "half_pixel"),
            Up::Nearest => ("nearest", "asymmetric"),
        };
        let factors = self.graph.floats("twice".into(), &[4], &[1.0, 1.0, 2.0, 2.0]);
        let attributes = [
            ("mode", Value::Text(mode)),
            ("coordinate_transformation_mode", Value::Text(place)),
            ("nearest_mode", Value::Text("floor")),
        ];
        let x = self.graph.node("Resize", &[x, "", &factors], &attributes);
        if self.architecture.up == Up::Bilinear { self.reflected(&x, 1) } else { x }
    }

    fn convolved(&mut self, layer: Layer, x: &str) -> Result<String> {
        let architecture = self.architecture;
        let key = architecture.key(layer);
        let shape = architecture.weight_shape(layer);
        let [.., side] = shape.map(|side| side as u64);
        let transposed = architecture.is_transposed(layer);
        let zeros = match layer {
            Layer::Stem | Layer::Block(..) | Layer::Head => 0,
            Layer::Down(_) => u64::from(architecture.down != Down::Mirrored),
            Layer::Up(_) => u64::from(architecture.up != Up::Bilinear),
        };
        let strided =
            transposed || matches!(layer, Layer::Down(_)) && architecture.down != Down::Blurred;
        let stride = if strided { 2 } else { 1 };
        let (kernel, strides, pads) = ([side; 2], [stride; 2], [zeros; 4]);
        let weight = self.weights(format!("{key}.weight"), &shape)?;
        let bias = self.weights(format!("{key}.bias"), &[architecture.channels(layer).1])?;
        let mut attributes = vec![
            ("kernel_shape", Value::Integers(&kernel)),
            ("strides", Value::Integers(&strides)),
            ("pads", Value::Integers(&pads)),
        ];
        if transposed {
            attributes.push(("output_padding", Value::Integers(&[1, 1])));
        }
        let operator = if transposed { "ConvTranspose" } else { "Conv" };
        Ok(self.graph.node(operator, &[x, &weight, &bias], &attributes))
    }

    fn normalised(&mut self, layer: Layer, x: &str) -> Result<String> {
        let (_, channels) = self.architecture.channels(layer);
        let [scale, shift] = match self.architecture.norm_key(layer) {
            Some(key) => [
                self.weights(format!("{key}.weight"), &[channels])?,
                self.weights(format!("{key}.bias"), &[channels])?,
            ],
            None => [("ones", 1.0), ("zeros", 0.0)].map(|(name, number)| {
                let numbers = vec![number; channels];
                self.graph.floats(format!("{name}_{channels}"), &[channels], &numbers)
            }),
        };
        let epsilon = [("epsilon", Value::Float(EPSILON))];
        Ok(self.graph.node("InstanceNormalization", &[x, &scale, &shift], &epsilon))
    }

    /// CUT's filter after a convolution that does not reduce the image itself.
    fn blurred(&mut self, layer: Layer, x: String) -> String {
        let Some(blur) = Blur::of(&self.architecture, layer) else { return x };
        let x = self.reflected(&x, 1);
        let filter = self.graph.floats(blur.name(), &blur.shape(), &blur.numbers);
        let attributes = [
            ("kernel_shape", Value::Integers(&[blur.side as u64; 2])),
            ("strides", Value::Integers(&[2, 2])),
            ("group", Value::Integer(blur.channels as u64)),
        ];
        self.graph.node("Conv", &[&x, &filter], &attributes)
    }

    /// Weights by their name in the state dict.
    fn weights(&mut self, name: String, shape: &[usize]) -> Result<String> {
        let tensor = self.export.state.get(&name);
        let tensor = tensor.ok_or_else(|| Error::WeightsMissingTensor(name.clone()))?;
        Ok(self.graph.weights(&name, shape, &tensor.data, self.export.half))
    }
}
