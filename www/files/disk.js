/**
 * A folder of this site's private storage (OPFS). Workers write files through a synchronous access handle if
 * there is one, which is all that Safari has; otherwise through a stream.
 */
import { CodedError, failureOf } from '../failure.js';

/** The folder with all runs of training. */
const RUNS = 'training';

/** @typedef {(at: number, bytes: Uint8Array) => Promise<void> | void} Write stores a piece of a file at its position */
/** @typedef {(write: Write) => Promise<unknown>} Pieces writes a file piece by piece, never as a whole in memory */
/** @typedef {Blob | Uint8Array<ArrayBuffer> | string | Pieces} Content of a file */

export class Disk {
  #folder;

  /** @param {FileSystemDirectoryHandle} folder */
  constructor(folder) {
    this.#folder = folder;
    /** The next write finds the disk full: see faults.js. */
    this.full = false;
  }

  /**
   * A folder of this site, created if missing.
   * @param {FileSystemDirectoryHandle} root of this site
   * @param {string} [name] default: the folder of all runs of training
   */
  static async at(root, name = RUNS) {
    return new Disk(await root.getDirectoryHandle(name, { create: true }));
  }

  /** @param {string} name @returns {Promise<Disk>} a subfolder, created if missing */
  async inside(name) {
    try {
      return new Disk(await this.#folder.getDirectoryHandle(name, { create: true }));
    } catch (error) {
      throw diskError(error);
    }
  }

  /** @param {string} name @returns {Promise<Disk | null>} a subfolder; null: does not exist */
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
      return []; // removed in the meantime
    }
    return all;
  }

  /** @param {string} name @returns {Promise<File | null>} null: does not exist */
  async read(name) {
    try {
      return await (await this.#folder.getFileHandle(name)).getFile();
    } catch {
      return null;
    }
  }

  /**
   * Writes a file. If the page is closed meanwhile, half of it may remain: write under a new name, and refer
   * to it only once it is whole.
   * @param {string} name
   * @param {Content} content
   * @returns {Promise<number>} its bytes
   * @throws {CodedError} `storage-full`, `storage-unavailable`, `file-gone` (the content is a file that
   *   cannot be read any more); and what the pieces fail with by themselves
   */
  async write(name, content) {
    const { full } = this;
    this.full = false;
    try {
      if (full) throw new DOMException('as ordered by ?fault=quota', 'QuotaExceededError');
      const file = await this.#folder.getFileHandle(name, { create: true });
      const write = 'createSyncAccessHandle' in file ? writeAtOnce : writeAsStream;
      return await write(file, content);
    } catch (error) {
      await this.remove(name);
      throw isOwn(error) ? error : diskError(error);
    }
  }

  /** Creates an empty file, which any thread can do in any browser. @param {string} name */
  async mark(name) {
    await this.#folder.getFileHandle(name, { create: true });
  }

  /** {@link erase} that ignores failures. @param {string} name */
  async remove(name) {
    await this.erase(name).catch(() => {});
  }

  /**
   * Removes a file, or a folder with everything in it; a missing one is no failure.
   * @param {string} name
   * @throws {CodedError} `storage-unavailable`, for example while a file in it is open
   */
  async erase(name) {
    try {
      await this.#folder.removeEntry(name, { recursive: true });
    } catch (error) {
      if (!isGone(error)) throw diskError(error);
    }
  }
}

/** @param {any} file with `createSyncAccessHandle` @param {Content} content @returns {Promise<number>} its bytes */
async function writeAtOnce(file, content) {
  const access = await file.createSyncAccessHandle();
  let size = 0;
  try {
    access.truncate(0);
    await piecesOf(content)((at, bytes) => {
      size = Math.max(size, at + written(access, bytes, at));
    });
    access.flush();
  } finally {
    access.close();
  }
  return size;
}

/** @param {Content} content @returns {Pieces} */
function piecesOf(content) {
  if (typeof content === 'function') return content;
  if (!(content instanceof Blob)) return async (write) => write(0, encoded(content));
  return async (write) => {
    const reader = content.stream().getReader();
    let at = 0;
    for (let part = await next(reader); part; part = await next(reader)) {
      await write(at, part);
      at += part.length;
    }
  };
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

/** @param {FileSystemFileHandle} file @param {Content} content @returns {Promise<number>} its bytes */
async function writeAsStream(file, content) {
  const stream = await file.createWritable();
  try {
    if (typeof content !== 'function') await stream.write(content);
    else {
      await content((position, bytes) => {
        const data = /** @type {Uint8Array<ArrayBuffer>} */ (bytes);
        return stream.write({ type: 'write', position, data });
      });
    }
    await stream.close();
  } catch (error) {
    await stream.abort().catch(() => {});
    throw error;
  }
  return (await file.getFile()).size;
}

/** @param {Uint8Array | string} content */
function encoded(content) {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content;
}

/** @param {unknown} error */
function isGone(error) {
  return error instanceof Error && error.name === 'NotFoundError';
}

/** Whether the failure is the engine's and not the disk's. @param {unknown} error */
function isOwn(error) {
  if (error instanceof WebAssembly.RuntimeError) return true;
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

/** @param {unknown} error @returns {CodedError} */
function diskError(error) {
  if (error instanceof CodedError) return error;
  const full = error instanceof Error && error.name === 'QuotaExceededError';
  return new CodedError(full ? 'storage-full' : 'storage-unavailable', failureOf(error).detail);
}
