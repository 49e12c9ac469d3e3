/**
 * Safetensors files made from others: with more in the header, or with some of the tensors. The tensors are
 * not read; they stay where they are.
 */
import { headerOf } from './safetensors-header.js';

/** @typedef {{ dtype: string, shape: number[], data_offsets: [start: number, end: number] }} Entry */
/** @typedef {Record<string, Entry>} Header without the metadata */

/** Bytes of a header that is still read. */
const LONGEST = 32 * 2 ** 20;

/**
 * @param {Blob} file
 * @param {Record<string, string>} metadata to add
 * @returns {Promise<Blob>} the file itself, if it is no safetensors
 */
export async function withMetadata(file, metadata) {
  const found = await headerOf(file, LONGEST).catch(() => null);
  if (!found) return file;
  const { __metadata__, ...tensors } = found.header;
  const said = { .../** @type {object} */ (__metadata__ ?? {}), ...metadata };
  return assembled({ __metadata__: said, ...tensors }, [file.slice(found.start)]);
}

/**
 * A network of several, with its own names. A checkpoint also holds Adam's moments, which are none of its layers.
 * @param {Blob} file
 * @param {string} prefix of its names
 * @returns {Promise<Blob | null>} null: there are none
 */
export async function only(file, prefix) {
  const { header, start } = await headerOf(file, LONGEST);
  const chosen = Object.entries(/** @type {Header} */ (header)).filter(([name]) =>
    name.startsWith(`${prefix}model.`),
  );
  if (chosen.length === 0) return null;
  /** @type {Header} */
  const tensors = {};
  const pieces = [];
  let end = 0;
  for (const [name, { data_offsets: at, ...rest }] of chosen) {
    const from = end;
    end += at[1] - at[0];
    tensors[name.slice(prefix.length)] = { ...rest, data_offsets: [from, end] };
    pieces.push(file.slice(start + at[0], start + at[1]));
  }
  return assembled(tensors, pieces);
}

/** @param {object} header @param {Blob[]} tensors */
function assembled(header, tensors) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  // The tensors begin at a multiple of 8, as the format asks.
  const padding = ' '.repeat((8 - (text.length % 8)) % 8);
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(text.length + padding.length), true);
  return new Blob([length.buffer, text, padding, ...tensors]);
}
