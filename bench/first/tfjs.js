/** TF.js, bundled; its wasm backend has one thread, as on any page without cross-origin isolation. */
import { forward, imported } from '../contenders/tfjs/layers.js';
import { toRgba, toUnit } from '../pixels.js';
import { readSafetensors } from '../safetensors.js';

/** Output of `../bundle.js`. */
const BUNDLES = new URL('../../node_modules/.cache/cyclegan-bench/tfjs/', import.meta.url);
const WASM = new URL('../../node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/', import.meta.url);
const BACKEND = { cpu: 'wasm', webgpu: 'webgpu' };

/** @type {import('./types.js').FirstModule['open']} */
export async function open({ device, size, layers, weights, mark }) {
  const tf = await import(new URL(`${device}.js`, BUNDLES).href);
  mark('script');
  if (device === 'cpu') tf.setWasmPaths(WASM.href);
  if (!(await tf.setBackend(BACKEND[device]))) throw new Error(`TF.js has no ${BACKEND[device]}`);
  await tf.ready();
  mark('opened');
  const tensors = readSafetensors(await weights);
  const loaded = new Map(tensors.map((tensor) => [tensor.name, imported(tf, tensor)]));
  const weight = (/** @type {string} */ name) => /** @type {any} */ (loaded.get(name));
  return {
    version: tf.version_core,
    async run(picture) {
      const output = tf.tidy(() => {
        const input = tf.tensor4d(toUnit(picture, 'pixels'), [1, size, size, 3]);
        return forward(tf, layers, weight, input, false);
      });
      const values = /** @type {Float32Array} */ (await output.data());
      output.dispose();
      return toRgba(values, 'pixels');
    },
  };
}
