/**
 * LiteRT.js on WebGPU, or on the CPU with XNNPACK, which has one thread unless the page is cross-origin
 * isolated. It cannot train.
 */
import { wasmBytes } from '../gauges.js';
import { toRgba, toUnit } from '../pixels.js';
import { tfliteModel } from '../tflite-model.js';
import { versionOf } from '../version.js';

const PACKAGE = new URL('../../node_modules/@litertjs/core/', import.meta.url).href;
const ACCELERATOR = /** @type {const} */ ({ cpu: 'wasm', webgpu: 'webgpu' });
const NAME = 'litert';

/**
 * @param {import('../types.js').Setup} setup
 * @returns {Promise<import('../types.js').Contender<import('../types.js').Output>>}
 */
export async function open({ device, size, layers, tensors, picture, threads }) {
  // It loads its wasm only once, so each number of threads has an instance of its own.
  /** @type {typeof import('@litertjs/core')} */
  const { loadAndCompile, loadLiteRt, Tensor } = await import(
    `${PACKAGE}dist/index.js?threads=${threads}`
  );
  await loadLiteRt(`${PACKAGE}wasm/`, { threads: threads > 1 });
  const accelerator = ACCELERATOR[device];
  const model = await loadAndCompile(tfliteModel(layers, tensors, size), {
    accelerator,
    cpuOptions: { numThreads: threads },
    gpuOptions: { precision: 'fp32' }, // by itself it takes float16 where the adapter has it
  });
  if (model.options.accelerator !== accelerator) {
    throw new Error('an operator has no kernel in WebGPU, so all of it would run on the CPU');
  }
  return {
    version: await versionOf(PACKAGE),
    wasmBytes: () => wasmBytes(NAME),
    async run(rgba = picture) {
      const input = new Tensor(toUnit(rgba, 'pixels'), [1, size, size, 3]);
      const [output] = await model.run(input);
      const values = /** @type {Float32Array} */ (await output.data());
      output.delete();
      input.delete();
      return { rgba: toRgba(values, 'pixels'), values, layout: 'pixels' };
    },
  };
}
