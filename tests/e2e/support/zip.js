/** Reads a zip by its central directory, as an unpacker does. Only what archives of the page hold. */
import { crc32, inflateRawSync } from 'node:zlib';

/** @typedef {{ name: string, bytes: Buffer, utf8: boolean }} Entry */

/**
 * @param {Buffer} zip
 * @returns {Entry[]} in the order of the directory
 * @throws {Error} when a record or a checksum is wrong
 */
export function readZip(zip) {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0) throw new Error('no end of central directory');
  const entries = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (zip.readUInt32BE(at) !== 0x504b0102) throw new Error('no directory entry');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) =>
      zip.readUInt16LE(at + o),
    );
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const bytes = contentOf(zip, at, name);
    entries.push({ name, bytes, utf8: (zip.readUInt16LE(at + 8) & 0x800) !== 0 });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}

/** @param {Buffer} zip @param {number} at of the directory entry @param {string} name */
function contentOf(zip, at, name) {
  const local = zip.readUInt32LE(at + 42);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const packed = zip.subarray(start, start + zip.readUInt32LE(at + 20));
  const bytes = zip.readUInt16LE(at + 10) === 8 ? inflateRawSync(packed) : Buffer.from(packed);
  if (crc32(bytes) !== zip.readUInt32LE(at + 16)) throw new Error(`wrong checksum of ${name}`);
  return bytes;
}
