/**
 * The part of FlatBuffers' binary format that TFLite files use
 * (https://flatbuffers.dev/internals): tables, vectors, strings and bytes.
 *
 * A value is a function that writes itself at the end of the file. Offsets only point forward, so what holds
 * one is written first, and gets it when the other's place is known.
 */

/** @typedef {(file: File) => number} Value writes itself and returns its place */
/** @typedef {number | Value | undefined} Field of a table: a scalar, or what it points to */

/** For SIMD, as TFLite's schema asks of buffers; it is enough for everything else. */
const ALIGNMENT = 16;

/** Pieces of the file in order. */
class File {
  /** @type {Uint8Array[]} */
  pieces = [];
  length = 0;

  /** @param {number} alignment of what comes next */
  align(alignment) {
    const gap = -this.length & (alignment - 1);
    if (gap > 0) this.append(new Uint8Array(gap));
  }

  /** @param {ArrayBufferView} view @returns {number} its place */
  append({ buffer, byteOffset, byteLength }) {
    const place = this.length;
    this.pieces.push(new Uint8Array(/** @type {ArrayBuffer} */ (buffer), byteOffset, byteLength));
    this.length += byteLength;
    return place;
  }

  /**
   * Writes slots of four bytes, then what some of them point to. A scalar of one byte is the first of its
   * four, in little-endian order.
   * @param {Field[]} slots
   */
  slots(slots) {
    const numbers = new Int32Array(slots.length);
    const place = this.append(numbers);
    slots.forEach((slot, index) => {
      if (typeof slot === 'number') numbers[index] = slot;
      if (typeof slot === 'function') numbers[index] = slot(this) - (place + 4 * index);
    });
    return place;
  }
}

/**
 * @param {Field[]} fields in the order of the schema; those that are undefined have their default
 * @returns {Value}
 */
export const table = (fields) => (file) => {
  const present = fields.filter((field) => field !== undefined);
  // The table is behind its list of fields, which gives each field's distance from the table's start.
  const list = new Uint16Array(2 + fields.length);
  list[0] = list.byteLength;
  list[1] = 4 + 4 * present.length;
  let next = 4;
  fields.forEach((field, index) => {
    if (field === undefined) return;
    list[2 + index] = next;
    next += 4;
  });
  file.align(4);
  const place = file.append(list);
  file.align(4);
  const back = file.length - place;
  return file.slots([back, ...present]);
};

/** @param {Field[]} items all of them scalars of four bytes, or all of them pointing @returns {Value} */
export const vector = (items) => (file) => {
  file.align(4);
  return file.slots([items.length, ...items]);
};

/** @param {ArrayBufferView} data @returns {Value} */
export const bytes = (data) => (file) => {
  file.align(ALIGNMENT);
  file.append(new Uint8Array(ALIGNMENT - 4)); // so that the data are aligned, not their length
  const place = file.slots([data.byteLength]);
  file.append(data);
  return place;
};

/** @param {string} value @returns {Value} */
export const text = (value) => (file) => {
  const encoded = new TextEncoder().encode(`${value}\0`);
  file.align(4);
  const place = file.slots([encoded.length - 1]); // a zero follows that does not count
  file.append(encoded);
  return place;
};

/**
 * @param {string} identifier of the format, four letters
 * @param {Value} root
 * @returns {Uint8Array}
 */
export function serialise(identifier, root) {
  const file = new File();
  const letters = new TextEncoder().encode(identifier);
  const [word] = new Int32Array(letters.buffer);
  file.slots([(file) => root(file), word]);
  const result = new Uint8Array(file.length);
  let offset = 0;
  for (const piece of file.pieces) {
    result.set(piece, offset);
    offset += piece.length;
  }
  return result;
}
