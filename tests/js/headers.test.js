/**
 * Kind and size of images from their first bytes. `fixtures/headers.json` holds small files that Pillow
 * wrote, with the sizes that Pillow gives for them.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { checkSize, isPicture, MAX_SIDE, measure } from '../../www/files/headers.js';

/** Looks as Chromium does, which opens JPEG XL, but neither TIFF nor HEIC. @param {() => Promise<unknown>} look */
async function inChromium(look) {
  const isTypeSupported = async (/** @type {string} */ type) => type === 'image/jxl';
  Object.assign(globalThis, { ImageDecoder: { isTypeSupported } });
  await look().finally(() => Object.assign(globalThis, { ImageDecoder: undefined }));
}

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
        const expected =
          length === 0 ? /^image-empty$/ : /^image-(unreadable|damaged|unsupported|heic)$/;
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

/** A PNG that says a size and is as long as a file. @param {number} width @param {number} height @param {number} bytes */
async function pngOf(width, height, bytes) {
  const { blob } = spied(
    Buffer.concat([Buffer.from(await png(width, height).arrayBuffer()), Buffer.alloc(300)]),
  );
  return Object.assign(blob, { size: bytes });
}

test('memory is bounded, not megapixels: photos of 64, 108 and 200 megapixels are opened', async () => {
  for (const [width, height, megabytes] of [
    [9248, 6936, 1.2],
    [12_000, 9000, 1.8],
    [16_320, 12_240, 3.3],
  ]) {
    const size = await measure(await pngOf(width, height, 1e6 * megabytes));
    assert.deepEqual(size, { kind: 'png', width, height });
  }
  await assert.rejects(measure(await pngOf(16_000, 16_000, 1e8)), { code: 'image-too-large' });
  assert.equal((await measure(png(MAX_SIDE, 1))).width, MAX_SIDE);
  await assert.rejects(measure(png(1, MAX_SIDE + 1)), { code: 'image-too-large' });
  assert.throws(() => checkSize(MAX_SIDE + 1, 1, 1e9), { code: 'image-too-large' });
  assert.doesNotThrow(() => checkSize(1, 1, 1));
});

