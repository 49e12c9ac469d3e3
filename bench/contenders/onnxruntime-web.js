/**
 * ONNX Runtime Web: its wasm backend on one thread, as on any page without cross-origin isolation, or its
 * WebGPU backend.
 */
import { memories } from '../gauges.js';
import { onnxModel } from '../onnx-model.js';
import { toRgba, toUnit } from '../pixels.js';

const FILES = '/node_modules/onnxruntime-web/dist/';
const MODULE = { cpu: 'ort.wasm.bundle.min.mjs', webgpu: 'ort.webgpu.bundle.min.mjs' };
const PROVIDER = { cpu: 'wasm', webgpu: 'webgpu' };
export const NAME = 'onnxruntime-web';

/**
 * @param {import('../types.js').Setup} setup
 * @returns {Promise<import('../types.js').Contender>}
 */
export async function open({ device, size, layers, tensors }) {
  /** @type {typeof import('onnxruntime-web')} */
  const ort = await import(FILES + MODULE[device]);
  ort.env.wasm.wasmPaths = FILES;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const session = await ort.InferenceSession.create(onnxModel(layers, tensors, size), {
    executionProviders: [PROVIDER[device]],
    graphOptimizationLevel: 'all',
  });
  return {
    version: ort.env.versions.web ?? '',
    wasmBytes: () =>
      Math.max(0, ...(memories.get(NAME) ?? []).map(({ buffer }) => buffer.byteLength)),
    async run(rgba) {
      const input = new ort.Tensor('float32', toUnit(rgba), [1, 3, size, size]);
      const { output } = await session.run({ input });
      const values = /** @type {Float32Array} */ (await output.getData());
      output.dispose();
      input.dispose();
      return { rgba: toRgba(values), values };
    },
  };
}
