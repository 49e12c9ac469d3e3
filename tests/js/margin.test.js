/** The border that weights want is read from their header, whatever the file is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { marginIn } from '../../www/files/margin.js';

/** @param {unknown} header @param {number} [length] that the file claims */
function weights(header, length) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const size = new DataView(new ArrayBuffer(8));
  size.setBigUint64(0, BigInt(length ?? text.length), true);
  return new Blob([size.buffer, text, new Uint8Array(16)]);
}

test('weights that were trained here say what margin they want', async () => {
  assert.equal(await marginIn(weights({ __metadata__: { margin: '32' } })), 32);
  assert.equal(await marginIn(weights({ __metadata__: { margin: '1000' } })), 64);
});

test('all others want none, and no file is too strange', async () => {
  for (const file of [
    weights({}),
    weights({ __metadata__: { margin: '-4' } }),
    weights({ __metadata__: { margin: 'wide' } }),
    weights({ __metadata__: null }),
    weights({ __metadata__: { margin: '32' } }, 2 ** 50),
    weights({ __metadata__: { margin: '32' } }, 3),
    new Blob(['PK\u0003\u0004 a .pth']),
    new Blob([]),
  ]) {
    assert.equal(await marginIn(file), 0);
  }
});
