/**
 * A visitor's own weights files, remembered between visits in this site's private storage (OPFS). If that is
 * missing or full they are kept in memory until the page is closed. Either way they are copies, so the
 * original file may disappear.
 */

import { CodedError, failureOf, readError } from '../failure.js';
import { Disk } from './disk.js';
import { safeFileName } from './names.js';

/** @import { Failure } from '../failure.js' */

/**
 * @typedef {object} StoredWeights
 * @property {string} name a safe file name, unique here
 * @property {number} size bytes
 * @property {number} modified milliseconds since 1970
 * @property {'disk' | 'memory'} kept `memory`: until the page is closed
 */

/** @typedef {(name: string, file: Blob) => Promise<unknown>} Write rejects with the same codes as Disk */

const FOLDER = 'weights';
/** Contains the name of the file that a worker is writing. */
const WRITING = '.writing';

export class WeightsStore {
  #folder;
  #write;
  /** @type {Map<string, { file: Blob, modified: number }>} */
  #memory = new Map();

  /**
   * @param {FileSystemDirectoryHandle | null} folder null: memory only
   * @param {Failure | null} problem `storage-unavailable`, or null
   * @param {Write} write stores a file if this thread cannot
   */
  constructor(folder, problem, write) {
    this.#folder = folder;
    this.#write = write;
    /** Why nothing is kept beyond this visit, or null. */
    this.problem = problem;
  }

  /**
   * Opens the store.
   * @param {Write} write has a worker store a file, because in Safari only workers can
   * @returns {Promise<WeightsStore>} never rejects
   */
  static async open(write) {
    try {
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle(FOLDER, { create: true });
      const store = new WeightsStore(folder, null, write);
      await store.#sweep(folder);
      return store;
    } catch (error) {
      const { detail } = failureOf(error);
      return new WeightsStore(null, { code: 'storage-unavailable', detail }, write);
    }
  }

