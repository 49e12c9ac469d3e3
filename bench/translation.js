/** The translation task: the same random network and picture for all engines. */
import { compareOutputs } from './agreement.js';
import { countMacs, generator } from './network.js';
import { enter, enterAll, race, rowsOf } from './race.js';
import { randomPicture, randomTensors } from './weights.js';

/** @typedef {import('./types.js').Task} Task */

const WEIGHTS_SEED = 1;
const PICTURE_SEED = 2;

/** @param {Task} task @returns {import('./types.js').Setup} */
function prepare({ device, precision, size, ngf, blocks }) {
  const layers = generator(ngf, blocks);
  const tensors = randomTensors(layers, WEIGHTS_SEED);
  const picture = randomPicture(size, PICTURE_SEED);
  return { device, precision, size, layers, tensors, picture, threads: 1 };
}

/** The first engine, after one run. @param {Task} task */
export function openTranslation(task) {
  const setup = prepare(task);
  return enter(task.engines[0], ({ open }) => open(setup));
}

/**
 * @param {Task} task
 * @param {import('./types.js').MatmulPeak | null} peak
 * @returns {Promise<import('./types.js').Measured>}
 */
export async function measureTranslation(task, peak) {
  const setup = prepare(task);
  const { entries, failures } = await enterAll(
    task,
    (engine) => enter(engine, ({ open }) => open(setup)),
    (ours, theirs) => compareOutputs(ours[0], theirs[0], task.engines[0], task.precision),
  );
  await race(entries, task.repeat);
  return { rows: rowsOf(task, entries, countMacs(setup.layers, task.size), peak), failures };
}
