/** A peer's batch: one photo after another, the next read and the last written meanwhile. */
import { setCurrent, wasmBytes } from '../gauges.js';
import { decoded, encoded } from './photos.js';

/** @typedef {import('../types.js').Batch} Batch */

/**
 * @param {string} engine
 * @param {import('../types.js').BatchSetup} setup
 * @param {number} threads
 * @returns {Promise<Batch>}
 */
export async function openPeer(engine, { photos, ...setup }, threads) {
  const key = `${engine} with ${threads}`;
  setCurrent(key);
  /** @type {import('../types.js').ContenderModule} */
  const { open } = await import(`../contenders/${engine}.js`);
  const picture = await decoded(photos[0]);
  const contender = await open({ ...setup, precision: 'float32', picture, threads });
  /** @type {import('../types.js').Output | undefined} */
  let first;
  /** @type {number[]} */
  const runs = [];
  return {
    engine,
    name: `${contender.version}, ${threads === 1 ? '1 thread' : `${threads} threads`}`,
    runs,
    get peak() {
      return wasmBytes(key);
    },
    agreement: null,
    first() {
      if (!first) throw new Error('nothing was translated');
      return first;
    },
    async run() {
      setCurrent(key);
      const started = performance.now();
      const written = [];
      let next = decoded(photos[0]);
      for (let i = 0; i < photos.length; i += 1) {
        const rgba = await next;
        if (i + 1 < photos.length) next = decoded(photos[i + 1]);
        const made = await contender.run(rgba);
        first ??= made;
        written.push(encoded(made.rgba, setup.size));
      }
      await Promise.all(written);
      runs.push(performance.now() - started);
    },
  };
}
