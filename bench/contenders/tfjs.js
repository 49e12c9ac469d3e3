/**
 * TF.js with its WebGPU backend or its wasm backend, which has one thread, as on any page without
 * cross-origin isolation, and cannot train: it lacks the gradient of a convolution's weights.
 */
import { wasmBytes } from '../gauges.js';
import { toRgba, toUnit } from '../pixels.js';
import { forward, imported } from './tfjs/layers.js';
import { CycleGan } from './tfjs/step.js';
import { chooseKernels } from './tfjs/tune.js';

/** @typedef {import('../types.js').Device} Device */
/** @typedef {import('../types.js').Layer} Layer */
/** @typedef {import('./tfjs/layers.js').Tf} Tf */

/** Output of `bundle.js`. */
const BUNDLES = new URL('../../node_modules/.cache/cyclegan-bench/tfjs/', import.meta.url);
const WASM = new URL('../../node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/', import.meta.url);
const BACKEND = { cpu: 'wasm', webgpu: 'webgpu' };
const NAME = 'tfjs';

/** @param {Device} device @returns {Promise<Tf>} */
async function openTf(device) {
  const tf = await import(new URL(`${device}.js`, BUNDLES).href);
  if (device === 'cpu') tf.setWasmPaths(WASM.href);
  if (!(await tf.setBackend(BACKEND[device]))) throw new Error(`TF.js has no ${BACKEND[device]}`);
  await tf.ready();
  return tf;
}

/** @param {Tf} tf @param {Uint8Array} rgba @param {number} size */
function uploaded(tf, rgba, size) {
  return tf.tensor4d(toUnit(rgba, 'pixels'), [1, size, size, 3]);
}

/**
 * @param {import('../types.js').Setup} setup
 * @returns {Promise<import('../types.js').Contender<import('../types.js').Output>>}
 */
export async function open({ device, size, layers, tensors, picture }) {
  const tf = await openTf(device);
  if (device === 'webgpu') await chooseKernels(tf, layers, size);
  const weights = new Map(tensors.map((tensor) => [tensor.name, imported(tf, tensor)]));
  const weight = (/** @type {string} */ name) => {
    const found = weights.get(name);
    if (!found) throw new Error(`there is no ${name}`);
    return found;
  };
  return {
    version: tf.version_core,
    wasmBytes: () => wasmBytes(NAME),
    async run() {
      const output = tf.tidy(() => {
        return forward(tf, layers, weight, uploaded(tf, picture, size), false);
      });
      const values = /** @type {Float32Array} */ (await output.data());
      output.dispose();
      return { rgba: toRgba(values, 'pixels'), values, layout: 'pixels' };
    },
  };
}

/**
 * @param {import('../types.js').TrainingSetup} setup
 * @returns {Promise<import('../types.js').Contender<import('../types.js').Losses>>}
 */
export async function openTraining(setup) {
  const { device, size, generator, pictures } = setup;
  const tf = await openTf(device);
  await chooseKernels(tf, generator, size);
  const gan = new CycleGan(tf, setup, await setup.tensors());
  return {
    version: tf.version_core,
    wasmBytes: () => wasmBytes(NAME),
    async run() {
      const [a, b] = [uploaded(tf, pictures.A, size), uploaded(tf, pictures.B, size)];
      const losses = gan.step(a, b);
      const names = Object.keys(losses);
      const together = tf.stack(Object.values(losses));
      const values = await together.data();
      tf.dispose([a, b, together, losses]);
      return Object.fromEntries(names.map((name, index) => [name, values[index]]));
    },
  };
}
