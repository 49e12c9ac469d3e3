/** The two folders of a session: each is looked at as soon as it is there, both at once if need be. */
import { DOMAINS, datasetReport, folderReport, inspect } from './dataset.js';

/** @typedef {import('./types.js').Domain} Domain */

/** Milliseconds between two words on how far the looking is. */
const PROGRESS = 100;

export class Folders {
  #host;
  #onChange;
  /** @type {{ of: Folders['reports'], crop: number, report: import('./types.js').DatasetReport } | null} */
  #dataset = null;
  /** @type {Record<Domain, { abort: AbortController, done: number, total: number } | null>} */
  #checking = { A: null, B: null };
  /** @type {Record<Domain, import('./types.js').FolderReport>} */
  reports = { A: folderReport('', []), B: folderReport('', []) };

  /**
   * @param {Pick<import('./host.js').Host, 'measure' | 'hash' | 'now'>} host
   * @param {() => void} onChange
   */
  constructor(host, onChange) {
    this.#host = host;
    this.#onChange = onChange;
  }

  /** Photos looked at, of how many; null: none are being. */
  get checked() {
    const running = DOMAINS.map((domain) => this.#checking[domain]).filter((one) => one !== null);
    if (running.length === 0) return null;
    return {
      done: running.reduce((sum, { done }) => sum + done, 0),
      total: running.reduce((sum, { total }) => sum + total, 0),
    };
  }

  /**
   * Both together; made once, since it is asked for at every step of a run.
   * @param {number} crop
   */
  dataset(crop) {
    const made = this.#dataset;
    if (made?.of === this.reports && made.crop === crop) return made.report;
    const report = datasetReport(this.reports, crop);
    this.#dataset = { of: this.reports, crop, report };
    return report;
  }

  /** Whether there is something in both. */
  get both() {
    return DOMAINS.every((domain) => this.reports[domain].photos.length > 0);
  }

  /**
   * Replaces a folder. If it is replaced again meanwhile, the later one counts.
   *
   * @param {Domain} domain
   * @param {(Blob | import('../files.js').Candidate | { file: Blob, path: string })[]} photos
   */
  async set(domain, photos) {
    this.#checking[domain]?.abort.abort();
    const checking = { abort: new AbortController(), done: 0, total: photos.length };
    this.#checking[domain] = checking;
    this.#onChange();
    let told = this.#host.now();
    try {
      const found = await inspect(photos.map(candidate), {
        measure: (file) => this.#host.measure(file),
        hash: (file) => this.#host.hash(file),
        onOne: () => {
          checking.done += 1;
          if (this.#host.now() - told < PROGRESS) return;
          told = this.#host.now();
          this.#onChange();
        },
        signal: checking.abort.signal,
      });
      this.reports = { ...this.reports, [domain]: folderReport(this.reports[domain].name, found) };
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

/** @param {Blob | { file: Blob, path: string }} photo */
function candidate(photo) {
  if (!(photo instanceof Blob)) return photo;
  const { name = 'photo', webkitRelativePath = '' } = /** @type {Partial<File>} */ (photo);
  return { file: photo, path: webkitRelativePath || name };
}
