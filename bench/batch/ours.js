/** Our batch: the page's own loop, with one worker and with as many as it chooses. */
import { EngineClient } from '../../www/engine/client.js';
import { spawnWorker } from '../../www/engine/spawn.js';
import { Lanes, translateAll } from '../../www/translate/loop.js';
import { addPhotos, begin, createRun } from '../../www/translate/queue.js';
import { writeSafetensors } from '../safetensors.js';
import { decoded } from './photos.js';

/** @typedef {import('../types.js').Batch} Batch */
/** @typedef {Awaited<ReturnType<typeof open>>} Opened */

const ENGINE = 'cyclegan-web';
const WORKER = new URL('../engine-worker.js', import.meta.url).href;
const SETTINGS = /** @type {const} */ ({ size: 'own', margin: 0, smooth: 1, format: 'png' });

/** @param {import('../types.js').BatchSetup} setup */
async function open({ tensors, photos }) {
  const bytes = writeSafetensors(tensors);
  const another = () => new EngineClient(() => spawnWorker(WORKER, 'engine'), 'cpu');
  const engine = another();
  const weights = { read: async () => new Uint8Array(bytes).buffer, sha256: null };
  const { version } = await engine.open();
  return { engine, another, weights, photos, version };
}

/** @implements {Batch} */
class Ours {
  engine = ENGINE;
  agreement = null;
  /** @type {number[]} */
  runs = [];
  /** Bytes of all workers' wasm memory together, at most. */
  peak = 0;
  #opened;
  #lanes;
  /** @type {Set<EngineClient>} */
  #clients = new Set();
  /** The first photo's translation. @type {Uint8Array | undefined} */
  #first;

  /** @param {Opened} opened @param {number} most workers */
  constructor(opened, most) {
    this.#opened = opened;
    const start = () => {
      const client = opened.another();
      this.#clients.add(client);
      return client;
    };
    this.#lanes = new Lanes(start, most);
  }

  async run() {
    const { engine, weights, photos, version } = this.#opened;
    const run = createRun();
    addPhotos(
      run,
      photos.map((file) => ({ name: file.name, file })),
    );
    begin(run);
    await engine.load(weights);
    /** @type {Map<string, Blob>} */
    const made = new Map();
    const started = performance.now();
    await this.#lanes.prepare('batch', weights, engine, photos.length);
    const problem = await translateAll(run, {
      engine,
      lanes: this.#lanes,
      model: /** @type {any} */ ({ value: 'bench', name: 'bench', direction: 'own' }),
      weights,
      settings: SETTINGS,
      version,
      store: async (item, result) => {
        made.set(item.name, result.picture.after);
        return /** @type {any} */ (result);
      },
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
    this.#first = await decoded(/** @type {Blob} */ (made.get(photos[0].name)));
  }

  /** @returns {import('../types.js').Output} */
  first() {
    if (!this.#first) throw new Error('nothing was translated');
    return { rgba: this.#first, values: null, layout: 'planes' };
  }

  get name() {
    const { pace } = this.#lanes;
    return `${this.#opened.version}, ${pace === 1 ? '1 worker' : `${pace} workers`}`;
  }
}

/**
 * @param {import('../types.js').BatchSetup} setup
 * @param {number} most workers
 * @returns {Promise<[Batch, Batch]>} with one worker, and with as many as pay
 */
export async function openOurs(setup, most) {
  const opened = await open(setup);
  return [new Ours(opened, 1), new Ours(opened, most)];
}
