/** How much of a device's memory a run may take. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needOf } from '../../www/train/plan/memory.js';

const GIB = 2 ** 30;

/** A run that takes so many bytes by the side of its pieces. @param {(crop: number) => number} bytes */
const weighs = (bytes) => async (/** @type {number} */ crop) => ({
  bytes: bytes(crop),
  limit: 2 * GIB,
  crop,
});

test('a run takes at most a quarter of a small device, and the largest pieces that fit are named', async () => {
  const weigh = weighs((crop) => 0.25 * GIB + crop * 4 * 2 ** 20);
  assert.deepEqual(await needOf(weigh, 192, 4 * GIB), {
    bytes: GIB,
    limit: GIB,
    crop: 192,
  });
  const need = await needOf(weigh, 256, 4 * GIB);
  assert.deepEqual([need.limit, need.crop], [GIB, 192]);
  assert.equal((await needOf(weigh, 256, 2 * GIB)).crop, 64);
});

test('networks that do not fit with any pieces say so', async () => {
  const need = await needOf(
    weighs(() => 1.1 * GIB),
    192,
    4 * GIB,
  );
  assert.deepEqual([need.limit, need.crop], [GIB, null]);
});

test('on a device with enough the engine’s own limit counts', async () => {
  const need = await needOf(
    weighs(() => 1.9 * GIB),
    192,
    8 * GIB,
  );
  assert.deepEqual([need.limit, need.crop], [2 * GIB, 192]);
});
