/** This project's engine, as the page's worker uses it. */
import { writeSafetensors } from '../safetensors.js';

/** @typedef {import('../types.js').Device} Device */

/** Output of `pkg-scripts/build`. */
const MODULE = new URL('../../www/pkg/cyclegan_web.js', import.meta.url).href;

/** @param {Device} device @param {'open' | 'openToTrain'} open */
async function openEngine(device, open) {
  const { default: init, Engine } = /** @type {typeof import('../../www/pkg/cyclegan_web.js')} */ (
    await import(MODULE)
  );
  const { memory } = await init();
  const engine = await Engine[open](device);
  const { device: opened, version } = engine.report();
  if (opened !== device) throw new Error(`it opened ${opened}, not ${device}`);
  return { engine, version, wasmBytes: () => memory.buffer.byteLength };
}

/**
 * @param {import('../types.js').Setup} setup
 * @returns {Promise<import('../types.js').Contender<import('../types.js').Output>>}
 */
export async function open({ device, precision, size, tensors, picture }) {
  const { engine, version, wasmBytes } = await openEngine(device, 'open');
  engine.prefer(precision);
  engine.load(writeSafetensors(tensors), undefined);
  return {
    version: `${version} ${precision}`,
    wasmBytes,
    async run() {
      const made = await engine.translate(picture, size, size, 0, 0, 0, 1);
      if (made.plan.seen_width !== size) throw new Error('the photo was made smaller');
      if (made.precision !== precision) throw new Error(`it computed in ${made.precision}`);
      const rgba = made.takeAfter();
      made.free();
      return { rgba, values: null, layout: 'planes' };
    },
  };
}

/**
 * @param {import('../types.js').TrainingSetup} setup
 * @returns {Promise<import('../types.js').Contender<import('../types.js').Losses>>}
 */
export async function openTraining({ device, size, config, pictures }) {
  const { engine, version, wasmBytes } = await openEngine(device, 'openToTrain');
  // Resized photos are cached, so each is requested once.
  const cache = 4 * 3 * size * size;
  const training = engine.startTraining(JSON.stringify(config), 1, 1, cache, undefined, undefined);
  return {
    version,
    wasmBytes,
    async run() {
      const { a, b } = training.upcoming(1);
      for (const index of a) training.supply('A', index, pictures.A, size, size);
      for (const index of b) training.supply('B', index, pictures.B, size, size);
      const [{ losses, warmingUp, skipped }] = await training.trainSteps(1);
      if (warmingUp || skipped.length > 0) throw new Error('that was no whole step');
      return { ...losses };
    },
  };
}
