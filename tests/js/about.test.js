/** What weights say of themselves is read from their header, whatever the file is. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { aboutIn, NOTHING_SAID } from '../../www/files/about.js';

const scene = readFileSync(new URL('../e2e/fixtures/scene.jpg', import.meta.url));
/** The start of a JPEG, which says its size, and the end. @param {number} side */
const jpeg = (side) =>
  Buffer.from([
    ...[0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, side >> 8, side & 255, side >> 8, side & 255, 3],
    ...[1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 0xff, 0xd9],
  ]).toString('base64');

/** @param {unknown} header @param {number} [length] that the file claims */
function weights(header, length) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const size = new DataView(new ArrayBuffer(8));
  size.setBigUint64(0, BigInt(length ?? text.length), true);
  return new Blob([size.buffer, text, new Uint8Array(16)]);
}

/** @param {Record<string, unknown>} said */
const about = (said) => aboutIn(weights({ __metadata__: said }));

const FULL = {
  from: 'summer',
  to: 'Winter in Zürich',
  margin: '32',
  size: '512',
  trained_on: '900 photos',
  thumbnail_before: jpeg(96),
  thumbnail_after: jpeg(96),
};

test('weights that were made here say what they are', async () => {
  const { thumbnails, ...rest } = await about({ ...FULL, loss: '3' });
  const words = { from: 'summer', to: 'Winter in Zürich', trainedOn: '900 photos' };
  assert.deepEqual(rest, { ...words, margin: 32, size: 512 });
  assert.equal(thumbnails?.[0].type, 'image/jpeg');
  assert.equal(thumbnails?.[0].size, Buffer.from(jpeg(96), 'base64').length);
});

test('what is too long, too large or no text is left out, and the rest stays', async () => {
  assert.equal((await about({ ...FULL, from: 'x'.repeat(81) })).from, null);
  assert.equal((await about({ ...FULL, from: ['<b>'] })).from, null);
  assert.equal((await about({ ...FULL, from: ' \n ' })).from, null);
  assert.equal((await about({ ...FULL, from: 'a\u001b[31m\nb' })).from, 'a [31m b');
  assert.equal((await about({ ...FULL, to: 'a\u202eb\u2066c' })).to, 'abc', 'nothing is turned');
  assert.equal((await about({ ...FULL, to: '\u200f\u200ea' })).to, 'a');
  assert.equal((await about({ ...FULL, to: '\u200b\u2060' })).to, null, 'nothing can be seen');
  assert.equal((await about({ ...FULL, trained_on: 'x'.repeat(1001) })).trainedOn, null);
  assert.equal((await about({ ...FULL, size: '9999999' })).size, null);
  assert.equal((await about({ ...FULL, margin: '1000' })).margin, 64);
  for (const margin of ['-4', 'wide', '8.5', null]) {
    const said = await about({ ...FULL, margin });
    assert.deepEqual([said.margin, said.from], [0, 'summer'], String(margin));
  }
});

test('a thumbnail is a small JPEG and nothing else', async () => {
  const others = [
    'data:image/jpeg;base64,/9j/',
    'iVBORw0KGgo=',
    '/9j/<svg onload=alert(1)>',
    '/9j/A',
    '',
    jpeg(513),
    jpeg(65_535),
    scene.subarray(0, scene.length / 2).toString('base64'),
    `/9j/${'A'.repeat(70_000)}`,
  ];
  for (const picture of others) {
    const said = await about({ ...FULL, thumbnail_after: picture });
    assert.deepEqual([said.thumbnails, said.from], [null, 'summer'], picture);
  }
  assert.ok((await about({ ...FULL, thumbnail_before: scene.toString('base64') })).thumbnails);
});

test('other files say nothing, and none is too strange', async () => {
  for (const file of [
    weights({}),
    weights({ __metadata__: null }),
    weights({ __metadata__: 'summer' }),
    weights({ __metadata__: FULL }, 2 ** 50),
    weights({ __metadata__: FULL }, 3),
    new Blob(['PK\u0003\u0004 a .pth']),
    new Blob([]),
  ]) {
    assert.deepEqual(await aboutIn(file), NOTHING_SAID);
  }
});
