/**
 * Writes the generator as an ONNX model, from the same tensors that our engine gets.
 *
 * Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; operators are those of
 * opset 17. The picture's size is fixed, so that a runtime can plan its memory.
 */
import { bytes, float, integer, message, serialise, text } from './protobuf.js';

/** @typedef {import('./protobuf.js').Message} Message */
/** @typedef {import('./types.js').Layer} Layer */
/** @typedef {import('./types.js').Tensor} Tensor */

const IR_VERSION = 8;
const OPSET = 17;
/** PyTorch's default for InstanceNorm2d. */
const EPSILON = 1e-5;

/** `TensorProto.DataType`. */
const DATA_TYPE = { float: 1, int64: 7 };
/** `AttributeProto.AttributeType`. */
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 };

/**
 * @param {string} name
 * @param {number | string | number[]} value a non-integer number becomes a float
 * @returns {Message}
 */
function attribute(name, value) {
  /** @type {[number, Message[]]} */
  let [type, fields] = [ATTRIBUTE_TYPE.ints, []];
  if (Array.isArray(value)) fields = value.map((item) => integer(8, item));
  else if (typeof value === 'string') [type, fields] = [ATTRIBUTE_TYPE.string, [text(4, value)]];
  else if (Number.isInteger(value)) [type, fields] = [ATTRIBUTE_TYPE.int, [integer(3, value)]];
  else [type, fields] = [ATTRIBUTE_TYPE.float, [float(2, value)]];
  return message(5, text(1, name), ...fields, integer(20, type));
}

/**
 * @param {string} name
 * @param {number[]} shape
 * @param {Float32Array | BigInt64Array} data
 */
function initializer(name, shape, data) {
  const type = data instanceof Float32Array ? DATA_TYPE.float : DATA_TYPE.int64;
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const dims = shape.map((side) => integer(1, side));
  return message(5, ...dims, integer(2, type), text(8, name), bytes(9, raw));
}

/** @param {number} field @param {string} name @param {number[]} shape */
function valueInfo(field, name, shape) {
  const dims = shape.map((side) => message(1, integer(1, side)));
  const tensor = message(1, integer(1, DATA_TYPE.float), message(2, ...dims));
  return message(field, text(1, name), message(2, tensor));
}

/** The nodes of a graph, each identified by its only output. */
class Graph {
  /** @type {Message[]} */
  fields = [];
  #made = new Set();
  #nodes = 0;

  /**
   * @param {string} operator
   * @param {string[]} inputs
   * @param {Record<string, number | string | number[]>} attributes
   * @param {string} [output]
   * @returns {string} the output's name
   */
  node(operator, inputs, attributes = {}, output = `${operator}_${this.#nodes}`) {
    this.#nodes++;
    const named = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    const ends = [...inputs.map((name) => text(1, name)), text(2, output)];
    this.fields.push(message(1, ...ends, text(3, output), text(4, operator), ...named));
    return output;
  }

  /**
   * A constant that several nodes can share.
   * @param {string} name
   * @param {number[]} shape
   * @param {() => Float32Array | BigInt64Array} data
   */
  constant(name, shape, data) {
    if (!this.#made.has(name)) this.fields.push(initializer(name, shape, data()));
    this.#made.add(name);
    return name;
  }
}

/**
 * A convolution with its border, normalisation and activation.
 * @param {Graph} graph
 * @param {Layer} layer
 * @param {string} input
 * @param {string} carried what to add at the end of a residual block
 * @param {string} [last] name of the graph's output
 */
function addLayer(graph, layer, input, carried, last) {
  const border = layer.padding;
  let x = input;
  if (layer.border === 'reflect') {
    const amounts = () => BigInt64Array.from([0, 0, border, border, 0, 0, border, border], BigInt);
    x = graph.node('Pad', [x, graph.constant(`border_${border}`, [8], amounts)], {
      mode: 'reflect',
    });
  }
  const padding = layer.border === 'reflect' ? 0 : border;
  const window = {
    kernel_shape: [layer.kernel, layer.kernel],
    strides: [layer.stride, layer.stride],
    pads: [padding, padding, padding, padding],
  };
  const inputs = [x, `${layer.key}.weight`, `${layer.key}.bias`];
  x = layer.transposed
    ? graph.node('ConvTranspose', inputs, { ...window, output_padding: [1, 1] })
    : graph.node('Conv', inputs, window);
  if (layer.norm) {
    const { outputs } = layer;
    const scale = graph.constant(`one_${outputs}`, [outputs], () =>
      new Float32Array(outputs).fill(1),
    );
    const shift = graph.constant(`zero_${outputs}`, [outputs], () => new Float32Array(outputs));
    x = graph.node('InstanceNormalization', [x, scale, shift], { epsilon: EPSILON });
  }
  if (layer.activation === 'relu') x = graph.node('Relu', [x]);
  if (layer.activation === 'tanh') x = graph.node('Tanh', [x], {}, last);
  if (layer.block === 'second') x = graph.node('Add', [x, carried]);
  return x;
}

/**
 * A model from `input` `[1, 3, size, size]` to `output` of the same shape, both in [-1, 1].
 * @param {Layer[]} layers
 * @param {Tensor[]} tensors
 * @param {number} size
 * @returns {Uint8Array}
 */
export function onnxModel(layers, tensors, size) {
  const graph = new Graph();
  for (const { name, shape, data } of tensors) graph.constant(name, shape, () => data);
  let x = 'input';
  let carried = x;
  for (const layer of layers) {
    if (layer.block === 'first') carried = x;
    x = addLayer(graph, layer, x, carried, 'output');
  }
  const shape = [1, 3, size, size];
  return serialise(
    integer(1, IR_VERSION),
    text(2, 'cyclegan-web bench'),
    message(
      7,
      ...graph.fields,
      text(2, 'generator'),
      valueInfo(11, 'input', shape),
      valueInfo(12, x, shape),
    ),
    message(8, text(1, ''), integer(2, OPSET)),
  );
}
