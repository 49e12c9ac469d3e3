/**
 * Kind and size of images from their first bytes. `fixtures/headers.json` holds small files that Pillow
 * wrote, with the sizes that Pillow gives for them.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { checkSize, MAX_SIDE, measure } from '../../www/headers.js';

/** @type {Record<string, { kind: string, width: number, height: number, base64: string }>} */
const FIXTURES = JSON.parse(
  await readFile(new URL('fixtures/headers.json', import.meta.url), 'utf8'),
);
/** @param {string} name */
const fixture = (name) => new Uint8Array(Buffer.from(FIXTURES[name]?.base64 ?? '', 'base64'));
/** Latin-1 text and numbers as a file. @param {(string | number[] | Uint8Array)[]} parts */
const file = (...parts) =>
  new Blob(parts.map((part) => Buffer.from(/** @type {any} */ (part), 'latin1')));
/** @param {number} value @param {number} size bytes @returns {number[]} */
const big = (value, size = 4) =>
  Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** (size - 1 - i)) % 256);
/** @param {number} value @param {number} size */
const little = (value, size = 4) => big(value, size).reverse();
/** @param {string} name @param {...(number[] | string)} body */
const box = (name, ...body) => {
  const bytes = Buffer.concat(body.map((part) => Buffer.from(/** @type {any} */ (part), 'latin1')));
  return [...big(8 + bytes.length), ...Buffer.from(name), ...bytes];
};
/** @param {number} width @param {number} height */
const png = (width, height) =>
  file('\x89PNG\r\n\x1a\n', big(13), 'IHDR', big(width), big(height), [1, 0, 0, 0, 0]);

/** A file that counts the bytes read from it. @param {Uint8Array} bytes */
function spied(bytes) {
  const spy = { read: 0 };
  const blob = /** @type {any} */ ({
    size: bytes.length,
    slice(/** @type {number} */ from, /** @type {number} */ to) {
      const part = Uint8Array.from(bytes.subarray(from, to));
      spy.read += part.length;
      return { arrayBuffer: async () => part.buffer };
    },
  });
  return { spy, blob };
}

for (const [name, { kind, width, height }] of Object.entries(FIXTURES)) {
  test(`${name} is measured`, async () => {
    assert.deepEqual(await measure(file(fixture(name))), { kind, width, height });
  });

  test(`${name} cut off anywhere is measured or refused`, async () => {
    const bytes = fixture(name);
    for (let length = 0; length < bytes.length; length += 1) {
      const result = await measure(file(bytes.subarray(0, length))).catch((error) => error);
      if (result instanceof Error) {
        const expected = length === 0 ? /^image-empty$/ : /^image-(unreadable|unsupported)$/;
        assert.match(/** @type {any} */ (result).code, expected, `${length} bytes`);
      } else {
        assert.ok(result.width >= 1 && result.height >= 1, `${length} bytes`);
      }
    }
  });

  test(`${name} with any byte changed never fails in another way`, async () => {
    const bytes = fixture(name);
    for (let at = 0; at < Math.min(bytes.length, 400); at += 1) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const changed = bytes.slice();
        changed[at] = value;
        const result = await measure(file(changed)).catch((error) => error);
        if (result instanceof Error) assert.match(/** @type {any} */ (result).code, /^image-/);
      }
    }
  });
}

test('a bomb is refused by its header alone, within milliseconds', async () => {
  const bytes = Buffer.concat([
    Buffer.from(await png(16_000, 16_000).arrayBuffer()),
    Buffer.alloc(1e6),
  ]);
  const { spy, blob } = spied(bytes);
  const started = performance.now();
  await assert.rejects(measure(blob), { code: 'image-too-large', message: '16000x16000 pixels' });
  assert.ok(performance.now() - started < 50);
  assert.ok(spy.read <= 65_536);
});

test('the limits are 64 megapixels and 16384 a side', async () => {
  assert.deepEqual(await measure(png(8000, 8000)), { kind: 'png', width: 8000, height: 8000 });
  await assert.rejects(measure(png(8001, 8000)), { code: 'image-too-large' });
  assert.equal((await measure(png(MAX_SIDE, 1))).width, MAX_SIDE);
  await assert.rejects(measure(png(1, MAX_SIDE + 1)), { code: 'image-too-large' });
  assert.throws(() => checkSize(MAX_SIDE + 1, 1), { code: 'image-too-large' });
  assert.doesNotThrow(() => checkSize(1, 1));
});

