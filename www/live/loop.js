/**
 * Frame after frame through the engine. One is under way at a time, and the next is always the latest there is,
 * so that pictures come as soon as they can and never late because of others.
 */
import { seenSize, shownSize } from './sizes.js';

/** @import { EngineClient, Weights } from '../engine/client.js' */
/** @import { Size } from './sizes.js' */
/** @import { Source } from './source/source.js' */
/** @import { Stage } from './stage.js' */

/**
 * @typedef {object} Parts
 * @property {Pick<EngineClient, 'live'>} engine
 * @property {Source} source
 * @property {Stage} stage
 * @property {() => Size} size
 * @property {() => Weights} weights
 * @property {(picture: import('./pace.js').Picture) => void} onPicture is on the stage
 */

export class Loop {
  #parts;
  #ended = false;
  #held = false;
  /** Told when it is held no more. */
  #wake = () => {};
  /** Counts holds: a picture that was under way then is not shown. */
  #holds = 0;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** The size of the last frame. @type {import('./sizes.js').Extent | null} */
  video = null;

  /** Until it is ended. @throws what the engine throws */
  async run() {
    while (!this.#ended) {
      if (this.#held) {
        await new Promise((resolve) => {
          this.#wake = () => resolve(undefined);
        });
        continue;
      }
      const taken = await this.#parts.source.next();
      if (!taken) return;
      if (this.#ended || this.#held) taken.frame.close();
      else await this.#translate(taken);
    }
  }

  /** Translates the frame on the stage anew: with another model, or at another size. */
  async redo() {
    const frame = await createImageBitmap(this.#parts.stage.before);
    await this.#translate({ frame, at: performance.now() }, false);
  }

  /** @param {import('./source/source.js').Taken} taken @param {boolean} [mirrored] */
  async #translate({ frame, at }, mirrored = this.#parts.source.mirrored) {
    const { engine, stage, size, weights, onPicture } = this.#parts;
    const holds = this.#holds;
    const sent = performance.now();
    this.video = extentOf(frame);
    const sizes = { seen: seenSize(this.video, size()), shown: shownSize(this.video) };
    stage.keep(frame, sizes.shown, mirrored);
    const { picture } = await engine.live(frame, sizes, weights());
    const unwanted = this.#ended || holds !== this.#holds;
    if (!unwanted) stage.show(picture, mirrored);
    picture.close();
    if (unwanted) return;
    const now = performance.now();
    onPicture({ at: now, took: now - sent, delay: now - at });
  }

  /** Leaves on the stage what is there. */
  hold() {
    this.#holds += 1;
    this.#held = true;
  }

  goOn() {
    this.#holds += 1; // nor a frozen picture that is still being redone
    this.#held = false;
    this.#wake();
  }

  end() {
    this.#ended = true;
    this.#wake();
  }
}

/** @param {VideoFrame | ImageBitmap} frame */
function extentOf(frame) {
  if ('displayWidth' in frame) return { width: frame.displayWidth, height: frame.displayHeight };
  return { width: frame.width, height: frame.height };
}
