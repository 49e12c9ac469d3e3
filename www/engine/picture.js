/** A decoded photo, read upright and strip by strip; and the canvases for pixels. For the worker. */
import { CodedError } from '../failure.js';

/** Pixels read back at a time: few enough for every browser's canvas limit, and for low memory use. */
const STRIP_PIXELS = 4_000_000;

/** A decoded photo, upright. Only `close` frees its memory at once. */
export class Picture {
  #bitmap;
  #orientation;

  /** @param {ImageBitmap} bitmap @param {number} [orientation] the EXIF orientation still to be applied */
  constructor(bitmap, orientation = 1) {
    this.#bitmap = bitmap;
    this.#orientation = orientation;
  }

  /** Whether rows and columns are swapped. */
  get #lies() {
    return this.#orientation > 4;
  }

  get width() {
    return this.#lies ? this.#bitmap.height : this.#bitmap.width;
  }

  get height() {
    return this.#lies ? this.#bitmap.width : this.#bitmap.height;
  }

  /** A few rows at a time, from the top. @returns {Generator<Uint8Array>} */
  *strips() {
    const { width, height } = this;
    const rows = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)));
    const canvas = new OffscreenCanvas(width, rows);
    const brush = context(canvas);
    brush.globalCompositeOperation = 'copy';
    brush.imageSmoothingEnabled = false;
    try {
      for (let top = 0; top < height; top += rows) {
        brush.setTransform(...turned(this.#orientation, this.#bitmap, top));
        brush.drawImage(this.#bitmap, 0, 0);
        const { data } = brush.getImageData(0, 0, width, Math.min(rows, height - top));
        yield new Uint8Array(data.buffer);
      }
    } finally {
      release(canvas);
    }
  }

  close() {
    this.#bitmap.close();
  }
}

/**
 * The transform from a stored picture's pixels to upright ones, `top` rows further up.
 * @param {number} orientation
 * @param {{ width: number, height: number }} stored
 * @param {number} top
 * @returns {[number, number, number, number, number, number]}
 */
function turned(orientation, { width: w, height: h }, top) {
  switch (orientation) {
    case 2:
      return [-1, 0, 0, 1, w, -top];
    case 3:
      return [-1, 0, 0, -1, w, h - top];
    case 4:
      return [1, 0, 0, -1, 0, h - top];
    case 5:
      return [0, 1, 1, 0, 0, -top];
    case 6:
      return [0, 1, -1, 0, h, -top];
    case 7:
      return [0, -1, -1, 0, h, w - top];
    case 8:
      return [0, -1, 1, 0, 0, w - top];
    default:
      return [1, 0, 0, 1, 0, -top];
  }
}

/** A canvas in main memory, because it is read back. @param {OffscreenCanvas} canvas */
export function context(canvas) {
  const brush = canvas.getContext('2d', { willReadFrequently: true });
  if (!brush) throw new CodedError('out-of-memory', 'the browser gave no canvas');
  return brush;
}

/** Frees a canvas at once, without waiting for garbage collection. @param {OffscreenCanvas} canvas */
export function release(canvas) {
  canvas.width = 0;
  canvas.height = 0;
}
