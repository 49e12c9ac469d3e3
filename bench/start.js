/**
 * The initial weights for training, the same for all engines: our engine draws them from the run's seed, so
 * that it only needs the seed, and every peer gets a copy. They are drawn here, in Node.js and on the CPU, so
 * that this does not affect the measured processes.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { discriminator, generator } from './network.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';
import { trainingConfig, WEIGHTS_FILE } from './training-setup.js';
import { randomTensors } from './weights.js';

/** @typedef {import('./types.js').Task} Task */
/** @typedef {import('./types.js').Tensor} Tensor */
/** @typedef {Pick<Task, 'ngf' | 'ndf' | 'blocks'>} Widths */

const PACKAGE = new URL('../www/pkg/', import.meta.url);
const NETWORKS = ['G_A', 'G_B', 'D_A', 'D_B'];

/** @param {Widths} widths @returns {Promise<Tensor[]>} our engine's, by their names in a checkpoint */
async function drawn(widths) {
  const { default: init, Engine } = await import(new URL('cyclegan_web.js', PACKAGE).href);
  await init({ module_or_path: await readFile(new URL('cyclegan_web_bg.wasm', PACKAGE)) });
  const engine = await Engine.open('cpu');
  const config = JSON.stringify(trainingConfig({ ...widths, identity: true }));
  const training = engine.startTraining(config, 1, 1, 0, undefined, undefined);
  /** @type {{ at: number, bytes: Uint8Array }[]} */
  const pieces = [];
  const length = await training.saveCheckpoint(
    (/** @type {number} */ at, /** @type {Uint8Array} */ bytes) => {
      pieces.push({ at, bytes: bytes.slice() });
    },
  );
  const checkpoint = new Uint8Array(length);
  for (const { at, bytes } of pieces) checkpoint.set(bytes, at);
  const tensors = readSafetensors(checkpoint.buffer);
  return tensors.filter(({ name }) => {
    return NETWORKS.some((network) => name.startsWith(`${network}.model.`));
  });
}

/** If our engine does not take part, any weights will do. @param {Widths} widths @returns {Tensor[]} */
function random({ ngf, ndf, blocks }) {
  const layers = [generator(ngf, blocks), discriminator(ndf)];
  return NETWORKS.flatMap((network, index) =>
    randomTensors(layers[Math.floor(index / 2)], index + 1).map((tensor) => ({
      ...tensor,
      name: `${network}.${tensor.name}`,
    })),
  );
}

/**
 * Writes them where the peers find them.
 * @param {Widths} widths
 * @param {boolean} ours whether our engine is one of those that train
 */
export async function writeStart(widths, ours) {
  const tensors = ours ? await drawn(widths) : random(widths);
  const file = fileURLToPath(new URL(WEIGHTS_FILE, import.meta.url));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, writeSafetensors(tensors));
}
