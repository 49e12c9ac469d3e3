/// <reference path="./pngjs.d.ts" />
/** Test photos and hostile files, made here; and a folder on disk to pick or drop them from. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';

/**
 * A photo-like picture: a sky that pales towards the horizon, hills, and grain. RGBA rows from the top.
 *
 * @param {number} width
 * @param {number} height
 * @param {number} [seed] another one gives another picture
 */
export function paintedPixels(width, height, seed = 1) {
  const data = Buffer.alloc(4 * width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const ridge =
        0.5 + 0.2 * Math.sin((x / width) * 9 + seed) + 0.06 * Math.sin(x / 3 + 2 * seed);
      const v = y / height;
      const grain = ((Math.imul(x + 7 * y + seed, 2_654_435_761) >>> 24) - 128) / 10;
      const colour =
        v < ridge
          ? [90 + 120 * v, 130 + 100 * v, 210 + 30 * v]
          : [60 + 90 * v, 110 + 40 * Math.sin(x / 5), 50];
      for (const [c, level] of colour.entries()) {
        data[4 * (y * width + x) + c] = Math.min(255, Math.max(0, level + grain));
      }
      data[4 * (y * width + x) + 3] = 255;
    }
  }
  return data;
}

/**
 * @param {number} width
 * @param {number} height
 * @param {number} [seed]
 * @returns {Buffer} a PNG file
 */
export function photo(width, height, seed = 1) {
  const png = new PNG({ width, height });
  paintedPixels(width, height, seed).copy(png.data);
  return PNG.sync.write(png);
}

/**
 * A PNG whose header and data are as asked, each chunk with its right checksum.
 *
 * @param {object} png
 * @param {number} png.width
 * @param {number} png.height
 * @param {number} [png.depth] bits a channel
 * @param {number} [png.colour] 0 grey, 2 RGB, 6 RGBA
 * @param {Buffer} png.rows unfiltered: each row begins with a 0
 */
export function rawPng({ width, height, depth = 8, colour = 2, rows }) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = depth;
  header[9] = colour;
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(rows, { level: 9 })),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** @param {string} name @param {Buffer} body */
function pngChunk(name, body) {
  const checked = Buffer.concat([Buffer.from(name, 'latin1'), body]);
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  checked.copy(out, 4);
  out.writeUInt32BE(crc32(checked), body.length + 8);
  return out;
}

/** 16000 x 16000 pixels, one bit each, in about 31 KB: a gigabyte when it is decoded. */
export function bomb() {
  const side = 16_000;
  return rawPng({
    width: side,
    height: side,
    depth: 1,
    colour: 0,
    rows: Buffer.alloc(side * (1 + side / 8)),
  });
}

/** A PNG with one bit of its pixel data turned: the chunk's checksum no longer holds. */
export function badChecksum() {
  const bytes = photo(48, 32);
  bytes[bytes.indexOf('IDAT') + 20] ^= 1;
  return bytes;
}

/** @typedef {{ name: string, mimeType: string, buffer: Buffer }} Upload as Playwright takes it */

/**
 * @param {string} name
 * @param {Buffer | string} content
 * @param {string} [mimeType]
 * @returns {Upload}
 */
export function upload(name, content, mimeType = 'image/png') {
  return { name, mimeType, buffer: Buffer.from(content) };
}

/**
 * A folder on disk that goes when the test ends.
 *
 * @param {{ after: (clean: () => void) => void }} t
 * @param {Record<string, Buffer | string>} files by path, folders separated by `/`
 * @returns {string} its path
 */
export function folderOf(t, files) {
  const root = mkdtempSync(join(tmpdir(), 'cyclegan-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}
