/**
 * Truncated files: those with all their pixels are completed with their format's ending.
 *
 * Where only a decoder can tell whether pixels are missing, the file is completed in two ways, with different
 * data before the end: if both give the same picture, nothing was missing.
 */
import { ByteReader } from './byte-reader.js';
import { chunks } from './picture-notes.js';

/** More bytes than any block of coded data can still need. */
const TAIL = 1024;
const JPEG_END = new Uint8Array([0xff, 0xd9]);
const PNG_END = new Uint8Array([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]);

/** @param {number} value */
const tail = (value) => new Uint8Array(TAIL).fill(value);

/**
 * @param {Blob} file
 * @param {import('./kinds.js').ImageKind} kind
 * @param {number} end of the part to keep
 * @returns {Promise<Blob[]>} the file as it may have been, in one or two versions; none: impossible
 */
export async function closed(file, kind, end) {
  if (kind === 'png') return closedPng(file);
  if (kind === 'webp') return closedWebp(file);
  if (kind === 'gif') return twice(file, end, new Uint8Array([...tail(0), 0x3b]));
  if (kind === 'bmp') return twice(file, end, new Uint8Array());
  return kind === 'jpeg' ? twice(file, end, JPEG_END) : [];
}

/** @param {Blob} file @param {number} end @param {Uint8Array<ArrayBuffer>} last */
function twice(file, end, last) {
  const kept = file.slice(0, end);
  return [0, 0xfe].map((value) => new Blob([kept, tail(value), last], { type: file.type }));
}

/** @param {Blob} file @returns {Promise<Blob[]>} */
async function closedPng(file) {
  let end = 8;
  for await (const { name, at, length } of chunks(new ByteReader(file), 'png')) {
    if (name === 'IEND') return []; // it has an end, so the problem is elsewhere
    if (at + length + 4 > file.size) {
      const data =
        name === 'IDAT'
          ? [await pngChunk(file.slice(at - 4, Math.min(file.size, at + length)))]
          : [];
      return [new Blob([file.slice(0, end), ...data, PNG_END], { type: file.type })];
    }
    end = at + length + 4;
  }
  return [new Blob([file.slice(0, end), PNG_END], { type: file.type })];
}

/** Wraps a body in a chunk. @param {Blob} body */
async function pngChunk(body) {
  const bytes = new Uint8Array(await body.arrayBuffer());
  let sum = -1;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  const [length, crc] = [new DataView(new ArrayBuffer(4)), new DataView(new ArrayBuffer(4))];
  length.setUint32(0, bytes.length - 4);
  crc.setInt32(0, ~sum);
  return new Blob([length, bytes, crc]);
}

/** Drops everything after the last whole chunk and corrects the length at the start. @param {Blob} file @returns {Promise<Blob[]>} */
async function closedWebp(file) {
  let end = 12;
  for await (const { at, length } of chunks(new ByteReader(file), 'webp')) {
    if (at + length > file.size) break;
    end = at + length;
  }
  const padding = new Uint8Array(end % 2);
  const size = new DataView(new ArrayBuffer(4));
  size.setUint32(0, end + padding.length - 8, true);
  const parts = [file.slice(0, 4), size, file.slice(8, end), padding];
  return end > 12 ? [new Blob(parts, { type: file.type })] : [];
}
