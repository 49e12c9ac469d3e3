/**
 * When and where a run is saved. On the disk, at least once a minute but in no more than a twentieth of
 * the time; and where the disk is full or there is none, in memory, so that at least the engine's death is
 * survived. The disk is tried again each time.
 */
import { CodedError } from '../failure.js';
import { DOMAINS } from './dataset.js';

/** @typedef {import('./types.js').Domain} Domain */
/** @typedef {import('./types.js').RunView} RunView */
/** @typedef {import('./record.js').RunRecord} RunRecord */

/** Saving may take one part in this many of the time. */
const PART = 20;
/** Photos that are handed to the worker at a time. */
const CHUNK = 16;
/** Codes of what only costs the copies. */
const DISK = /^(storage-.*|file-gone)$/;
/** Bytes of a checkpoint for each parameter: two networks' weights as large again for the discriminators, with two moments each, and two such files. */
const CHECKPOINT_BYTES = 4 * 3 * 2 * 2;

export class Saver {
  #host;
  #engine;
  #tell;
  #last = 0;
  #wanted = false;
  /** The last checkpoint, when it is not on the disk. @type {Blob | null} */
  #inMemory = null;
  #full = false;

  /**
   * @param {import('./host.js').Host} host
   * @param {Pick<import('../client.js').EngineClient, 'request'>} engine
   * @param {import('./run.js').Tell} tell
   */
  constructor(host, engine, tell) {
    this.#host = host;
    this.#engine = engine;
    this.#tell = tell;
    /** @type {RunView['saved']} */
    this.saved = null;
    this.busy = false;
    /** Where the result is; null: there is none. @type {'disk' | 'memory' | null} */
    this.resultKept = null;
    this.#last = host.now();
  }

  /** Saves at the next opportunity: the page may be ended. */
  want() {
    this.#wanted = true;
  }

  /** Whether it is time to save. */
  due() {
    return this.#wanted || this.#host.now() - this.#last >= this.#every * 1000;
  }

  /** Seconds between checkpoints. */
  get #every() {
    return Math.max(this.#host.saveEvery, PART * (this.saved?.seconds ?? 0));
  }

  /** Time for saving, as a part of that for steps. */
  get share() {
    return Math.min(1 / PART, (this.saved?.seconds ?? 0) / Math.max(this.#every, 1));
  }

  /** Where to go on from; null: nothing was saved yet. @returns {import('../protocol.js').TrainFrom | null} */
  get last() {
    if (this.#inMemory) return { kind: 'checkpoint', bytes: this.#inMemory };
    return this.saved && { kind: 'stored' };
  }

  /**
   * A run that was read from the disk is saved there.
   * @param {RunRecord} record
   * @param {number} bytes
   */
  found(record, bytes) {
    const { step, modified: when } = record;
    this.saved = { step, when, kept: 'disk', seconds: 0, bytes };
  }

  /**
   * Copies the photos to the disk, where there is room for them and two checkpoints.
   *
   * @param {RunRecord} record gets the names of the copies
   * @param {Record<Domain, (Blob | null)[]>} photos
   * @param {Record<Domain, (Blob | null)[]>} previews
   */
  async keepPhotos(record, photos, previews) {
    const all = DOMAINS.flatMap((domain) => [
      ...named(domain, record.photos[domain], photos[domain]),
      ...named(`${domain}-preview`, record.previews[domain], previews[domain]),
    ]).filter(({ stored, blob }) => blob !== null && stored.file === null);
    const bytes = all.reduce((sum, { blob }) => sum + (blob?.size ?? 0), 0);
    const space = await this.#host.space();
    const free = space ? space.quota - space.usage : 0;
    try {
      if (free < bytes + CHECKPOINT_BYTES * record.parameters) {
        throw new CodedError('storage-full', `${free} bytes are free`);
      }
      for (let i = 0; i < all.length; i += CHUNK) {
        const part = all.slice(i, i + CHUNK).map(({ name, blob }) => ({ name, blob }));
        await this.#engine.request('train-keep', {
          run: record.id,
          photos: /** @type {{ name: string, blob: Blob }[]} */ (part),
        });
      }
      for (const { stored, name } of all) stored.file = name;
    } catch (error) {
      if (!(error instanceof CodedError && DISK.test(error.code))) throw error;
      this.#tell('photos-not-kept', { bytes }, 'warning', `${error.code}: ${error.message}`);
    }
  }

  /**
   * @param {RunRecord} record
   * @param {import('./history.js').History} history
   * @param {import('./gallery.js').Gallery} gallery
   */
  async save(record, history, gallery) {
    this.#wanted = false;
    this.busy = true;
    try {
      const pictures = gallery.toStore();
      const { step, seconds, bytes, unsaved } = await this.#engine.request('train-save', {
        record,
        history: history.bytes(),
        pictures,
      });
      this.#inMemory = unsaved?.checkpoint ?? null;
      const kept = unsaved ? 'memory' : 'disk';
      this.saved = { step, when: this.#host.date(), kept, seconds, bytes };
      if (!unsaved) gallery.stored(pictures);
      this.#report(unsaved?.problem ?? null, bytes);
    } finally {
      this.busy = false;
      this.#last = this.#host.now();
    }
  }

  /** @param {import('../protocol.js').Failure | null} problem @param {number} bytes */
  #report(problem, bytes) {
    if (problem && !this.#full) this.#tell(problem.code, { bytes }, 'warning', problem.detail);
    if (!problem && this.#full) this.#tell('storage-saved', {}, 'info');
    this.#full = problem !== null;
  }

  /**
   * @param {RunRecord} record
   * @param {import('./history.js').History} history
   * @param {import('./gallery.js').Gallery} gallery
   * @returns {Promise<Record<Domain, Blob>>} the weights
   */
  async finish(record, history, gallery) {
    const { a, b, problem } = await this.#engine.request('train-finish', {
      record,
      history: history.bytes(),
      pictures: gallery.toStore(),
    });
    this.resultKept = problem ? 'memory' : 'disk';
    this.#report(problem, a.size + b.size);
    return { A: a, B: b };
  }
}

/** @param {string} prefix @param {import('./record.js').StoredPhoto[]} stored @param {(Blob | null)[]} blobs */
function named(prefix, stored, blobs) {
  return stored.map((photo, i) => ({
    stored: photo,
    name: `${prefix}-${String(i).padStart(5, '0')}`,
    blob: blobs[i] ?? null,
  }));
}