  /** The stored files, sorted by name. @returns {Promise<StoredWeights[]>} */
  async list() {
    /** @type {StoredWeights[]} */
    const all = [...this.#memory].map(([name, { file, modified }]) => ({
      name,
      size: file.size,
      modified,
      kept: 'memory',
    }));
    try {
      const half = this.#folder && (await unfinished(this.#folder));
      for await (const handle of this.#folder?.values() ?? []) {
        if (handle.kind !== 'file' || handle.name === WRITING || handle.name === half) continue;
        const { size, lastModified } = await /** @type {FileSystemFileHandle} */ (handle).getFile();
        // An empty file is left over from an interrupted write.
        if (size > 0) all.push({ name: handle.name, size, modified: lastModified, kept: 'disk' });
      }
    } catch (error) {
      this.problem ??= { code: 'storage-unavailable', detail: failureOf(error).detail };
    }
    return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Remembers a weights file.
   * @param {string} name wanted; the result has the actual name
   * @param {Blob} weights
   * @returns {Promise<StoredWeights & { problem: Failure | null }>} `problem` says why it is only in memory:
   *   `storage-full` or `storage-unavailable`
   * @throws {CodedError} `weights-unreadable`: the file itself could not be read
   */
  async add(name, weights) {
    const free = await this.#freeName(name);
    const problem = this.#folder ? await this.#keep(this.#folder, free, weights) : this.problem;
    const modified = Date.now();
    if (problem) {
      const file = new Blob([await bytesOf(weights, 'weights-unreadable')]);
      this.#memory.set(free, { file, modified });
    }
    return { name: free, size: weights.size, modified, kept: problem ? 'memory' : 'disk', problem };
  }

  /**
   * @param {string} from
   * @param {string} to wanted
   * @returns {Promise<string>} its new name
   * @throws {CodedError} `weights-gone`
   */
  async rename(from, to) {
    if (safeFileName(to) === from) return from;
    const weights = await this.read(from);
    const added = await this.add(to, weights);
    // Kept only in memory, it would be read from the file with the old name.
    if (added.kept === 'memory' && !this.#memory.has(from)) {
      this.#memory.delete(added.name);
      throw new CodedError(
        added.problem?.code ?? 'storage-failed',
        added.problem?.detail ?? 'not renamed',
      );
    }
    await this.remove(from);
    return added.name;
  }

  /** Forgets a file; a missing one is no failure. @param {string} name */
  async remove(name) {
    this.#memory.delete(name);
    await this.#folder?.removeEntry(name).catch(() => {});
  }

  /**
   * @param {string} name
   * @returns {Promise<Blob>} reads from the disk only when it is read itself
   * @throws {CodedError} `weights-gone`
   */
  async read(name) {
    const inMemory = this.#memory.get(name);
    if (inMemory) return inMemory.file;
    try {
      if (this.#folder) return await (await this.#folder.getFileHandle(name)).getFile();
    } catch {
      // gives the same answer as a name that never existed
    }
    throw new CodedError('weights-gone', `${name} is no longer stored`);
  }

  /** @param {string} wanted */
  async #freeName(wanted) {
    const taken = new Set((await this.list()).map(({ name }) => name.toLowerCase()));
    let name = safeFileName(wanted, 'weights');
    for (let count = 2; taken.has(name.toLowerCase()); count += 1) {
      name = safeFileName(wanted, 'weights', count);
    }
    return name;
  }

  /**
   * @param {FileSystemDirectoryHandle} folder
   * @param {string} name
   * @param {Blob} weights
   * @returns {Promise<Failure | null>} why it is not on disk
   */
  async #keep(folder, name, weights) {
    try {
      if ('createWritable' in FileSystemFileHandle.prototype) {
        const handle = await folder.getFileHandle(name, { create: true });
        // The data appears under the name only when the stream is closed.
        await weights.stream().pipeTo(await handle.createWritable());
      } else await this.#write(name, weights);
      return null;
    } catch (error) {
      await folder.removeEntry(name).catch(() => {});
      if (error instanceof Error && error.name === 'QuotaExceededError') {
        return { code: 'storage-full', detail: error.message };
      }
      const { code, message } = readError(error, 'storage-unavailable');
      if (code === 'file-gone') throw new CodedError('weights-unreadable', message);
      return { code, detail: message };
    }
  }

  /**
   * Removes a file left over from an interrupted write, but not one that another tab is writing.
   * @param {FileSystemDirectoryHandle} folder
   */
  async #sweep(folder) {
    const half = await unfinished(folder);
    if (half === null) return;
    await folder
      .removeEntry(half)
      .then(() => folder.removeEntry(WRITING))
      .catch(() => {});
  }
}

/** @param {FileSystemDirectoryHandle} folder @returns {Promise<string | null>} name of an incomplete file */
async function unfinished(folder) {
  try {
    return await (await (await folder.getFileHandle(WRITING)).getFile()).text();
  } catch {
    return null;
  }
}

/**
 * A weights file as bytes, read from wherever it is now.
 * @param {Blob} weights
 * @param {string} gone code for a file that no longer exists
 * @returns {Promise<ArrayBuffer>}
 * @throws {CodedError} `gone`, `weights-too-large`, `weights-unreadable`
 */
export async function bytesOf(weights, gone) {
  try {
    return await weights.arrayBuffer();
  } catch (error) {
    if (error instanceof RangeError) throw new CodedError('weights-too-large', error.message);
    throw readError(error, 'weights-unreadable', gone);
  }
}

/**
 * Stores a visitor's weights from the worker, where the page itself cannot write.
 * @param {FileSystemDirectoryHandle} root of this site's private storage
 * @param {string} name
 * @param {Blob} file
 * @throws {CodedError} `storage-full`, `storage-unavailable`, `file-gone`
 */
export async function keepWeights(root, name, file) {
  const folder = new Disk(await root.getDirectoryHandle(FOLDER, { create: true }));
  // Bytes appear under the name while they are written. If the page is closed meanwhile, this marks the rest.
  await folder.write(WRITING, name);
  try {
    await folder.write(name, file);
  } finally {
    await folder.remove(WRITING); // after a failure, nothing is left of it
  }
}
