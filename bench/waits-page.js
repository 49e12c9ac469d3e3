/** Batches through the page's own loop on a graphics card, one photo at a time and two, in turns. */
import { EngineClient } from '../www/engine/client.js';
import { spawnWorker } from '../www/engine/spawn.js';
import { Turns } from '../www/engine/turns.js';
import { translateAll } from '../www/translate/loop.js';
import { addPhotos, begin, createRun } from '../www/translate/queue.js';
import { generator } from './network.js';
import { writeSafetensors } from './safetensors.js';
import { randomTensors } from './weights.js';

/**
 * @typedef {object} Time in milliseconds
 * @property {number} photo from batch to batch, divided by the photos
 * @property {number} wait in which the card had nothing to do between a photo and the next
 */

const WORKER = new URL('waits-worker.js', import.meta.url).href;

/**
 * @param {object} job
 * @param {File[]} job.files
 * @param {256 | 512 | 1024} job.size
 * @param {number} job.ngf
 * @param {number} job.blocks
 * @param {number} job.rounds
 * @returns {Promise<{ one: Time[], two: Time[] }>}
 */
export async function measureWaits({ files, size, ngf, blocks, rounds }) {
  const bytes = writeSafetensors(randomTensors(generator(ngf, blocks), 1));
  const weights = { read: async () => new Uint8Array(bytes).buffer, sha256: null };
  const engine = new EngineClient(() => spawnWorker(WORKER, 'engine'), 'webgpu');
  const { version } = await engine.open();
  const turns = new Turns();
  const alone = {
    translate: (/** @type {Parameters<EngineClient['translate']>} */ ...job) =>
      turns.take(() => engine.translate(...job)),
  };
  /** @type {[number, number][]} */
  let work = [];
  new BroadcastChannel('waits').onmessage = ({ data }) => work.push(data);

  /** @param {Pick<EngineClient, 'translate'>} client @param {number} [count] @returns {Promise<Time>} */
  const batch = async (client, count = files.length) => {
    work = [];
    const run = createRun();
    // Each time new files, because those that were decoded once are known to be whole.
    const entries = files.slice(0, count).map((file, i) => ({
      name: `${i}`,
      file: new File([file], `${i}`, { lastModified: i }),
    }));
    addPhotos(run, entries);
    begin(run);
    const started = performance.now();
    const problem = await translateAll(run, {
      engine: client,
      model: /** @type {any} */ ({ value: 'bench', name: 'bench', direction: 'own' }),
      weights,
      settings: { size, margin: 0, smooth: 1, format: 'jpeg' },
      version,
      store: async (_item, made) => /** @type {any} */ (made),
      onItem: () => {},
      signal: new AbortController().signal,
    });
    const wall = performance.now() - started;
    const failed = [...run.items.values()].find(({ state }) => state !== 'done');
    if (problem || failed) throw new Error(JSON.stringify(problem ?? failed?.problem));
    await new Promise((resolve) => setTimeout(resolve, 100)); // what the worker has told is here
    return { photo: wall / count, wait: gaps(work) / (count - 1) };
  };

  await batch(engine, 1); // compiles what it needs
  /** @type {{ one: Time[], two: Time[] }} */
  const times = { one: [], two: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const both of round % 2 ? [true, false] : [false, true]) {
      const time = await batch(both ? engine : alone);
      times[both ? 'two' : 'one'].push(time);
      console.info(
        `${size} ${both ? 'two' : 'one'}: ${time.photo.toFixed(0)} ms a photo, ${time.wait.toFixed(0)} ms between`,
      );
    }
  }
  engine.close();
  return times;
}

/** The time between intervals. @param {[number, number][]} intervals */
function gaps(intervals) {
  const sorted = [...intervals].sort((a, b) => a[0] - b[0]);
  let [sum, end] = [0, sorted[0]?.[0] ?? 0];
  for (const [from, to] of sorted) {
    sum += Math.max(0, from - end);
    end = Math.max(end, to);
  }
  return sum;
}
