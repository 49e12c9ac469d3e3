/** The runs in this site's storage, as the page sees them: what there is, what it weighs, and away with it. */
import { CodedError } from '../failure.js';
import { Disk } from './disk.js';
import { History } from './history.js';
import { bytesIn, PHOTOS, readIndex } from './run-files.js';

/** @typedef {import('./types.js').Domain} Domain */
/** @typedef {import('./types.js').Offer} Offer */
/** @typedef {import('./types.js').StoredRun} StoredRun */
/** @typedef {import('./record.js').RunIndex} RunIndex */
/** @typedef {{ id: string, index: RunIndex, folder: Disk }} Found */

export class StoredRuns {
  #root;

  /** @param {() => Promise<FileSystemDirectoryHandle | null>} root of this site's storage */
  constructor(root) {
    this.#root = root;
  }

  /** @returns {Promise<Disk | null>} */
  async #disk() {
    const root = await this.#root();
    return root && Disk.at(root).catch(() => null);
  }

  /**
   * Every run, the latest first.
   * @param {boolean} sweep folders in which nothing was ever stored whole are removed
   * @returns {Promise<Found[]>}
   */
  async #all(sweep) {
    const disk = await this.#disk();
    if (!disk) return [];
    const found = [];
    for (const { name: id, folder: isFolder } of await disk.list()) {
      if (!isFolder) continue;
      const folder = await disk.inside(id);
      const index = await readIndex(folder);
      if (index) found.push({ id, index, folder });
      else if (sweep) await disk.remove(id);
    }
    return found.sort((a, b) => b.index.record.modified - a.index.record.modified);
  }

  /**
   * @param {{ sweep?: boolean }} [options] sweep: leftovers are removed. Only where no tab trains, since
   *   what one has just begun would be taken for a leftover
   * @returns {Promise<{ offers: Offer[], runs: StoredRun[] }>} unfinished runs, and those that are over
   */
  async list({ sweep = false } = {}) {
    /** @type {Offer[]} */
    const offers = [];
    /** @type {StoredRun[]} */
    const runs = [];
    for (const { id, index, folder } of await this.#all(sweep)) {
      const { names, settings, step, total, state, modified: when } = index.record;
      const common = { id, names, step, total, when, bytes: await bytesIn(folder) };
      const pictures = await shown(index, folder);
      if (index.result)
        runs.push({ ...common, ...pictures, stopped: state !== 'finished', settings });
      else offers.push({ ...common, ...pictures, needsFolders: !allKept(index) });
    }
    return { offers, runs };
  }

  /** @param {string} id @returns {Promise<{ index: RunIndex, folder: Disk }>} */
  async open(id) {
    const folder = await (await this.#disk())?.inside(id);
    const index = folder && (await readIndex(folder));
    if (!folder || !index) throw new CodedError('run-gone', `run ${id} is not stored`);
    return { index, folder };
  }

  /** @param {string} id @param {Domain} direction @returns {Promise<Blob>} */
  async weights(id, direction) {
    const { index, folder } = await this.open(id);
    const file = index.result && (await folder.read(index.result[direction]));
    if (!file) throw new CodedError('run-gone', `run ${id} has no weights`);
    return file;
  }

  /** @param {string} id of a run that is over */
  async history(id) {
    const { index, folder } = await this.open(id);
    const file = index.result && (await folder.read(index.result.history));
    return {
      record: index.record,
      history: History.from((await file?.arrayBuffer()) ?? new ArrayBuffer(0)),
    };
  }

  /**
   * An unfinished run with all that the page needs to go on with it.
   * @param {string} id
   */
  async unfinished(id) {
    const { index, folder } = await this.open(id);
    const latest = index.checkpoints[0];
    const steps = latest && (await folder.read(latest.history));
    const history = History.from((await steps?.arrayBuffer()) ?? new ArrayBuffer(0));
    const photosIn = await folder.inside(PHOTOS);
    /** @param {import('./record.js').StoredPhoto[]} photos */
    const read = (photos) =>
      Promise.all(photos.map(async ({ file }) => (file ? photosIn.read(file) : null)));
    const { photos, previews } = index.record;
    return {
      index,
      history,
      pictures: await allPictures(index, folder),
      photos: { A: await read(photos.A), B: await read(photos.B) },
      previews: { A: await read(previews.A), B: await read(previews.B) },
    };
  }

  /** @param {string} id */
  async remove(id) {
    await (await this.#disk())?.remove(id);
  }
}

/** @param {RunIndex} index */
function allKept({ record: { photos, previews } }) {
  const all = [...photos.A, ...photos.B, ...previews.A, ...previews.B];
  return all.every(({ file }) => file !== null);
}

/** The latest picture by which a person recognises a run. @param {RunIndex} index @param {Disk} folder */
async function shown({ pictures }, folder) {
  const latest = pictures.filter(({ step }) => step === pictures.at(-1)?.step);
  const picture = latest.find(({ domain }) => domain === 'A') ?? latest[0];
  if (!picture) return { input: null, picture: null };
  return {
    input: await folder.read(picture.input),
    picture: await folder.read(picture.translated),
  };
}

/** @param {RunIndex} index @param {Disk} folder @returns {Promise<import('./types.js').PreviewSet[]>} */
async function allPictures({ pictures, record }, folder) {
  const all = await Promise.all(
    pictures.map(async ({ input, translated, back, ...picture }) => {
      const blobs = await Promise.all([input, translated, back].map((name) => folder.read(name)));
      const photo = record.previews[picture.domain][picture.index];
      if (!photo || blobs.includes(null)) return [];
      const [first, second, third] = /** @type {File[]} */ (blobs);
      const { name, seen } = photo;
      const files = { input: first, translated: second, back: third };
      return [{ ...picture, ...files, name, heldOut: !seen }];
    }),
  );
  const whole = all.flat();
  const steps = [...new Set(whole.map(({ step }) => step))];
  return steps.map((step) => ({ step, pictures: whole.filter((one) => one.step === step) }));
}
