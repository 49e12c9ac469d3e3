import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generator } from '../../bench/network.js';
import { tfliteModel } from '../../bench/tflite-model.js';
import { randomTensors } from '../../bench/weights.js';

const SIZE = 16;
const layers = generator(4, 1);
const tensors = randomTensors(layers, 1);

/** Reads a table of a FlatBuffer, knowing nothing of who wrote it. */
class Table {
  /** @param {DataView} view @param {number} place */
  constructor(view, place) {
    this.view = view;
    this.place = place;
  }

  /** Where a field is; 0: it has its default. @param {number} field */
  #at(field) {
    const list = this.place - this.view.getInt32(this.place, true);
    const inside = 4 + 2 * field < this.view.getUint16(list, true);
    const distance = inside ? this.view.getUint16(list + 4 + 2 * field, true) : 0;
    return distance && this.place + distance;
  }

  /** @param {number} field */
  number(field) {
    const at = this.#at(field);
    return at ? this.view.getInt32(at, true) : 0;
  }

  /** @param {number} field @returns {{ start: number, length: number }} */
  vector(field) {
    const at = this.#at(field);
    assert.notEqual(at, 0);
    const place = at + this.view.getUint32(at, true);
    return { start: place + 4, length: this.view.getUint32(place, true) };
  }

  /** @param {number} field */
  numbers(field) {
    const { start, length } = this.vector(field);
    return Array.from({ length }, (_, i) => this.view.getInt32(start + 4 * i, true));
  }

  /** @param {number} field */
  tables(field) {
    const { start, length } = this.vector(field);
    return Array.from({ length }, (_, i) => {
      const at = start + 4 * i;
      return new Table(this.view, at + this.view.getUint32(at, true));
    });
  }
}

/** The operators by their numbers in TFLite's schema, with their tensors. */
function opened() {
  const file = tfliteModel(layers, tensors, SIZE);
  const view = new DataView(file.buffer);
  assert.equal(new TextDecoder().decode(file.subarray(4, 8)), 'TFL3');
  const model = new Table(view, view.getUint32(0, true));
  assert.equal(model.number(0), 3);
  const [graph] = model.tables(2);
  const codes = model.tables(1).map((code) => code.number(3));
  const buffers = model.tables(4);
  const places = graph.tables(0).map((tensor) => ({
    shape: tensor.numbers(0),
    data: tensor.number(2) ? buffers[tensor.number(2)].vector(0) : null,
  }));
  const operators = graph.tables(3).map((operator) => ({
    code: codes[operator.number(0)],
    inputs: operator.numbers(1).map((index) => places[index]),
    output: places[operator.numbers(2)[0]],
  }));
  const [input, output] = [1, 2].map((field) => places[graph.numbers(field)[0]]);
  return { file, input, output, operators };
}

const [CONV_2D, TRANSPOSE_CONV, MIRROR_PAD] = [3, 67, 100];

test('a TFLite model takes and gives a picture, and has the convolutions of the network', () => {
  const { input, output, operators } = opened();
  assert.deepEqual(input.shape, [1, SIZE, SIZE, 3]);
  assert.deepEqual(output.shape, [1, SIZE, SIZE, 3]);
  const count = (/** @type {number} */ code) =>
    operators.filter((made) => made.code === code).length;
  assert.equal(count(CONV_2D), layers.filter(({ transposed }) => !transposed).length);
  assert.equal(count(TRANSPOSE_CONV), 2);
  assert.equal(count(MIRROR_PAD), layers.filter(({ border }) => border === 'reflect').length);
  const [first] = operators;
  assert.deepEqual(first.output.shape, [1, SIZE + 6, SIZE + 6, 3]);
});

test("a TFLite model's weights have its order and its alignment", () => {
  const { file, operators } = opened();
  for (const [code, key] of /** @type {const} */ ([
    [CONV_2D, 'model.4'],
    [TRANSPOSE_CONV, 'model.11'],
  ])) {
    const layer = layers.find((layer) => layer.key === key);
    const source = tensors.find(({ name }) => name === `${key}.weight`);
    assert.ok(layer && source);
    const { inputs, outputs, transposed } = layer;
    const shape = [outputs, 3, 3, inputs];
    const weight = operators
      .filter((made) => made.code === code)
      .map(({ inputs: [, weight] }) => weight)
      .find((weight) => `${weight.shape}` === `${shape}`);
    assert.ok(weight?.data);
    assert.equal(weight.data.start % 16, 0);
    const values = new Float32Array(file.buffer, weight.data.start, weight.data.length / 4);
    const [out, from, y, x] = [2, 1, 0, 2];
    const theirs = transposed ? from * outputs + out : out * inputs + from;
    assert.equal(
      values[((out * 3 + y) * 3 + x) * inputs + from],
      source.data[theirs * 9 + y * 3 + x],
      key,
    );
  }
});
