/**
 * The batch task, on the CPU: the page's own loop translates photos in one worker and in as many as it
 * chooses, and peers do with one thread and with all of them. All take turns, there and back. A batch of ours
 * starts its workers anew; a peer's threads stay.
 */
import { compareOutputs } from './agreement.js';
import { openOurs } from './batch/ours.js';
import { openPeer } from './batch/peer.js';
import { drawPhotos } from './batch/photos.js';
import { countMacs, generator } from './network.js';
import { median } from './statistics.js';
import { randomTensors } from './weights.js';

/** @typedef {import('./types.js').Batch} Batch */
/** @typedef {import('./types.js').Row} Row */
/** @typedef {import('./types.js').Task} Task */

const PHOTOS = 16;
const SEED = 1;

/** @param {Task} task @returns {Promise<import('./types.js').Measured>} */
export async function measureBatch(task) {
  const { engines, device, size } = task;
  const layers = generator(task.ngf, task.blocks);
  const tensors = randomTensors(layers, SEED);
  const photos = await drawPhotos(PHOTOS, size);
  const most = navigator.hardwareConcurrency;
  const setup = { device, size, layers, tensors, photos };
  const [one, several] = await openOurs(setup, most);
  const batches = [one, several];
  /** @type {string[]} */
  const failures = [];
  // The first batch of each is not measured: there our number of workers is found.
  for (const batch of batches) await batch.run();
  for (const engine of engines.slice(1)) {
    for (const threads of [1, most]) {
      try {
        const batch = await openPeer(engine, setup, threads);
        await batch.run();
        batch.agreement = compareOutputs(one.first(), batch.first(), engines[0], task.precision);
        batches.push(batch);
      } catch (error) {
        failures.push(`${engine}: batch at ${size} px, ${threads} threads failed: ${error}`);
      }
    }
  }
  const first = batches.map(({ runs }) => runs.splice(0)[0]);
  for (let round = 0; round < task.repeat; round += 1) {
    for (const batch of round % 2 ? [...batches].reverse() : batches) {
      await batch.run();
      console.info(`${batch.engine} ${batch.name}: ${batch.runs.at(-1)?.toFixed(0)} ms`);
    }
  }
  const macs = PHOTOS * countMacs(layers, size);
  const rows = batches.map((batch, i) => rowOf(task, batch, batches, first[i], macs));
  return { rows, failures };
}

/**
 * @param {Task} task @param {Batch} batch @param {Batch[]} all @param {number} first
 * @param {number} macs
 * @returns {Row}
 */
function rowOf(task, batch, all, first, macs) {
  const { engine, runs } = batch;
  const ms = median(runs);
  const peers = all.filter((other) => other.engine !== task.engines[0]);
  const isOurs = engine === task.engines[0];
  const single = /** @type {Batch} */ (all.find((other) => other.engine === engine));
  return {
    engine,
    version: batch.name,
    device: task.device,
    task: `batch of ${PHOTOS}`,
    size: task.size,
    ngf: task.ngf,
    ndf: null,
    first_ms: first,
    median_ms: ms,
    min_ms: Math.min(...runs),
    max_ms: Math.max(...runs),
    runs_ms: runs,
    gflops: (2 * macs) / ms / 1e6,
    share: null,
    ratio: isOurs && peers.length ? Math.min(...peers.map(({ runs }) => median(runs))) / ms : null,
    scaling: batch === single ? null : median(runs.map((run, round) => single.runs[round] / run)),
    launches: null,
    peak_bytes: batch.peak,
    largest_buffer_bytes: null,
    wasm_bytes: batch.peak,
    agreement: batch.agreement,
  };
}