test('sizes too large are refused in every format', async () => {
  const frame = [0xff, 0xc2, ...big(17, 2), 8, ...big(60_000, 2), ...big(50_000, 2)];
  const ispe = box('ispe', big(0), big(30_000), big(20_000));
  const meta = box('meta', big(0), box('iprp', box('ipco', ispe)));
  const files = {
    jpeg: file([0xff, 0xd8], frame, [0, 0, 0, 0]),
    gif: file('GIF89a', [1, 0, 1, 0, 0, 0, 0], ',', [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
    'webp extended': file(
      'RIFF',
      big(0),
      'WEBPVP8X',
      little(10),
      [0, 0, 0, 0],
      little(29_999, 3),
      little(29_999, 3),
    ),
    bmp: file('BM', big(0), big(0), big(0), little(40), little(20_000), little(-20_000 >>> 0)),
    avif: file(box('ftyp', 'avif', big(0), 'mif1'), meta),
    heic: file(box('ftyp', 'heic', big(0), 'mif1'), box('mdat', 'x'.repeat(70_000)), meta),
  };
  for (const [name, image] of Object.entries(files)) {
    await assert.rejects(measure(image), { code: 'image-too-large' }, name);
  }
});

test('of several sizes in AVIF and HEIC the largest counts', async () => {
  const sizes = [
    [16, 9],
    [4000, 3000],
    [512, 512],
  ].map(([w, h]) => box('ispe', big(0), big(w ?? 0), big(h ?? 0)));
  const meta = box(
    'meta',
    big(0),
    box('hdlr', big(0)),
    box('iprp', box('ipco', ...sizes), box('ipma', big(0))),
  );
  const image = file(box('ftyp', 'mif1', big(0), 'mif1', 'heic'), meta);
  assert.deepEqual(await measure(image), { kind: 'heic', width: 4000, height: 3000 });
});

test('the size of a JPEG is found behind megabytes of other segments and fill bytes', async () => {
  const app = [0xff, 0xe2, ...big(65_535, 2), ...new Array(65_533).fill(0xc0)];
  const frame = [0xff, 0xff, 0xff, 0xc0, ...big(17, 2), 8, ...big(300, 2), ...big(400, 2), 3];
  const image = file([0xff, 0xd8], ...new Array(40).fill(app), frame);
  assert.deepEqual(await measure(image), { kind: 'jpeg', width: 400, height: 300 });
});

test('long files without a size end soon', async () => {
  const rest = 8 * 2 ** 20;
  const files = {
    'JPEG of empty segments': file(
      [0xff, 0xd8, 0xff],
      Buffer.alloc(rest, '\xff\xe0\0\x02', 'latin1'),
    ),
    'JPEG of fill bytes': file([0xff, 0xd8], Buffer.alloc(rest, 0xff)),
    'JPEG of nothing': file([0xff, 0xd8, 0xff, 0xe0], Buffer.alloc(rest)),
    'GIF of extensions': file(
      'GIF89a',
      [1, 0, 1, 0, 0, 0, 0],
      Buffer.alloc(rest, '!\xfe\0', 'latin1'),
    ),
    'AVIF of empty boxes': file(
      box('ftyp', 'avif'),
      Buffer.alloc(rest, '\0\0\0\x08free', 'latin1'),
    ),
    'AVIF of empty boxes within': file(
      box('ftyp', 'avif'),
      [...big(rest), ...Buffer.from('meta')],
      Buffer.alloc(rest, '\0\0\0\x08iprp', 'latin1'),
    ),
  };
  for (const [name, image] of Object.entries(files)) {
    const started = performance.now();
    await assert.rejects(measure(image), { code: 'image-unreadable' }, name);
    assert.ok(performance.now() - started < 2000, name);
  }
});

test('boxes with lengths that lie end the walk', async () => {
  const lies = [
    big(0),
    big(1),
    big(7),
    big(0xffff_ffff),
    [...big(1), ...Buffer.from('meta'), ...big(2 ** 53, 8)],
  ];
  for (const lie of lies) {
    const image = file(box('ftyp', 'avif'), lie, 'meta', big(0), big(0), big(0));
    await assert.rejects(measure(image), { code: 'image-unreadable' });
  }
});

test('empty, text and unsupported files have their own codes', async () => {
  await assert.rejects(measure(file()), { code: 'image-empty' });
  for (const text of [
    'x',
    'hello, this is text',
    '<html><body>',
    'BM is no bitmap by itself',
    '\0\0\0\0',
  ]) {
    await assert.rejects(measure(file(text)), { code: 'image-unreadable' }, text);
  }
  const unsupported = {
    svg: '<svg xmlns="http://www.w3.org/2000/svg">',
    'svg with a declaration': '\xef\xbb\xbf <?xml version="1.0"?><svg/>',
    tiff: 'II*\0\x08\0\0\0',
    'tiff, big endian': 'MM\0*\0\0\0\x08',
    mp4: '\0\0\0\x18ftypisom\0\0\x02\0isomavc1',
    quicktime: '\0\0\0\x14ftypqt  \0\0\0\0qt  ',
    webm: '\x1aE\xdf\xa3\x01\0\0\0',
    'jpeg xl': '\xff\x0a\0\0',
    pdf: '%PDF-1.7',
  };
  for (const [name, text] of Object.entries(unsupported)) {
    await assert.rejects(measure(file(text)), { code: 'image-unsupported' }, name);
  }
});

test('a file that is gone says so', async () => {
  for (const name of ['NotFoundError', 'NotReadableError']) {
    const gone = () => Promise.reject(new DOMException('gone', name));
    const blob = /** @type {any} */ ({ size: 10, slice: () => ({ arrayBuffer: gone }) });
    await assert.rejects(measure(blob), { code: 'file-gone' });
  }
});
