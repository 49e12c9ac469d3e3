/** The training task: whole steps of CycleGAN from the same weights on the same two pictures. */
import { compareLosses } from './agreement.js';
import { countStepMacs } from './network.js';
import { enter, enterAll, race, rowsOf, runAgain } from './race.js';
import { trainingSetup } from './training-setup.js';

/** @typedef {import('./types.js').Task} Task */

/** Unmeasured first steps: after the first, the second may still have to allocate. */
const WARM_UP = 2;

/**
 * The first engine, after one step.
 * @param {Task} task
 */
export function openTraining(task) {
  return enterTraining(task.engines[0], trainingSetup(task));
}

/**
 * @param {string} engine
 * @param {import('./types.js').TrainingSetup} setup
 */
function enterTraining(engine, setup) {
  return enter(engine, ({ openTraining }) => {
    if (!openTraining) throw new Error(`${engine} cannot train`);
    return openTraining(setup);
  });
}

/**
 * @param {Task} task
 * @param {import('./types.js').MatmulPeak | null} peak
 * @returns {Promise<import('./types.js').Measured>}
 */
export async function measureTraining(task, peak) {
  const setup = trainingSetup(task);
  const { entries, failures } = await enterAll(
    task,
    async (engine) => {
      const entry = await enterTraining(engine, setup);
      while (entry.results.length < WARM_UP) await runAgain(entry, false);
      return entry;
    },
    (ours, theirs) => compareLosses(ours, theirs, task.engines[0]),
  );
  await race(entries, task.repeat);
  const macs = countStepMacs(setup, task.size, task.identity);
  return { rows: rowsOf(task, entries, macs, peak), failures };
}
