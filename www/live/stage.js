/** The pair of pictures: a frame, and its translation over it up to a line. What is shown belongs together. */
import { mountCompare } from '../page/compare.js';
import { clone, label, part } from '../page/dom.js';
import { text } from '../page/messages.js';

/** @import { Extent } from './sizes.js' */

export class Stage {
  /** @param {HTMLElement} root what it fills */
  constructor(root) {
    const compare = clone('compare');
    /** @param {'before' | 'after'} role @param {string} key of what it is */
    const canvas = (role, key) => {
      const made = document.createElement('canvas');
      made.dataset.role = role;
      made.dataset.testid = `live-${role}`;
      made.role = 'img';
      label(made, text(key));
      part(compare, role).replaceWith(made);
      return made;
    };
    this.#root = root;
    /** The translation. */
    this.after = canvas('after', 'live.after');
    this.before = canvas('before', 'live.before');
    const range = /** @type {HTMLInputElement} */ (compare.querySelector('input'));
    label(range, text('live.compare'));
    range.dataset.testid = 'live-compare';
    mountCompare(compare);
    root.append(compare);
  }

  #root;
  /** The frame whose translation is under way. */
  #kept = document.createElement('canvas');
  /** Whether there are pictures. */
  filled = false;

  /**
   * Keeps a frame until its translation is there.
   * @param {VideoFrame | ImageBitmap} frame
   * @param {Extent} extent at which it is shown
   * @param {boolean} mirrored
   */
  keep(frame, extent, mirrored) {
    draw(this.#kept, frame, extent, mirrored);
  }

  /** Shows a translation with its frame. @param {ImageBitmap} picture @param {boolean} mirrored */
  show(picture, mirrored) {
    const { width, height } = this.#kept;
    draw(this.before, this.#kept, { width, height }, false);
    draw(this.after, picture, picture, mirrored);
    this.#root.style.setProperty('--ratio', String(width / height));
    this.filled = true;
  }
}

/**
 * @param {HTMLCanvasElement} canvas gets the size
 * @param {VideoFrame | ImageBitmap | HTMLCanvasElement} picture
 * @param {Extent} size
 * @param {boolean} mirrored
 */
function draw(canvas, picture, { width, height }, mirrored) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const brush = canvas.getContext('2d', { alpha: false });
  if (!brush) return;
  brush.setTransform(mirrored ? -1 : 1, 0, 0, 1, mirrored ? width : 0, 0);
  brush.imageSmoothingQuality = 'high';
  brush.drawImage(picture, 0, 0, width, height);
}
