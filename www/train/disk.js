/**
 * One folder of this site's private storage (OPFS). In a worker files are written by a synchronous access
 * handle where there is one, which is what Safari has; elsewhere by a stream.
 */
import { CodedError, failureOf } from '../failure.js';

/** The folder with all runs. */
const ROOT = 'training';

export class Disk {
  #folder;

  /** @param {FileSystemDirectoryHandle} folder */
  constructor(folder) {
    this.#folder = folder;
    /** The next file that is written finds the disk full: see faults.js. */
    this.full = false;
  }

  /**
   * The folder of all runs.
   * @param {FileSystemDirectoryHandle} root of this site
   */
  static async at(root) {
    return new Disk(await root.getDirectoryHandle(ROOT, { create: true }));
  }

  /**
   * @param {string} name
   * @returns {Promise<Disk>} a folder inside, made if it is not there
   */
  async inside(name) {
    try {
      return new Disk(await this.#folder.getDirectoryHandle(name, { create: true }));
    } catch (error) {
      throw diskError(error);
    }
  }

  /**
   * @param {string} name
   * @returns {Promise<Disk | null>} a folder inside; null: there is none
   */
  async find(name) {
    return this.#folder.getDirectoryHandle(name).then(
      (folder) => new Disk(folder),
      () => null,
    );
  }

  /** @returns {Promise<{ name: string, folder: boolean }[]>} */
  async list() {
    const all = [];
    try {
      for await (const { name, kind } of this.#folder.values()) {
        all.push({ name, folder: kind === 'directory' });
      }
    } catch (error) {
      if (!isGone(error)) throw diskError(error);
      return []; // removed meanwhile
    }
    return all;
  }

  /**
   * @param {string} name
   * @returns {Promise<File | null>} null: there is none
   */
  async read(name) {
    try {
      return await (await this.#folder.getFileHandle(name)).getFile();
    } catch {
      return null;
    }
  }

  /**
   * Writes a file. If the page ends meanwhile, a half of it may be there: write under a new name, and
   * refer to it once it is whole.
   *
   * @param {string} name
   * @param {Blob | Uint8Array<ArrayBuffer> | string} content
   * @throws {CodedError} `storage-full`, `storage-unavailable`, `file-gone` (the content is a file that
   *   cannot be read any more)
   */
  async write(name, content) {
    const { full } = this;
    this.full = false;
    try {
      if (full) throw new DOMException('as ordered by ?fault=quota', 'QuotaExceededError');
      const file = await this.#folder.getFileHandle(name, { create: true });
      if ('createSyncAccessHandle' in file) await writeAtOnce(file, content);
      else await writeAsStream(file, content);
    } catch (error) {
      await this.remove(name);
      throw diskError(error);
    }
  }

  /** Makes an empty file, which any thread can in any browser. @param {string} name */
  async mark(name) {
    await this.#folder.getFileHandle(name, { create: true });
  }

  /** Removes what {@link erase} does, where it can. @param {string} name */
  async remove(name) {
    await this.erase(name).catch(() => {});
  }

  /**
   * Removes a file or a folder with all that is in it; one that is not there is no failure.
   * @param {string} name
   * @throws {CodedError} `storage-unavailable`: a file in it is still open, for example
   */
  async erase(name) {
    try {
      await this.#folder.removeEntry(name, { recursive: true });
    } catch (error) {
      if (!isGone(error)) throw diskError(error);
    }
  }
}

/** @param {any} file with `createSyncAccessHandle` @param {Blob | Uint8Array<ArrayBuffer> | string} content */
async function writeAtOnce(file, content) {
  const blob = content instanceof Blob ? content : null;
  const bytes = blob ? null : bytesOf(/** @type {Uint8Array | string} */ (content));
  const access = await file.createSyncAccessHandle();
  try {
    access.truncate(0);
    let at = 0;
    if (bytes) at = written(access, bytes, 0);
    else {
      const reader = /** @type {Blob} */ (blob).stream().getReader();
      for (let part = await next(reader); part; part = await next(reader)) {
        at += written(access, part, at);
      }
    }
    access.flush();
  } finally {
    access.close();
  }
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
async function next(reader) {
  try {
    return (await reader.read()).value ?? null;
  } catch (error) {
    throw new CodedError('file-gone', failureOf(error).detail);
  }
}

/** @param {any} access @param {Uint8Array} bytes @param {number} at @returns {number} bytes written: all */
function written(access, bytes, at) {
  const count = access.write(bytes, { at });
  if (count === bytes.length) return count;
  throw new DOMException(`${count} of ${bytes.length} bytes were written`, 'QuotaExceededError');
}

/** @param {FileSystemFileHandle} file @param {Blob | Uint8Array<ArrayBuffer> | string} content */
async function writeAsStream(file, content) {
  const stream = await file.createWritable();
  try {
    await stream.write(content);
    await stream.close();
  } catch (error) {
    await stream.abort().catch(() => {});
    throw error;
  }
}

/** @param {Uint8Array | string} content */
function bytesOf(content) {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content;
}

/** @param {unknown} error */
function isGone(error) {
  return error instanceof Error && error.name === 'NotFoundError';
}

/** @param {unknown} error @returns {CodedError} */
function diskError(error) {
  if (error instanceof CodedError) return error;
  const full = error instanceof Error && error.name === 'QuotaExceededError';
  return new CodedError(full ? 'storage-full' : 'storage-unavailable', failureOf(error).detail);
}
