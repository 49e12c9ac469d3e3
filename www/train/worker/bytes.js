/** Bytes on their way between files and the engine. */
import { CodedError, failureOf } from '../../failure.js';

/** Bytes of a file in memory that are passed to the browser at a time. */
const PART = 4 << 20;

/** Reads a file piece by piece. @param {Blob} file */
export function reader(file) {
  return async (/** @type {number} */ at, /** @type {number} */ length) =>
    new Uint8Array(await file.slice(at, at + length).arrayBuffer());
}

/** Initial weights. @param {Blob | null} blob @returns {Promise<Uint8Array | undefined>} */
export async function weightsBytes(blob) {
  if (!blob) return undefined;
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new CodedError('weights-unreadable', failureOf(error).detail);
  }
}

/** A file kept outside wasm's memory. @param {import('../../files/disk.js').Pieces} pieces */
export async function blobOf(pieces) {
  /** @type {Blob[]} */
  const parts = [];
  /** @type {Uint8Array<ArrayBuffer>[]} */
  let last = [];
  /** @type {Uint8Array<ArrayBuffer> | null} */
  let header = null;
  let end = 0;
  await pieces((at, piece) => {
    const bytes = own(piece);
    if (at < end) return header?.set(bytes, at); // its digest, known at the end
    end += bytes.length;
    if (header === null) header = bytes;
    else last.push(bytes);
    if (last.length * bytes.length < PART) return;
    parts.push(new Blob(last));
    last = [];
  });
  return new Blob([header ?? '', ...parts, ...last]);
}

/** Bytes from wasm are copies, in no shared memory. @param {Uint8Array} bytes */
export function own(bytes) {
  return /** @type {Uint8Array<ArrayBuffer>} */ (bytes);
}
