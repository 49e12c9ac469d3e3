/**
 * The batch task: the page's own loop translates photos on the CPU, in one worker and in as many as it chooses.
 * Both take turns, A B B A, and each batch starts its workers anew.
 */
import { EngineClient } from '../www/engine/client.js';
import { spawnWorker } from '../www/engine/spawn.js';
import { Lanes, translateAll } from '../www/translate/loop.js';
import { addPhotos, begin, createRun } from '../www/translate/queue.js';
import { countMacs, generator } from './network.js';
import { writeSafetensors } from './safetensors.js';
import { median } from './statistics.js';
import { randomPicture, randomTensors } from './weights.js';

/** @typedef {import('./types.js').Row} Row */
/** @typedef {import('./types.js').Task} Task */
/** @typedef {Awaited<ReturnType<typeof open>>} Setup */

const PHOTOS = 16;
const SEED = 1;
const WORKER = new URL('engine-worker.js', import.meta.url).href;
const SETTINGS = /** @type {const} */ ({ size: 'own', margin: 0, smooth: 1, format: 'png' });

/** @param {Task} task */
async function open({ size, ngf, blocks }) {
  const layers = generator(ngf, blocks);
  const bytes = writeSafetensors(randomTensors(layers, SEED));
  /** @type {File[]} */
  const files = [];
  const canvas = new OffscreenCanvas(size, size);
  for (let i = 0; i < PHOTOS; i += 1) {
    const rgba = new Uint8ClampedArray(randomPicture(size, i));
    canvas.getContext('2d')?.putImageData(new ImageData(rgba, size, size), 0, 0);
    files.push(new File([await canvas.convertToBlob()], `${i}.png`));
  }
  const another = () => new EngineClient(() => spawnWorker(WORKER, 'engine'), 'cpu');
  const engine = another();
  const weights = { read: async () => new Uint8Array(bytes).buffer, sha256: null };
  const { version } = await engine.open();
  return { engine, another, weights, files, version, macs: countMacs(layers, size) };
}

class Entry {
  /** @type {number[]} */
  runs = [];
  /** Bytes of all workers' wasm memory together, at most. */
  peak = 0;
  #setup;
  /** @type {Set<EngineClient>} */
  #clients = new Set();

  /** @param {Setup} setup @param {number} most workers */
  constructor(setup, most) {
    this.#setup = setup;
    const start = () => {
      const client = setup.another();
      this.#clients.add(client);
      return client;
    };
    this.lanes = new Lanes(start, most);
  }

  /** One batch. */
  async run() {
    const { engine, weights, files, version } = this.#setup;
    const run = createRun();
    addPhotos(
      run,
      files.map((file) => ({ name: file.name, file })),
    );
    begin(run);
    await engine.load(weights);
    const started = performance.now();
    await this.lanes.prepare('batch', weights, engine, files.length);
    const problem = await translateAll(run, {
      engine,
      lanes: this.lanes,
      model: /** @type {any} */ ({ value: 'bench', name: 'bench', direction: 'own' }),
      weights,
      settings: SETTINGS,
      version,
      store: async (_item, made) => /** @type {any} */ (made),
      onItem: () => {
        const held = [...this.#clients].reduce((sum, { memory }) => sum + memory, 0);
        this.peak = Math.max(this.peak, held);
      },
      signal: new AbortController().signal,
    });
    this.runs.push(performance.now() - started);
    this.#clients.clear();
    const failed = [...run.items.values()].filter(({ state }) => state !== 'done');
    if (problem || failed.length > 0) throw new Error(problem?.detail ?? failed[0].problem?.detail);
    console.info(`${this.workers}: ${this.runs.at(-1)?.toFixed(0)} ms`);
  }

  get workers() {
    return this.lanes.pace === 1 ? '1 worker' : `${this.lanes.pace} workers`;
  }
}

/** @param {Task} task @returns {Promise<Row[]>} */
export async function measureBatch(task) {
  const setup = await open(task);
  const one = new Entry(setup, 1);
  const chosen = new Entry(setup, navigator.hardwareConcurrency);
  // The first batch of each is not measured: there the number of workers is found.
  for (const entry of [one, chosen]) await entry.run();
  const first = [one, chosen].map(({ runs }) => runs.splice(0)[0]);
  for (let round = 0; round < task.repeat; round += 1) {
    for (const entry of round % 2 ? [chosen, one] : [one, chosen]) await entry.run();
  }
  return [one, chosen].map((entry, i) => {
    const ms = median(entry.runs);
    return {
      engine: task.engines[0],
      version: `${setup.version} ${entry.workers}`,
      device: task.device,
      task: `batch of ${PHOTOS}`,
      size: task.size,
      ngf: task.ngf,
      ndf: null,
      first_ms: first[i],
      median_ms: ms,
      min_ms: Math.min(...entry.runs),
      max_ms: Math.max(...entry.runs),
      runs_ms: entry.runs,
      gflops: (2 * PHOTOS * setup.macs) / ms / 1e6,
      share: null,
      ratio: i > 0 ? median(entry.runs.map((run, round) => one.runs[round] / run)) : null,
      launches: null,
      peak_bytes: entry.peak,
      largest_buffer_bytes: null,
      wasm_bytes: entry.peak,
      agreement: null,
    };
  });
}
