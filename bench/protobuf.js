/**
 * The part of protobuf's binary format that ONNX files use
 * (https://protobuf.dev/programming-guides/encoding): integers, one float, bytes and messages.
 *
 * A message is a list of chunks, joined once at the end, so that weights are copied only once.
 */

/** @typedef {{ chunks: Uint8Array[], length: number }} Message */

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/**
 * @param {number} value a non-negative integer below 2^53
 * @returns {number[]}
 */
function varint(value) {
  const bytes = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

/** @param {number} field @param {number} wireType */
const tag = (field, wireType) => varint(field * 8 + wireType);

/** @param {Uint8Array[]} chunks @returns {Message} */
const of = (...chunks) => ({
  chunks,
  length: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
});

/** @param {number} field @param {number} value */
export const integer = (field, value) =>
  of(Uint8Array.from([...tag(field, VARINT), ...varint(value)]));

/** @param {number} field @param {number} value stored as float32 */
export function float(field, value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return of(Uint8Array.from(tag(field, FIXED32)), bytes);
}

/** @param {number} field @param {Uint8Array} value */
export const bytes = (field, value) =>
  of(Uint8Array.from([...tag(field, LENGTH_DELIMITED), ...varint(value.length)]), value);

/** @param {number} field @param {string} value */
export const text = (field, value) => bytes(field, new TextEncoder().encode(value));

/** @param {number} field @param {Message[]} fields of the message within */
export function message(field, ...fields) {
  const inner = join(fields);
  const head = Uint8Array.from([...tag(field, LENGTH_DELIMITED), ...varint(inner.length)]);
  return { chunks: [head, ...inner.chunks], length: head.length + inner.length };
}

/** @param {Message[]} fields @returns {Message} */
function join(fields) {
  return {
    chunks: fields.flatMap(({ chunks }) => chunks),
    length: fields.reduce((sum, { length }) => sum + length, 0),
  };
}

/**
 * The bytes of the outermost message.
 * @param {Message[]} fields
 * @returns {Uint8Array}
 */
export function serialise(...fields) {
  const { chunks, length } = join(fields);
  const result = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    result.set(chunk, offset);
    offset += chunk.length;
  }
  return result;
}
