/** This project's engine, as the page's worker uses it. */
import { safetensors } from '../weights.js';

/** Where `pkg-scripts/build` leaves it, seen from the page. */
const MODULE = '/www/pkg/cyclegan_web.js';

/**
 * @param {import('../types.js').Setup} setup
 * @returns {Promise<import('../types.js').Contender>}
 */
export async function open({ device, size, tensors }) {
  const { default: init, Engine } = await import(MODULE);
  const { memory } = await init();
  const engine = await Engine.open(device);
  const report = engine.report();
  if (report.device !== device) throw new Error(`it opened ${report.device}, not ${device}`);
  engine.load(safetensors(tensors), undefined);
  return {
    version: report.version,
    wasmBytes: () => memory.buffer.byteLength,
    async run(rgba) {
      const made = await engine.translate(rgba, size, size, 0, 0);
      if (made.width !== size || made.reduced) throw new Error('the photo was made smaller');
      const result = made.takeAfter();
      made.free();
      return { rgba: result, values: null };
    },
  };
}
