/**
 * The workers of a batch on the CPU. Each has its own instance of the engine and keeps a processor busy; that
 * needs no shared memory, so it works on any host.
 */
import { longestSides, pixelsWithin } from '../engine/sizes.js';
import { measure } from '../files/headers.js';
import { Pace } from './pace.js';
import { memoryForWorkers, Room } from './room.js';

/** @import { EngineClient, Weights } from '../engine/client.js' */
/** @import { TranslateSettings, Translated } from '../engine/protocol.js' */

/** @typedef {Pick<EngineClient, 'translate' | 'load' | 'close' | 'memory'>} Client */
/**
 * @typedef {object} Job
 * @property {number} need bytes of its worker
 * @property {number} most workers that were busy beside each other during it
 * @property {boolean} begun whether the memory is taken
 */

/** Bytes from which a worker is started anew: its memory never shrinks. */
const BLOATED = 2 ** 28;

export class Lanes {
  #start;
  #most;
  #bytes;
  /** What the measurements are of. */
  #key = '';
  /** Reads the weights. @type {(() => Promise<ArrayBuffer>) | undefined} */
  #read;
  #pace;
  #room;
  /** @type {Client[]} */
  #idle = [];
  /** @type {Map<Client, Job>} */
  #busy = new Map();
  /** Those that wait for memory. @type {(() => void)[]} */
  #waiting = [];

  /**
   * @param {() => Client} start makes a client whose worker has not started
   * @param {number} [most] workers
   * @param {number} [bytes] for all of them
   */
  constructor(start, most = navigator.hardwareConcurrency || 1, bytes = memoryForWorkers()) {
    this.#start = start;
    this.#most = most;
    this.#bytes = bytes;
    this.#pace = new Pace(most);
    this.#room = new Room(bytes);
  }

  /** Workers at a time. */
  get pace() {
    return this.#pace.lanes;
  }

  get busy() {
    return this.#busy.size;
  }

  /**
   * Before a run. What was measured counts if it was the same work.
   * @param {unknown} work
   * @param {Weights} weights
   * @param {Pick<EngineClient, 'handOver' | 'open'>} engine the page's, with the model
   * @param {number} photos one alone is left to the page's worker
   */
  async prepare(work, weights, engine, photos) {
    this.#read = once(weights);
    if (photos > 1) await this.#adopt(engine);
    const key = JSON.stringify(work);
    if (key === this.#key) return;
    this.#key = key;
    this.#pace = new Pace(this.#most);
    this.#room = new Room(this.#bytes);
  }

  /**
   * Takes the page's worker as the first, because the model is there already; the page gets a new one.
   * @param {Pick<EngineClient, 'handOver' | 'open'>} engine
   */
  async #adopt(engine) {
    const client = this.#start();
    await engine.handOver(/** @type {EngineClient} */ (client));
    if (client.memory > BLOATED) client.close();
    this.#idle.push(client);
    engine.open().catch(() => {}); // whoever needs it next is told
  }

  /** Whether the next photo would need another worker. */
  get wouldStart() {
    return this.#idle.length === 0;
  }

  /** A worker for the next photo; null: enough are busy. @returns {Client | null} */
  take() {
    if (this.busy >= this.pace) return null;
    const client = this.#idle.pop() ?? this.#start();
    this.#busy.set(client, { need: 0, most: 0, begun: false });
    for (const job of this.#busy.values()) job.most = Math.max(job.most, this.busy);
    return client;
  }

  /**
   * Translates, once there is memory for the photo beside the others.
   * @param {Client} client taken
   * @param {Parameters<Client['translate']>} job
   * @returns {Promise<Translated>}
   */
  async translate(client, ...job) {
    const [{ file, size, smooth }, weights, signal] = job;
    const pixels = await pixelsOf(file, size);
    await this.#admitted(client, pixels);
    await client.load(weights, signal, this.#read);
    this.#pace.begins(client);
    let rate = null;
    try {
      const before = client.memory;
      const picture = await client.translate(...job);
      const { seenWidth, seenHeight, seconds } = picture;
      if (client.memory > before) this.#room.took(pixels, client.memory);
      rate = (seenWidth * seenHeight * smooth) / seconds;
      return picture;
    } finally {
      this.#pace.ends(client, rate, this.busy);
    }
  }

  /** @param {Client} client @param {number} pixels */
  async #admitted(client, pixels) {
    const mine = /** @type {Job} */ (this.#busy.get(client));
    mine.need = Math.max(client.memory, this.#room.need(pixels));
    for (;;) {
      const others = [...this.#busy.values()].filter(({ begun }) => begun).map(({ need }) => need);
      const idle = this.#idle.map(({ memory }) => memory);
      if (!this.#room.holds([mine.need, ...others, ...idle])) this.closeIdle();
      if (others.length === 0 || this.#room.holds([mine.need, ...others])) break;
      this.#pace.only(others.length);
      client.close(); // what waits holds no memory
      await new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
    }
    mine.begun = true;
  }

  /**
   * A worker has done its part, and goes if there are more than pay.
   * @param {Client} client
   * @returns {number} how many were busy with it, at most
   */
  give(client) {
    const most = this.#busy.get(client)?.most ?? 1;
    this.#busy.delete(client);
    if (this.busy + this.#idle.length < this.pace) this.#idle.push(client);
    else this.#drop(client);
    for (const wake of this.#waiting.splice(0)) wake();
    return most;
  }

  /** There was no memory for so many workers. @param {number} lanes */
  tooMany(lanes) {
    this.#pace.tooMany(lanes);
  }

  /** Ends all workers, and gives their memory back. */
  close() {
    this.#read = undefined;
    this.closeIdle();
  }

  closeIdle() {
    for (const client of this.#idle.splice(0)) this.#drop(client);
  }

  /** @param {Client} client */
  #drop(client) {
    client.close();
    this.#pace.gone(client);
  }
}

/** Reads a file for the first worker, and gives each a copy. @param {Weights} weights */
function once({ read }) {
  /** @type {Promise<ArrayBuffer> | null} */
  let reading = null;
  return async () => {
    reading ??= read();
    return (await reading).slice(0);
  };
}

/**
 * Pixels of a photo's translation.
 * @param {Blob} file
 * @param {TranslateSettings['size']} size
 */
async function pixelsOf(file, size) {
  // Whoever decodes it tells what is wrong with it.
  const photo = await measure(file).catch(() => ({ width: 0, height: 0 }));
  return pixelsWithin(photo, longestSides(size).result);
}
