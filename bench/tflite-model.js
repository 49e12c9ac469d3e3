/**
 * Writes the generator as a TFLite model for LiteRT, from the same tensors that our engine gets.
 *
 * Fields and numbers are those of
 * https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs. TFLite's pictures
 * are `[1, H, W, C]`, and its own borders are not PyTorch's, so borders are operators. An instance
 * normalisation consists of basic operators, since it has none. The picture's size is fixed, so that a
 * runtime can plan its memory.
 */
import { bytes, serialise, table, text, vector } from './flatbuffer.js';

/** @typedef {import('./flatbuffer.js').Field} Field */
/** @typedef {import('./flatbuffer.js').Value} Value */
/** @typedef {import('./types.js').Layer} Layer */
/** @typedef {import('./types.js').Tensor} Tensor */

const SCHEMA_VERSION = 3;
/** PyTorch's default for InstanceNorm2d. */
const EPSILON = 1e-5;
/** `TensorType`. */
const TYPE = { float32: 0, int32: 2 };
/** `Padding`. */
const VALID = 1;
/** `MirrorPadMode`. */
const REFLECT = 0;
/** `ActivationFunctionType`. */
const RELU = 1;

/** `BuiltinOperator`: its number and version, and which table of `BuiltinOptions` it has. */
const OPERATORS = {
  add: { code: 0, version: 1, options: 11 },
  conv2d: { code: 3, version: 1, options: 1 },
  mul: { code: 18, version: 1, options: 21 },
  tanh: { code: 28, version: 1, options: 0 },
  pad: { code: 34, version: 1, options: 22 },
  mean: { code: 40, version: 1, options: 27 },
  sub: { code: 41, version: 1, options: 28 },
  slice: { code: 65, version: 1, options: 48 },
  // The third version has a bias.
  transposeConv: { code: 67, version: 3, options: 49 },
  rsqrt: { code: 76, version: 1, options: 0 },
  squaredDifference: { code: 99, version: 1, options: 76 },
  mirrorPad: { code: 100, version: 1, options: 77 },
};

/** @typedef {keyof typeof OPERATORS} Operator */
/** @typedef {{ index: number, shape: number[] }} Place a tensor of the graph */

/** @param {Operator} name @param {number} index of the operator in the list of codes */
function operatorCode(name, index) {
  const { code, version } = OPERATORS[name];
  return { index, value: table([code, undefined, version, code]) };
}

class Graph {
  /** The first buffer is the empty one. @type {Value[]} */
  #buffers = [table([])];
  /** @type {Value[]} */
  #tensors = [];
  /** @type {Value[]} */
  #operators = [];
  /** @type {Map<Operator, { index: number, value: Value }>} */
  #codes = new Map();
  /** @type {Map<string, Place>} */
  #constants = new Map();

  /** @param {number[]} shape @param {number} [type] @param {number} [buffer] @returns {Place} */
  tensor(shape, type = TYPE.float32, buffer = 0) {
    const index = this.#tensors.length;
    this.#tensors.push(table([vector(shape), type, buffer, text(`tensor_${index}`)]));
    return { index, shape };
  }

  /** A constant, once. @param {number[]} shape @param {Float32Array | Int32Array} data */
  constant(shape, data) {
    const type = data instanceof Float32Array ? TYPE.float32 : TYPE.int32;
    const buffer = this.#buffers.push(table([bytes(data)])) - 1;
    return this.tensor(shape, type, buffer);
  }

  /** Whole numbers that several operators can share. @param {number[]} shape @param {number[]} values */
  numbers(shape, values) {
    const key = `${shape}:${values}`;
    const found = this.#constants.get(key) ?? this.constant(shape, Int32Array.from(values));
    this.#constants.set(key, found);
    return found;
  }

  /** One number for broadcasting. @param {number} value */
  scalar(value) {
    const key = `${value}`;
    const found = this.#constants.get(key) ?? this.constant([1], Float32Array.of(value));
    this.#constants.set(key, found);
    return found;
  }

