/**
 * jax-js with its WebGPU backend or its wasm backend, which has one thread, as on any page without
 * cross-origin isolation.
 */
import { wasmBytes } from '../gauges.js';
import { toRgba, toUnit } from '../pixels.js';
import { versionOf } from '../version.js';
import { byProducts, own } from './jax/convolution.js';
import { forward } from './jax/layers.js';
import { CycleGan } from './jax/step.js';

/** @typedef {import('../types.js').Device} Device */
/** @typedef {import('./jax/layers.js').Jax} Jax */

const PACKAGE = new URL('../../node_modules/@jax-js/jax/', import.meta.url).href;
const BACKEND = /** @type {const} */ ({ cpu: 'wasm', webgpu: 'webgpu' });
const CONVOLUTION = { cpu: byProducts, webgpu: own };
const NAME = 'jax-js';

/** @param {Device} device @returns {Promise<Jax>} */
async function openJax(device) {
  /** @type {Jax} */
  const jax = await import(`${PACKAGE}dist/index.js`);
  const backend = BACKEND[device];
  const ready = await jax.init(backend);
  if (!ready.includes(backend)) throw new Error(`jax-js has no ${backend}`);
  jax.defaultDevice(backend);
  return jax;
}

/** @param {Jax} jax @param {Uint8Array} rgba @param {number} size */
function uploaded({ numpy: np }, rgba, size) {
  return np.array(toUnit(rgba, 'planes')).reshape([1, 3, size, size]);
}

/**
 * @param {import('../types.js').Setup} setup
 * @returns {Promise<import('../types.js').Contender<import('../types.js').Output>>}
 */
export async function open({ device, size, layers, tensors, picture }) {
  const jax = await openJax(device);
  const { jit, numpy: np, tree } = jax;
  const weights = Object.fromEntries(
    tensors.map(({ name, shape, data }) => [name, np.array(data).reshape(shape)]),
  );
  const translate = jit(
    /** @type {(weights: import('./jax/layers.js').Weights, x: import('./jax/layers.js').Value) => any} */
    (weights, x) => forward(jax, CONVOLUTION[device], layers, weights, x),
  );
  return {
    version: await versionOf(PACKAGE),
    wasmBytes: () => wasmBytes(NAME),
    async run(rgba = picture) {
      const output = translate(tree.ref(weights), uploaded(jax, rgba, size));
      const values = /** @type {Float32Array} */ (await output.data());
      return { rgba: toRgba(values, 'planes'), values, layout: 'planes' };
    },
  };
}

/**
 * @param {import('../types.js').TrainingSetup} setup
 * @returns {Promise<import('../types.js').Contender<import('../types.js').Losses>>}
 */
export async function openTraining(setup) {
  const { device, size, pictures } = setup;
  const jax = await openJax(device);
  const gan = new CycleGan(jax, setup, await setup.tensors(), CONVOLUTION[device]);
  return {
    version: await versionOf(PACKAGE),
    wasmBytes: () => wasmBytes(NAME),
    async run() {
      const [a, b] = [uploaded(jax, pictures.A, size), uploaded(jax, pictures.B, size)];
      const losses = gan.step(a, b);
      const values = await jax.numpy.stack(Object.values(losses)).data();
      return Object.fromEntries(Object.keys(losses).map((name, index) => [name, values[index]]));
    },
  };
}
