/** The format in which our engine reads and writes weights: https://github.com/huggingface/safetensors. */

/** @typedef {import('./types.js').Tensor} Tensor */
/** @typedef {Record<string, { dtype: string, shape: number[], data_offsets: number[] }>} Entries */

/**
 * @param {Tensor[]} tensors
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function writeSafetensors(tensors) {
  /** @type {Entries} */
  const entries = {};
  let end = 0;
  for (const { name, shape, data } of tensors) {
    const begin = end;
    end += data.byteLength;
    entries[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
  }
  let header = JSON.stringify(entries);
  header = header.padEnd(Math.ceil(header.length / 8) * 8);
  const bytes = new Uint8Array(8 + header.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  let offset = 8 + header.length;
  for (const { data } of tensors) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/**
 * @param {ArrayBuffer} file of float32 tensors
 * @returns {Tensor[]} views of it if they are aligned
 */
export function readSafetensors(file) {
  const length = Number(new DataView(file).getBigUint64(0, true));
  const header = new TextDecoder().decode(new Uint8Array(file, 8, length));
  const { __metadata__, ...entries } = JSON.parse(header);
  return Object.entries(/** @type {Entries} */ (entries)).map(([name, { dtype, shape, ...at }]) => {
    if (dtype !== 'F32') throw new Error(`${name} is ${dtype}`);
    const [begin, end] = at.data_offsets.map((offset) => 8 + length + offset);
    const aligned = begin % 4 === 0;
    const data = aligned
      ? new Float32Array(file, begin, (end - begin) / 4)
      : new Float32Array(file.slice(begin, end));
    return { name, shape, data };
  });
}
