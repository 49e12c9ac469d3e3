/**
 * The runs in this site's storage: lists them with their sizes, opens and deletes them.
 *
 * Deleting a run first creates a mark next to its folder, `<id>.deleted`. From then on it no longer counts as
 * a run, even if its folder cannot be removed at once or the page is closed: the next sweep continues.
 */
import { CodedError, failureOf } from '../../failure.js';
import { Disk } from '../../files/disk.js';
import { learnOnProposal } from '../plan/config.js';
import { isStored } from './copies.js';
import { History } from './history.js';
import { bytesIn, forgetCheckpoint, PHOTOS, readIndex } from './run-files.js';
import { allPictures, latestPicture } from './stored-pictures.js';

/** @import { Domain } from '../gather/domains.js' */
/** @import { RunIndex, StoredPhoto, Which } from './record.js' */

/** @typedef {{ index: RunIndex, folder: Disk }} OpenedRun */

const MARK = '.deleted';
/** Milliseconds between attempts to remove a folder: files are closed a moment after their worker ended. */
const TRIES = [0, 100, 300, 1000, 3000];

export class StoredRuns {
  #host;
  /** Runs deleted, or being deleted, since the page was opened. @type {Set<string>} */
  #gone = new Set();

  /** @param {Pick<import('../../page/host.js').Host, 'storage' | 'withRun' | 'wait' | 'space'>} host */
  constructor(host) {
    this.#host = host;
  }

