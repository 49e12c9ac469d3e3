/** Safetensors made from others: the header changes, the tensors stay as they are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aboutIn } from '../../www/files/about.js';
import { only, withMetadata } from '../../www/files/safetensors.js';
import { judge, safetensors } from '../e2e/support/weights.js';

const blobOf = (/** @type {Uint8Array} */ bytes) =>
  new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)]);

/** @param {Blob} file */
async function read(file) {
  const bytes = Buffer.from(await file.arrayBuffer());
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  assert.equal((8 + length) % 8, 0, 'tensors are aligned');
  return { header, tensors: bytes.subarray(8 + length) };
}

test('what is said is added to a header, and the tensors are the same', async () => {
  const bytes = safetensors(judge(2), { margin: '8', epoch: '3' });
  const file = await withMetadata(blobOf(bytes), { from: 'été', margin: '16' });
  const [before, after] = [await read(blobOf(bytes)), await read(file)];
  const { __metadata__: said, ...tensors } = after.header;
  assert.deepEqual(said, { margin: '16', epoch: '3', from: 'été' });
  const { __metadata__: _, ...same } = before.header;
  assert.deepEqual(tensors, same);
  assert.ok(after.tensors.equals(before.tensors));
  assert.equal((await aboutIn(file)).from, 'été');
});

test('a file of another kind stays as it is', async () => {
  for (const file of [new Blob(['PK']), new Blob(['x'.repeat(64)]), new Blob([])]) {
    assert.equal(await withMetadata(file, { from: 'a' }), file);
  }
});

test('one network of several is a file of its own, equal to what it was alone', async () => {
  const moments = judge(3, 'D_B.exp_avg.');
  const both = [...judge(2, 'D_A.'), ...judge(3, 'D_B.'), ...moments];
  const file = blobOf(safetensors(both, { step: '3' }));
  const alone = await read(blobOf(safetensors(judge(3))));
  const found = await only(file, 'D_B.');
  assert.ok(found);
  const { header, tensors } = await read(found);
  assert.deepEqual(header, alone.header);
  assert.ok(tensors.equals(alone.tensors));
  assert.equal(await only(file, 'G_A.'), null);
});
