/**
 * A page that does one thing: it opens one engine and translates one picture, as soon as it can. Weights are
 * fetched while the engine is; `server.js` has the engine's wasm preloaded by the markup, the same for all.
 */
import { countMacs, generator } from '../network.js';
import { randomPicture } from '../weights.js';

const PICTURE_SEED = 2;
/** Pictures after the first. */
const AGAIN = 3;

const query = new URLSearchParams(location.search);
const [size, ngf, blocks] = ['size', 'ngf', 'blocks'].map((name) => Number(query.get(name)));
const device = /** @type {import('../types.js').Device} */ (query.get('device'));
const picture = randomPicture(size, PICTURE_SEED);
/** Milliseconds after the navigation. @type {Record<string, number>} */
const moments = {};
const mark = (/** @type {string} */ name) => {
  moments[name] = performance.now();
};

/** @param {string} name of the file */
async function weights(name) {
  const response = await fetch(new URL(name, import.meta.url));
  const bytes = await response.arrayBuffer();
  mark('weights');
  return bytes;
}

async function first() {
  const weightsFile = weights(/** @type {string} */ (query.get('weights')));
  /** @type {import('./types.js').FirstModule} */
  const { open } = await import(`./${query.get('engine')}.js`);
  const layers = generator(ngf, blocks);
  const { version, run } = await open({ device, size, layers, weights: weightsFile, mark });
  mark('ready');
  const rgba = await run(picture);
  mark('picture');
  let again = Infinity;
  for (let i = 0; i < AGAIN; i += 1) {
    const started = performance.now();
    await run(picture);
    again = Math.min(again, performance.now() - started);
  }
  const wasm = performance.getEntriesByType('resource').filter(({ name }) => /\.wasm$/.test(name));
  moments.wasm = Math.max(
    ...wasm.map((one) => /** @type {PerformanceResourceTiming} */ (one).responseEnd),
  );
  return { version, moments, again, rgba: Array.from(rgba), macs: countMacs(layers, size) };
}

globalThis.first = first();
