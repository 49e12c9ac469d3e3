/** What the build leaves out of the engine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trim } from '../../pkg-scripts/trim.js';

/** Bytes behind their length. @param {...(number | number[])} bytes */
const sized = (...bytes) => [bytes.flat().length, ...bytes.flat()];
const text = (/** @type {string} */ words) => sized([...Buffer.from(words)]);
/** A function that returns a number. @param {number} value */
const answer = (value) => sized(0, 0x41, value, 0x0b);

/** One function that comes from outside, and two that answer 7 and 8. */
const MODULE = Buffer.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, ...sized(1, 0x60, 0, 1, 0x7f)],
  ...[2, ...sized(1, text('from'), text('it'), 0, 0)],
  ...[3, ...sized(2, 0, 0)],
  ...[7, ...sized(2, text('kept'), 0, 1, text('gone'), 0, 2)],
  ...[10, ...sized(2, answer(7), answer(8))],
  ...[
    0,
    ...sized(text('name'), 1, sized(3, 0, text('it'), 1, text('a::kept'), 2, text('a::unused'))),
  ],
]);

test('a function that nothing calls is emptied, the others stay, and names go', () => {
  const { module, emptied } = trim(MODULE, [/nothing/, /unused/]);
  assert.deepEqual(emptied, [0, 1]);
  assert.ok(!module.includes('a::kept'));
  const compiled = new WebAssembly.Module(new Uint8Array(module));
  assert.deepEqual(WebAssembly.Module.customSections(compiled, 'name'), []);
  const { exports } = new WebAssembly.Instance(compiled, { from: { it: () => 0 } });
  const { kept, gone } = /** @type {Record<string, () => number>} */ (exports);
  assert.equal(kept(), 7);
  assert.throws(gone, WebAssembly.RuntimeError);
});

test('names stay where they are wanted', () => {
  const { module, emptied } = trim(MODULE, [/unused/], true);
  assert.deepEqual(emptied, [1]);
  assert.equal(module.length, MODULE.length - 1, 'a trap is shorter than an answer');
  assert.ok(module.includes('a::kept'));
});

test('without a match everything stays', () => {
  const { module, emptied } = trim(MODULE, [/nothing/]);
  assert.deepEqual(emptied, [0]);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(module)), {
    from: { it: () => 0 },
  });
  assert.equal(/** @type {any} */ (instance.exports).gone(), 8);
});

test('a module without names is refused', () => {
  const { module } = trim(MODULE, []);
  assert.throws(() => trim(module, [/unused/]), /missing/);
});
