/** The training run of all engines: options, weights and photos. */
import { discriminator, generator } from './network.js';
import { readSafetensors } from './safetensors.js';
import { randomPicture } from './weights.js';

/** @typedef {import('./types.js').Task} Task */

const SEED = 1;
const PICTURE_SEEDS = { A: 2, B: 3 };
/** The initial weights, written by `run.js`. */
export const WEIGHTS_FILE = '../node_modules/.cache/cyclegan-bench/start.safetensors';

/**
 * The options of a run with the paper's values on whole photos, one per set. There are no image pools: every
 * discriminator judges the latest translation.
 * @param {Pick<Task, 'ngf' | 'ndf' | 'blocks' | 'identity'>} task
 * @returns {import('./types.js').TrainingConfig}
 */
export function trainingConfig({ ngf, ndf, blocks, identity }) {
  return {
    ngf,
    ndf,
    blocks,
    lambda_A: 10,
    lambda_B: 10,
    lambda_identity: identity ? 0.5 : 0,
    lr: 2e-4,
    beta1: 0.5,
    beta2: 0.999,
    eps: 1e-8,
    pool_size: 0,
    preprocess: 'none',
    flip: false,
    lr_unit: 'steps',
    lr_flat: 1_000_000,
    lr_decay: 0,
    seed: SEED,
  };
}

/**
 * @param {Task} task
 * @returns {import('./types.js').TrainingSetup}
 */
export function trainingSetup(task) {
  const { device, size, identity } = task;
  return {
    device,
    size,
    identity,
    generator: generator(task.ngf, task.blocks),
    discriminator: discriminator(task.ndf),
    config: trainingConfig(task),
    async tensors() {
      const response = await fetch(new URL(WEIGHTS_FILE, import.meta.url));
      return readSafetensors(await response.arrayBuffer());
    },
    pictures: {
      A: randomPicture(size, PICTURE_SEEDS.A),
      B: randomPicture(size, PICTURE_SEEDS.B),
    },
  };
}