  /** @returns {Promise<Disk | null>} */
  async #disk() {
    const root = await this.#host.storage();
    return root && Disk.at(root).catch(() => null);
  }

  /** Whether a run was deleted; a list begun earlier may still contain it. @param {string} id */
  isGone(id) {
    return this.#gone.has(id);
  }

  /**
   * All runs, latest first.
   * @param {boolean} sweep removes folders in which nothing was ever completely stored
   * @returns {Promise<(OpenedRun & { id: string })[]>}
   */
  async #all(sweep) {
    const disk = await this.#disk();
    if (!disk) return [];
    const found = [];
    const names = await disk.list();
    const deleted = new Set(names.filter(({ folder }) => !folder).map(({ name }) => name));
    for (const { name: id, folder: isFolder } of names) {
      if (!isFolder) continue;
      const folder = await disk.find(id);
      const index = folder && !deleted.has(id + MARK) ? await readIndex(folder) : null;
      if (folder && index) found.push({ id, index, folder });
      else if (sweep) await disk.remove(id);
      // Failed when the run was finished.
      if (sweep && index?.result && index.checkpoints.length === 0) await folder?.remove(PHOTOS);
    }
    if (sweep) await this.#forgetMarks(disk, deleted);
    return found.sort((a, b) => b.index.record.modified - a.index.record.modified);
  }

  /** Removes marks of folders that no longer exist. @param {Disk} disk @param {Set<string>} names */
  async #forgetMarks(disk, names) {
    for (const name of names) {
      if (name.endsWith(MARK) && !(await disk.find(name.slice(0, -MARK.length)))) {
        await disk.remove(name);
      }
    }
  }

  /**
   * Unfinished runs, and finished ones.
   * @param {{ sweep?: boolean }} [options] sweep: removes leftovers. Only if no tab is training, because a
   *   run that has just begun would be taken for a leftover
   */
  async list({ sweep = false } = {}) {
    const offers = [];
    const runs = [];
    for (const { id, index, folder } of await this.#all(sweep)) {
      if (this.isGone(id)) continue;
      if (index.result) runs.push(await runOf(id, index, folder));
      else offers.push(await offerOf(id, index, folder));
    }
    return { offers, runs };
  }

  /** @param {string} id @returns {Promise<OpenedRun>} */
  async open(id) {
    const folder = this.isGone(id) ? null : await (await this.#disk())?.find(id);
    const index = folder && (await readIndex(folder));
    if (!folder || !index) throw new CodedError('run-gone', `run ${id} is not stored`);
    return { index, folder };
  }

  /** @param {string} id @param {Domain} direction @param {Which} [which] @returns {Promise<Blob>} */
  async weights(id, direction, which = 'best') {
    const { index, folder } = await this.open(id);
    const best = which === 'best' && index.best && (await folder.read(index.best[direction]));
    const file = best || (index.result && (await folder.read(index.result[direction])));
    if (!file) throw new CodedError('run-gone', `run ${id} has no weights`);
    return file;
  }

  /** The view of a finished run, as if it were on the page. @param {string} id */
  async over(id) {
    const { index, folder } = await this.open(id);
    return {
      record: index.record,
      history: await historyIn(folder, index.result?.history),
      weights: (/** @type {Domain} */ direction, /** @type {Which} */ which) =>
        this.weights(id, direction, which),
      pictures: async () => (await allPictures(index, folder)).at(-1)?.pictures ?? [],
    };
  }

  /**
   * The last checkpoint of a finished run.
   * @param {string} id
   * @returns {Promise<Blob | null>} null: not kept
   */
  async checkpoint(id) {
    const { index, folder } = await this.open(id);
    const [latest] = index.checkpoints;
    return latest ? folder.read(latest.checkpoint) : null;
  }

  /**
   * A run with everything the page needs to continue it.
   * @param {string} id
   * @param {{ over?: boolean }} [which] over: a finished run, to learn on
   */
  async unfinished(id, { over = false } = {}) {
    const { index, folder } = await this.open(id);
    const isOver = index.result !== null;
    if (isOver !== over || index.checkpoints.length === 0) {
      throw new CodedError('run-gone', `run ${id} was ended or continued in another tab`);
    }
    const history = await historyIn(folder, index.checkpoints[0]?.history);
    const copies = await folder.find(PHOTOS);
    /** @param {string | null} name */
    const read = async (name) => (name && copies?.read(name)) || null;
    /** @param {StoredPhoto} photo */
    const shown = async ({ file, whole }) => {
      const [photo, shows] = await Promise.all([read(file), read(whole ?? file)]);
      return photo && shows && { photo, whole: shows };
    };
    const { photos, previews } = index.record;
    const [a, b] = [photos.A, photos.B].map((all) => all.map(({ file }) => read(file)));
    return {
      index,
      history,
      best: await (over ? bestInMemory : bestOf)(index, folder),
      pictures: await allPictures(index, folder),
      photos: { A: await Promise.all(a), B: await Promise.all(b) },
      previews: {
        A: await Promise.all(previews.A.map(shown)),
        B: await Promise.all(previews.B.map(shown)),
      },
    };
  }

  /**
   * Frees this much space, if possible, by removing what finished runs need to learn on, oldest first.
   * @param {number} bytes
   */
  async makeRoom(bytes) {
    for (const { index, folder } of (await this.#all(false)).reverse()) {
      const space = await this.#host.space();
      if (!space || space.quota - space.usage >= bytes) return;
      if (index.result && index.checkpoints.length > 0) await forgetCheckpoint(folder, index);
    }
  }

  /**
   * Removes a run, once no worker writes to it. It disappears from lists immediately.
   * @param {string} id
   * @throws {CodedError} `run-not-deleted`: not all of it could be removed; the next visit tries again.
   *   `run-still-there`: nor could it be marked, so it is listed again
   */
  async remove(id) {
    this.#gone.add(id);
    const disk = await this.#disk();
    if (!disk) return;
    const marked = await disk.mark(id + MARK).then(
      () => true,
      () => false,
    );
    try {
      await this.#host.withRun(id, () => this.#eraseInTime(disk, id));
    } catch (error) {
      if (!marked) this.#gone.delete(id);
      const { detail } = failureOf(error);
      throw new CodedError(marked ? 'run-not-deleted' : 'run-still-there', detail);
    }
    await disk.remove(id + MARK);
  }

  /** @param {Disk} disk @param {string} id */
  async #eraseInTime(disk, id) {
    /** @type {unknown} */
    let last;
    for (const wait of TRIES) {
      if (wait > 0) await this.#host.wait(wait);
      try {
        return await disk.erase(id);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }
}

/** The steps; empty if there is no file. @param {Disk} folder @param {string} [name] */
async function historyIn(folder, name) {
  const file = name ? await folder.read(name) : null;
  return History.from((await file?.arrayBuffer()) ?? new ArrayBuffer(0));
}

/** @param {Pick<RunIndex, 'best'>} index @param {Disk} folder @returns {Promise<Record<Domain, Blob> | null>} */
async function bestOf({ best }, folder) {
  const [A, B] = best ? await Promise.all([folder.read(best.A), folder.read(best.B)]) : [];
  return A && B ? { A, B } : null;
}

/**
 * The best weights of a finished run, which may be its last. In memory, because their files go as soon as it
 * learns on.
 * @param {RunIndex} index
 * @param {Disk} folder
 */
async function bestInMemory({ best, result, record }, folder) {
  const isLast = record.best?.step === record.step;
  const found = await bestOf({ best: isLast ? result : best }, folder);
  if (!found) return null;
  const [A, B] = await Promise.all([found.A.arrayBuffer(), found.B.arrayBuffer()]);
  return { A: new Blob([A]), B: new Blob([B]) };
}

/** @typedef {Awaited<ReturnType<typeof offerOf>>} Offer an unfinished run */
/** @typedef {Awaited<ReturnType<typeof runOf>>} StoredRun a finished run */

/** @param {string} id @param {RunIndex} index @param {Disk} folder */
async function offerOf(id, index, folder) {
  const { names, step, total, modified } = index.record;
  return {
    id,
    names,
    step,
    total,
    /** Milliseconds since 1970. */
    when: modified,
    bytes: await bytesIn(folder),
    ...(await latestPicture(index, folder)),
    /** Without copies of the photos, both folders are needed to continue. */
    needsFolders: !isStored(index.record),
  };
}

/** @param {string} id @param {RunIndex} index @param {Disk} folder */
async function runOf(id, index, folder) {
  const { needsFolders, ...known } = await offerOf(id, index, folder);
  const goesOn = index.checkpoints.length > 0 && !needsFolders;
  return {
    ...known,
    stopped: index.record.state !== 'finished',
    /** The proposal for continuing; null: the necessary files were not kept, as by earlier versions of the page. */
    learnOn: goesOn ? learnOnProposal(index.record) : null,
  };
}