  /**
   * @param {Operator} name
   * @param {Place[]} inputs
   * @param {number[]} shape of its output
   * @param {Field[]} [options]
   * @returns {Place} its output
   */
  add(name, inputs, shape, options) {
    const output = this.tensor(shape);
    const code = this.#codes.get(name) ?? operatorCode(name, this.#codes.size);
    this.#codes.set(name, code);
    const kind = OPERATORS[name].options;
    this.#operators.push(
      table([
        code.index,
        vector(inputs.map(({ index }) => index)),
        vector([output.index]),
        kind || undefined,
        kind ? table(options ?? []) : undefined,
      ]),
    );
    return output;
  }

  /** @param {Place} input @param {Place} output @returns {Uint8Array} */
  model(input, output) {
    const subgraph = table([
      vector(this.#tensors),
      vector([input.index]),
      vector([output.index]),
      vector(this.#operators),
    ]);
    const codes = [...this.#codes.values()].map(({ value }) => value);
    return serialise(
      'TFL3',
      table([
        SCHEMA_VERSION,
        vector(codes),
        vector([subgraph]),
        text('cyclegan-web bench'),
        vector(this.#buffers),
      ]),
    );
  }
}

/**
 * PyTorch's order of a weight, `[out, in, k, k]` or `[in, out, k, k]`, becomes `[out, k, k, in]`.
 * @param {Layer} layer
 * @param {Float32Array} data
 */
function reordered({ inputs, outputs, kernel, transposed }, data) {
  const taps = kernel ** 2;
  const [outStep, inStep] = transposed ? [taps, outputs * taps] : [inputs * taps, taps];
  const result = new Float32Array(data.length);
  let i = 0;
  for (let out = 0; out < outputs; out++) {
    for (let tap = 0; tap < taps; tap++) {
      for (let from = 0; from < inputs; from++) {
        result[i++] = data[out * outStep + from * inStep + tap];
      }
    }
  }
  return result;
}

/** @param {Graph} graph @param {Place} x @param {number} border @param {Layer['border']} kind */
function pad(graph, x, border, kind) {
  const amounts = graph.numbers([4, 2], [0, 0, border, border, border, border, 0, 0]);
  const [, height, width, channels] = x.shape;
  const shape = [1, height + 2 * border, width + 2 * border, channels];
  return kind === 'reflect'
    ? graph.add('mirrorPad', [x, amounts], shape, [REFLECT])
    : graph.add('pad', [x, amounts], shape);
}

/**
 * @param {Graph} graph @param {Layer} layer @param {Place} input
 * @param {Place} weight @param {Place} bias
 */
function convolve(graph, layer, input, weight, bias) {
  const { kernel, stride, padding, outputs, transposed } = layer;
  if (transposed) {
    // All that the kernel touches, of which PyTorch keeps the middle and one line more at the end.
    const [, height, width] = input.shape;
    const full = [1, stride * height + 1, stride * width + 1, outputs];
    const sides = graph.numbers([4], full);
    const options = [VALID, stride, stride];
    const x = graph.add('transposeConv', [sides, weight, input, bias], full, options);
    const kept = [1, stride * height, stride * width, outputs];
    const from = graph.numbers([4], [0, padding, padding, 0]);
    return graph.add('slice', [x, from, graph.numbers([4], kept)], kept);
  }
  const x = padding > 0 ? pad(graph, input, padding, layer.border) : input;
  const sides = x.shape.slice(1, 3).map((side) => Math.floor((side - kernel) / stride) + 1);
  return graph.add('conv2d', [x, weight, bias], [1, ...sides, outputs], [VALID, stride, stride]);
}

/** @param {Graph} graph @param {Place} x @param {boolean} relu whether ReLU follows */
function instanceNorm(graph, x, relu) {
  const one = [1, 1, 1, x.shape[3]];
  const axes = graph.numbers([2], [1, 2]);
  const mean = graph.add('mean', [x, axes], one, [1]);
  const squares = graph.add('squaredDifference', [x, mean], x.shape);
  const variance = graph.add('mean', [squares, axes], one, [1]);
  const guarded = graph.add('add', [variance, graph.scalar(EPSILON)], one);
  const scale = graph.add('rsqrt', [guarded], one);
  const centred = graph.add('sub', [x, mean], x.shape);
  return graph.add('mul', [centred, scale], x.shape, relu ? [RELU] : []);
}

/**
 * A model from `[1, size, size, 3]` to the same shape, both in [-1, 1].
 * @param {Layer[]} layers
 * @param {Tensor[]} tensors
 * @param {number} size
 * @returns {Uint8Array}
 */
export function tfliteModel(layers, tensors, size) {
  const graph = new Graph();
  const found = new Map(tensors.map(({ name, data }) => [name, data]));
  const data = (/** @type {string} */ name) => {
    const values = found.get(name);
    if (!values) throw new Error(`there is no ${name}`);
    return values;
  };
  const input = graph.tensor([1, size, size, 3]);
  let x = input;
  let carried = x;
  for (const layer of layers) {
    if (layer.block === 'first') carried = x;
    const { key, kernel, inputs, outputs, activation } = layer;
    const ordered = reordered(layer, data(`${key}.weight`));
    const weight = graph.constant([outputs, kernel, kernel, inputs], ordered);
    const bias = graph.constant([outputs], data(`${key}.bias`));
    x = convolve(graph, layer, x, weight, bias);
    if (layer.norm) x = instanceNorm(graph, x, activation === 'relu');
    if (activation === 'tanh') x = graph.add('tanh', [x], x.shape);
    if (layer.block === 'second') x = graph.add('add', [x, carried], x.shape);
  }
  return graph.model(input, x);
}
