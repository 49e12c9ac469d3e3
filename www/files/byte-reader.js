/** Random access to the bytes of a file in small windows, so that a large file costs little. */
import { readError } from '../failure.js';

const WINDOW = 65_536;

export class ByteReader {
  #file;
  #from = 0;
  #bytes = new ArrayBuffer(0);

  /** @param {Blob} file */
  constructor(file) {
    this.#file = file;
  }

  /** Bytes in the file. */
  get size() {
    return this.#file.size;
  }

  /**
   * `length` bytes from `offset`, or null if the file is too short.
   * @param {number} offset
   * @param {number} length at most 65536
   * @returns {Promise<DataView | null>}
   * @throws {import('../failure.js').CodedError} `file-gone`, `image-unreadable`
   */
  async view(offset, length) {
    if (offset < 0 || offset + length > this.#file.size) return null;
    if (offset < this.#from || offset + length > this.#from + this.#bytes.byteLength) {
      try {
        this.#bytes = await this.#file.slice(offset, offset + WINDOW).arrayBuffer();
      } catch (error) {
        throw readError(error, 'image-unreadable');
      }
      this.#from = offset;
      if (this.#bytes.byteLength < length) return null;
    }
    return new DataView(this.#bytes, offset - this.#from, length);
  }

  /**
   * The first position from `offset` whose byte is `value` or, with `not`, is not.
   * @param {number} offset
   * @param {number} value
   * @param {{ not?: boolean, end: number }} until `end`: where to give up
   * @returns {Promise<number>} -1: none found
   */
  async find(offset, value, { not = false, end }) {
    const last = Math.min(end, this.#file.size);
    for (let at = offset; at < last; ) {
      const left = this.#from + this.#bytes.byteLength - at;
      const length = Math.min(last - at, at >= this.#from && left > 0 ? left : WINDOW);
      const view = await this.view(at, length);
      if (!view) return -1;
      for (let i = 0; i < length; i += 1) {
        if ((view.getUint8(i) === value) !== not) return at + i;
      }
      at += length;
    }
    return -1;
  }
}

/** Four bytes as text. @param {DataView} view @param {number} at */
export function nameAt(view, at) {
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, 4));
}
