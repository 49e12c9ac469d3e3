/** The translation task: the same random network and picture for all engines. */
import { compareOutputs } from './agreement.js';
import { countMacs, generator } from './network.js';
import { enter, race, rowsOf } from './race.js';
import { randomPicture, randomTensors } from './weights.js';

/** @typedef {import('./types.js').Task} Task */

const WEIGHTS_SEED = 1;
const PICTURE_SEED = 2;

/** @param {Task} task @returns {import('./types.js').Setup} */
function prepare({ device, precision, size, ngf, blocks }) {
  const layers = generator(ngf, blocks);
  const tensors = randomTensors(layers, WEIGHTS_SEED);
  return { device, precision, size, layers, tensors, picture: randomPicture(size, PICTURE_SEED) };
}

/** The first engine, after one run. @param {Task} task */
export function openTranslation(task) {
  const setup = prepare(task);
  return enter(task.engines[0], ({ open }) => open(setup));
}

/**
 * @param {Task} task
 * @param {import('./types.js').MatmulPeak | null} peak
 */
export async function measureTranslation(task, peak) {
  const setup = prepare(task);
  const entries = [];
  for (const engine of task.engines) entries.push(await enter(engine, ({ open }) => open(setup)));
  const [ours, ...peers] = entries;
  const agreements = peers.map(({ results }) =>
    compareOutputs(ours.results[0], results[0], ours.engine, task.precision),
  );
  await race(entries, task.repeat);
  const rows = rowsOf(task, entries, countMacs(setup.layers, task.size), peak);
  return rows.map((row, index) => ({ ...row, agreement: agreements[index - 1] ?? null }));
}
