/** The two folders of a session; each is examined as soon as it is there, both at the same time if need be. */
import { endingOf } from '../../files/walk.js';
import { datasetReport, folderReport, inspect } from './dataset.js';
import { DOMAINS } from './domains.js';

/** @import { Chunk, LeftOut } from '../../files/walk.js' */
/** @import { DatasetReport, FolderReport, Unseen } from './dataset.js' */
/** @import { Domain } from './domains.js' */

/** @typedef {{ photos: Unseen[], leftOut: LeftOut[], ignored: string[] }} Content */
/** @typedef {(Blob | Unseen)[] | AsyncIterable<Chunk>} Given */
/** @typedef {{ abort: AbortController, done: number, total: number }} Checking */

/** Milliseconds between two progress reports. */
const PROGRESS = 100;

export class Folders {
  #host;
  #onChange;
  /** @type {{ of: Folders['reports'], crop: number, report: DatasetReport } | null} */
  #dataset = null;
  /** @type {Record<Domain, Checking | null>} */
  #checking = { A: null, B: null };
  /** Counts the folders given, and the last one for each domain. */
  #order = 0;
  #latest = { A: 0, B: 0 };
  #toldAt = 0;
  /** @type {Record<Domain, FolderReport>} */
  reports = { A: folderReport('', []), B: folderReport('', []) };

  /**
   * @param {Pick<import('../../page/host.js').Host, 'measure' | 'hash' | 'now'>} host
   * @param {() => void} onChange
   */
  constructor(host, onChange) {
    this.#host = host;
    this.#onChange = onChange;
  }

  /** How many photos have been examined, of how many; null: none are being examined. */
  get checked() {
    const running = DOMAINS.map((domain) => this.#checking[domain]).filter((one) => one !== null);
    if (running.length === 0) return null;
    return {
      done: running.reduce((sum, { done }) => sum + done, 0),
      total: running.reduce((sum, { total }) => sum + total, 0),
    };
  }

  /** The report on both; cached, because it is requested at every step of a run. @param {number} crop */
  dataset(crop) {
    const made = this.#dataset;
    if (made?.of === this.reports && made.crop === crop) return made.report;
    const report = datasetReport(this.reports, crop);
    this.#dataset = { of: this.reports, crop, report };
    return report;
  }

  /** Whether both have contents. */
  get both() {
    return DOMAINS.every((domain) => this.reports[domain].photos.length > 0);
  }

  /**
   * Replaces a folder, or both if the photos are in `trainA` and `trainB` as in PyTorch's data sets. If a
   * folder is given twice, the later one counts, whichever finishes first.
   * @param {Domain} domain
   * @param {Given} given
   */
  async set(domain, given) {
    this.#order += 1;
    const order = this.#order;
    const walk = this.#begin(domain, order);
    const found = await this.#gathered(given, walk);
    if (!found) return;
    const pair = splitPair(found.photos);
    if (!pair) return this.#look(domain, walk, found, folderOf(found.photos));
    const looks = DOMAINS.filter((one) => order >= this.#latest[one]).map((one) => {
      const leftOut = found.leftOut.filter(isIn(one));
      const checking = one === domain ? walk : this.#begin(one, order);
      const ignored = one === domain ? found.ignored : []; // reported once
      return this.#look(one, checking, { photos: pair[one], leftOut, ignored });
    });
    await Promise.all(looks);
  }

  /** @param {Domain} domain @param {number} order @returns {Checking} */
  #begin(domain, order) {
    this.#checking[domain]?.abort.abort();
    const checking = { abort: new AbortController(), done: 0, total: 0 };
    this.#checking[domain] = checking;
    this.#latest[domain] = order;
    this.#onChange();
    return checking;
  }

  /** Reports progress, not too often. */
  #told() {
    const now = this.#host.now();
    if (now - this.#toldAt < PROGRESS) return;
    this.#toldAt = now;
    this.#onChange();
  }

  /**
   * @param {Given} given
   * @param {Checking} walk
   * @returns {Promise<Content | null>} null: another one was given in the meantime
   */
  async #gathered(given, walk) {
    if (Array.isArray(given)) return { photos: given.map(candidate), leftOut: [], ignored: [] };
    /** @type {Content} */
    const content = { photos: [], leftOut: [], ignored: [] };
    for await (const { photos, models, problems, ignored } of given) {
      if (walk.abort.signal.aborted) return null;
      content.photos.push(...photos);
      content.leftOut.push(...problems);
      content.ignored.push(...ignored, ...models.map(({ path }) => endingOf(path)));
      walk.total = content.photos.length;
      this.#told();
    }
    return walk.abort.signal.aborted ? null : content;
  }

  /**
   * @param {Domain} domain
   * @param {Checking} checking
   * @param {Content} content
   * @param {string} [name] for a domain without one
   */
  async #look(domain, checking, { photos, leftOut, ignored }, name = '') {
    checking.total = photos.length;
    try {
      const found = await inspect(photos, {
        measure: (file) => this.#host.measure(file),
        hash: (file) => this.#host.hash(file),
        onOne: () => {
          checking.done += 1;
          this.#told();
        },
        signal: checking.abort.signal,
      });
      const before = this.reports[domain];
      // If no photo was found, the previous ones stay.
      const report =
        found.length > 0 ? folderReport(before.name || name, found) : { ...before, nothing: true };
      this.reports = { ...this.reports, [domain]: { ...report, leftOut, ignored } };
    } catch (error) {
      if (!checking.abort.signal.aborted) throw error;
    } finally {
      if (this.#checking[domain] === checking) this.#checking[domain] = null;
      this.#onChange();
    }
  }

  /** @param {Domain} domain @param {string} name */
  rename(domain, name) {
    this.reports = { ...this.reports, [domain]: { ...this.reports[domain], name } };
  }
}

/** @param {Blob | Unseen} photo */
function candidate(photo) {
  if (!(photo instanceof Blob)) return photo;
  const { name = 'photo', webkitRelativePath = '' } = /** @type {Partial<File>} */ (photo);
  return { file: photo, path: webkitRelativePath || name };
}

/** A folder's name is a good name for its domain. @param {Unseen[]} photos */
function folderOf(photos) {
  const [folder, ...rest] = photos[0]?.path.split('/') ?? [];
  return rest.length > 0 ? folder : '';
}

/** @param {Domain} domain @returns {(one: { path: string }) => boolean} */
function isIn(domain) {
  return ({ path }) => path.split('/').slice(0, -1).includes(`train${domain}`);
}

/**
 * The halves of a data set with PyTorch's layout.
 * @param {Unseen[]} photos
 * @returns {Record<Domain, Unseen[]> | null}
 */
export function splitPair(photos) {
  const [A, B] = [photos.filter(isIn('A')), photos.filter(isIn('B'))];
  return A.length > 0 && B.length > 0 ? { A, B } : null;
}
