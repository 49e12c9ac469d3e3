/** Painted scenes as a source: a window passes slowly over a wide landscape, back and forth. */
/** @import { EngineClient } from '../../engine/client.js' */
/** @import { Season } from '../../pkg/cyclegan_web.js' */
/** @import { Source, Taken } from './source.js' */

const LANDSCAPE = { width: 1728, height: 384 };
/** Of the window. */
const WIDTH = 576;
/** The places that look best from one end to the other. @type {Record<Season, number>} */
const PLACES = { summer: 6, winter: 20 };
/** Milliseconds from one end to the other, and between two pictures. */
const PASSAGE = 40_000;
const EVERY = 1000 / 30;

/** Where the window is, kept while it is not shown. */
export class Passage {
  /** Milliseconds under way. */
  time = 0;

  /** Pixels from the left: slowest at the ends. */
  get left() {
    const way = (1 - Math.cos((Math.PI * this.time) / PASSAGE)) / 2;
    return Math.round((LANDSCAPE.width - WIDTH) * way);
  }
}

/**
 * @param {Pick<EngineClient, 'paint'>} engine
 * @param {Season} season
 * @param {Passage} passage
 * @param {AbortSignal} signal
 * @returns {Promise<Source>}
 */
export async function openScenes(engine, season, passage, signal) {
  const painted = await engine.paint({ season, seed: PLACES[season], ...LANDSCAPE }, signal);
  const landscape = await createImageBitmap(painted);
  signal.throwIfAborted();
  let last = performance.now();
  let still = false;
  let shown = false;
  let stopped = false;
  return {
    kind: 'scenes',
    mirrored: false,
    /** @returns {Promise<Taken | null>} */
    async next() {
      let at = await animationFrame();
      while (!stopped && ((still && shown) || at - last < EVERY)) at = await animationFrame();
      if (stopped) return null;
      // After a pause it goes on where it was.
      if (!still) passage.time += Math.min(at - last, 1000);
      last = at;
      shown = true;
      const frame = await createImageBitmap(landscape, passage.left, 0, WIDTH, LANDSCAPE.height);
      return { frame, at };
    },
    hold(wanted) {
      still = wanted;
    },
    stop() {
      stopped = true;
      landscape.close();
    },
  };
}

/** @returns {Promise<number>} its time */
const animationFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
