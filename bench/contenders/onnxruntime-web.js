/**
 * ONNX Runtime Web with its WebGPU backend or its wasm backend, which has one thread unless the page is
 * cross-origin isolated. It cannot train.
 */
import { wasmBytes } from '../gauges.js';
import { onnxModel } from '../onnx-model.js';
import { toRgba, toUnit } from '../pixels.js';

const FILES = new URL('../../node_modules/onnxruntime-web/dist/', import.meta.url).href;
const MODULE = { cpu: 'ort.wasm.bundle.min.mjs', webgpu: 'ort.webgpu.bundle.min.mjs' };
const PROVIDER = { cpu: 'wasm', webgpu: 'webgpu' };
const NAME = 'onnxruntime-web';

/**
 * @param {import('../types.js').Setup} setup
 * @returns {Promise<import('../types.js').Contender<import('../types.js').Output>>}
 */
export async function open({ device, size, layers, tensors, picture, threads }) {
  // The number of threads is that of all its sessions, so each number has an instance of its own.
  /** @type {typeof import('onnxruntime-web')} */
  const ort = await import(`${FILES}${MODULE[device]}?threads=${threads}`);
  ort.env.wasm.wasmPaths = FILES;
  if (threads > 1) ort.env.wasm.wasmBinary = await ownModule();
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'error';
  const session = await ort.InferenceSession.create(onnxModel(layers, tensors, size), {
    executionProviders: [PROVIDER[device]],
    graphOptimizationLevel: 'all',
  });
  return {
    version: ort.env.versions.web ?? '',
    wasmBytes: () => wasmBytes(NAME),
    async run(rgba = picture) {
      const input = new ort.Tensor('float32', toUnit(rgba, 'planes'), [1, 3, size, size]);
      const { output } = await session.run({ input });
      const values = /** @type {Float32Array} */ (await output.getData());
      output.dispose();
      input.dispose();
      return { rgba: toRgba(values, 'planes'), values, layout: 'planes' };
    },
  };
}

/**
 * The module for several threads, with a custom section that tells it from the one for a single thread: V8 compiles
 * equal modules once, and then the single thread took three times as long as soon as there were several.
 */
async function ownModule() {
  const response = await fetch(`${FILES}ort-wasm-simd-threaded.wasm`);
  const customSection = new Uint8Array([0, 2, 1, 0x6e]);
  return new Blob([await response.arrayBuffer(), customSection]).arrayBuffer();
}
