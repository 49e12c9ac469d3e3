/** ONNX Runtime Web, from its smallest files, on one thread as on any page without cross-origin isolation. */
import { toRgba, toUnit } from '../pixels.js';

const FILES = new URL('../../node_modules/onnxruntime-web/dist/', import.meta.url).href;
const MODULE = { cpu: 'ort.wasm.bundle.min.mjs', webgpu: 'ort.webgpu.bundle.min.mjs' };
const PROVIDER = { cpu: 'wasm', webgpu: 'webgpu' };

/** @type {import('./types.js').FirstModule['open']} */
export async function open({ device, size, weights, mark }) {
  /** @type {typeof import('onnxruntime-web')} */
  const ort = await import(FILES + MODULE[device]);
  mark('script');
  ort.env.wasm.wasmPaths = FILES;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const session = await ort.InferenceSession.create(new Uint8Array(await weights), {
    executionProviders: [PROVIDER[device]],
    graphOptimizationLevel: 'all',
  });
  return {
    version: ort.env.versions.web ?? '',
    async run(picture) {
      const input = new ort.Tensor('float32', toUnit(picture, 'planes'), [1, 3, size, size]);
      const { output } = await session.run({ input });
      const values = /** @type {Float32Array} */ (await output.getData());
      output.dispose();
      input.dispose();
      return toRgba(values, 'planes');
    },
  };
}