test('a bomb within the limits of a photo is refused, since no photo is packed so tightly', async () => {
  await assert.rejects(measure(await pngOf(12_000, 9000, 40_000)), { code: 'image-too-large' });
  // What takes little memory may be as tight as it likes.
  assert.equal((await measure(await pngOf(8000, 8000, 30_000))).width, 8000);
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

test('any number of fill and stray bytes lies between the segments of a JPEG', async () => {
  const frame = [
    0xff,
    0xc0,
    ...big(17, 2),
    8,
    ...big(300, 2),
    ...big(400, 2),
    3,
    ...Array(9).fill(0),
  ];
  const fills = {
    'fill bytes': Buffer.alloc(70_000, 0xff),
    'megabytes of fill bytes': Buffer.alloc(5e6, 0xff),
    'zeros behind a comment': Buffer.concat([Buffer.from([0xff, 0xfe, 0, 2]), Buffer.alloc(5e6)]),
    'an 0xff that is no marker': Buffer.from([0xff, 0xe0, 0, 2, 7, 0xff, 0, 0, 0xff, 0]),
  };
  for (const [name, fill] of Object.entries(fills)) {
    const image = file([0xff, 0xd8], [0xff, 0xe1, 0, 2], fill, frame);
    assert.deepEqual(await measure(image), { kind: 'jpeg', width: 400, height: 300 }, name);
  }
});

test('a JPEG coded as browsers do not open it says so', async () => {
  const coded = (/** @type {number} */ marker, bits = 8, height = 300) =>
    file([0xff, 0xd8, 0xff, marker, ...big(17, 2), bits, ...big(height, 2), ...big(400, 2), 3]);
  const images = [
    coded(0xc9),
    coded(0xca),
    coded(0xc3),
    coded(0xf7),
    coded(0xc1, 12),
    coded(0xc0, 8, 0),
  ];
  for (const image of images) {
    await assert.rejects(measure(image), { code: 'image-unsupported', values: { kind: 'jpeg' } });
  }
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
    const started = process.cpuUsage(); // other programs do not lengthen it
    await assert.rejects(measure(image), { code: 'image-damaged' }, name);
    const { user, system } = process.cpuUsage(started);
    assert.ok(user + system < 2e6, name);
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
    await assert.rejects(measure(image), { code: 'image-damaged' });
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
});

/** First bytes of what people have among their photos, with its kind. */
const OTHERS = {
  'scan.tif': ['II*\0\x08\0\0\0', 'TIFF'],
  'big endian': ['MM\0*\0\0\0\x08', 'TIFF'],
  BigTIFF: ['II+\0\x08\0\0\0', 'TIFF'],
  'DSC_1.NEF': ['II*\0\x08\0\0\0', 'raw'],
  'IMG_1.CR2': ['II*\0\x10\0\0\0CR\x02\0', 'raw'],
  'IMG_1.CR3': ['\0\0\0\x18ftypcrx \0\0\0\x01crx isom', 'raw'],
  'DSCF1.RAF': ['FUJIFILMCCD-RAW 0201', 'raw'],
  'scan.jp2': ['\0\0\0\x0cjP  \r\n\x87\n', 'JPEG 2000'],
  'work.psd': ['8BPS\0\x01', 'Photoshop'],
  'logo.svg': ['<svg xmlns="http://www.w3.org/2000/svg">', 'SVG'],
  'declared.svg': ['\xef\xbb\xbf <?xml version="1.0"?><svg/>', 'SVG'],
  'favicon.ico': ['\0\0\x01\0\x01\0', 'ICO'],
  'film.mp4': ['\0\0\0\x18ftypisom\0\0\x02\0isomavc1', 'video'],
  'film.mov': ['\0\0\0\x14ftypqt  \0\0\0\0qt  ', 'video'],
  'old.mov': ['\0\0\0\x08wide\0\0\0\0mdat', 'video'],
  'film.webm': ['\x1aE\xdf\xa3\x01\0\0\0', 'video'],
  'film.avi': ['RIFF\0\0\0\0AVI LIST', 'video'],
  'letter.pdf': ['%PDF-1.7', 'PDF'],
  'photos.zip': [
    'PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0a.jpg',
    'archive',
  ],
  'photos.rar': ['Rar!\x1a\x07', 'archive'],
};

for (const [name, [text, kind]] of Object.entries(OTHERS)) {
  test(`${name} is told by its content, as ${kind}, whatever it is called`, async () => {
    const bytes = Buffer.from(text, 'latin1');
    // Only what cameras write needs its name: it is TIFF like a scan.
    const names = text.startsWith('II*') ? [name] : [name, 'photo.jpg', 'photo'];
    for (const called of names) {
      const blob = new File([bytes], called);
      const told = { code: 'image-unsupported', values: { kind } };
      await inChromium(async () => {
        await assert.rejects(measure(blob), told, called);
        await assert.rejects(isPicture(blob), told, called);
      });
    }
  });
}

test('pictures are known by their content, and what is no picture is none', async () => {
  for (const name of Object.keys(FIXTURES)) {
    assert.ok(await isPicture(new File([fixture(name)], 'Bild 2024.05.01')), name);
  }
  const zip = (/** @type {string} */ first) => `PK\x03\x04${'\0'.repeat(26)}${first}`;
  for (const text of [
    'hello',
    'P1 is a note',
    '{"a": 1}',
    zip('[Content_Types].xml'),
    zip('archive/data.pkl'),
    '<?xml version="1.0"?><x:xmpmeta/>',
  ]) {
    assert.equal(
      await isPicture(new File([Buffer.from(text, 'latin1')], 'photo.jpg')),
      false,
      text,
    );
  }
  assert.equal(await isPicture(new File([], 'empty')), false);
});

test('a browser that may open a kind is not refused it', async () => {
  const jxl = file([0xff, 0x0a, 0x07, 0, 0x23, 0x88, 0x02, 0]);
  const tiff = file('II*\0', little(8), little(2, 2), entry(256, 120), entry(257, 80));
  const heic = file(fixture('plain.heic'));
  await inChromium(async () => {
    assert.equal((await measure(jxl)).kind, 'jxl');
    await assert.rejects(measure(tiff), { code: 'image-unsupported' });
    await assert.rejects(measure(heic), { code: 'image-heic' });
  });
  // Safari opens all three, and cannot be asked.
  assert.equal((await measure(jxl)).kind, 'jxl');
  assert.deepEqual(await measure(tiff), { kind: 'tiff', width: 120, height: 80 });
  assert.equal((await measure(heic)).kind, 'heic');
});

/** An entry of a TIFF's directory. @param {number} tag @param {number} value */
const entry = (tag, value) => [...little(tag, 2), ...little(3, 2), ...little(1), ...little(value)];

test('JPEG XL is measured, small and large, bare and in boxes', async () => {
  // Written by libjxl 0.11: 120 x 80, whose height is a multiple of 8 and whose ratio is 3 : 2.
  const bare = [0xff, 0x0a, 0x13, 0x07, 0, 0x23, 0x88, 0x02, 0, 0x39, 0x1f, 0xb5];
  const size = { kind: 'jxl', width: 120, height: 80 };
  assert.deepEqual(await measure(file(bare)), size);
  const start = ['\0\0\0\x0cJXL \r\n\x87\n', box('ftyp', 'jxl \0\0\0\0jxl ')];
  assert.deepEqual(await measure(file(...start, box('jxlc', bare))), size);
  assert.deepEqual(await measure(file(...start, box('jxlp', big(0), bare))), size);
  // div8 0, 30 bits of height - 1 = 29999, ratio 0, 30 bits of width - 1 = 39999
  const bits = `0${'11'}${reversed(29_999, 30)}${'000'}${'11'}${reversed(39_999, 30)}`;
  const bytes = (bits.match(/.{1,8}/g) ?? []).map((byte) =>
    Number.parseInt([...byte].reverse().join(''), 2),
  );
  await assert.rejects(measure(file([0xff, 0x0a, ...bytes])), { code: 'image-too-large' });
});

/** Bits of a number, the lowest first. @param {number} value @param {number} count */
const reversed = (value, count) => [...value.toString(2).padStart(count, '0')].reverse().join('');

test('a file that is gone says so', async () => {
  for (const name of ['NotFoundError', 'NotReadableError']) {
    const gone = () => Promise.reject(new DOMException('gone', name));
    const blob = /** @type {any} */ ({ size: 10, slice: () => ({ arrayBuffer: gone }) });
    await assert.rejects(measure(blob), { code: 'file-gone' });
  }
});
