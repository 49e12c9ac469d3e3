/**
 * Results written into a folder that the person chose, each as it is made. Nothing that was there before is
 * touched: a name that is taken by another file gets a number, and a file that is there already, to the byte, is
 * not written again.
 */
import { CodedError, failureOf } from '../failure.js';
import { resultNames } from './names.js';

/** @import { Format } from './names.js' */

/** Whether this browser lets pages write into folders. */
export const canChooseFolder = () => 'showDirectoryPicker' in globalThis;

/**
 * Asks for a folder. Call it inside a click.
 * @returns {Promise<FileSystemDirectoryHandle | null>} null: the person changed their mind
 * @throws {CodedError} `folder-refused`
 */
export async function chooseFolder() {
  try {
    const show = /** @type {any} */ (globalThis).showDirectoryPicker;
    return await show.call(globalThis, { id: 'results', mode: 'readwrite' });
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return null;
    throw folderError(error);
  }
}

export class FolderOut {
  #root;
  #nameOf = resultNames();
  /** Files of this run by the photo, which a later result of it replaces. @type {Map<string, string>} */
  #own = new Map();
  /** The last write: names are found one after another. @type {Promise<unknown>} */
  #last = Promise.resolve();

  /** @param {FileSystemDirectoryHandle} root */
  constructor(root) {
    this.#root = root;
  }

  /** Of the folder, for display. */
  get name() {
    return this.#root.name;
  }

  /**
   * Writes a result, in the photo's folders.
   * @param {string} path of the photo
   * @param {Format} format
   * @param {Blob} picture
   * @returns {Promise<void>}
   * @throws {CodedError} `folder-refused`, `folder-full`, `folder-gone`
   */
  write(path, format, picture) {
    const turn = this.#last.then(() => this.#write(path, format, picture));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** @param {string} path @param {Format} format @param {Blob} picture */
  async #write(path, format, picture) {
    try {
      const key = `${format} ${path}`;
      const name = this.#own.get(key) ?? (await this.#free(path, format, picture));
      this.#own.set(key, name);
      const [folder, file] = await this.#place(name, true);
      if (!folder || (await isEqual(folder, file, picture))) return;
      const handle = await folder.getFileHandle(file, { create: true });
      // The file appears when the stream is closed, so it is never there by half.
      const stream = await handle.createWritable();
      try {
        await stream.write(picture);
        await stream.close();
      } catch (error) {
        await stream.abort().catch(() => {});
        if ((await handle.getFile()).size === 0) await folder.removeEntry(file).catch(() => {});
        throw error;
      }
    } catch (error) {
      throw folderError(error);
    }
  }

  /**
   * The first name that is free, or whose file is this very picture.
   * @param {string} path @param {Format} format @param {Blob} picture
   */
  async #free(path, format, picture) {
    for (;;) {
      const name = this.#nameOf(path, format);
      const [folder, file] = await this.#place(name, false);
      if (!folder) return name;
      const there = await kindOf(folder, file);
      if (!there || (there === 'file' && (await isEqual(folder, file, picture)))) return name;
    }
  }

  /**
   * @param {string} name with folders
   * @param {boolean} create the folders
   * @returns {Promise<[FileSystemDirectoryHandle | null, string]>} null: the folder is missing
   */
  async #place(name, create) {
    const parts = name.split('/');
    const file = parts.pop() ?? '';
    let folder = this.#root;
    for (const part of parts) {
      try {
        folder = await folder.getDirectoryHandle(part, { create });
      } catch (error) {
        if (!create && error instanceof Error && error.name === 'NotFoundError')
          return [null, file];
        throw error;
      }
    }
    return [folder, file];
  }
}

/** @param {FileSystemDirectoryHandle} folder @param {string} name @returns {Promise<'file' | 'folder' | null>} */
async function kindOf(folder, name) {
  try {
    await folder.getFileHandle(name);
    return 'file';
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundError') return null;
    if (error instanceof Error && error.name === 'TypeMismatchError') return 'folder';
    throw error;
  }
}

/** @param {FileSystemDirectoryHandle} folder @param {string} name @param {Blob} picture */
async function isEqual(folder, name, picture) {
  if ((await kindOf(folder, name)) !== 'file') return false;
  const there = await (await folder.getFileHandle(name)).getFile();
  if (there.size !== picture.size) return false;
  const [a, b] = await Promise.all([there.arrayBuffer(), picture.arrayBuffer()]);
  const other = new Uint8Array(b);
  return new Uint8Array(a).every((byte, i) => byte === other[i]);
}

/** @type {Record<string, string>} */
const CODES = {
  QuotaExceededError: 'folder-full',
  NotFoundError: 'folder-gone',
  NotAllowedError: 'folder-refused',
  SecurityError: 'folder-refused',
};

/** @param {unknown} error */
function folderError(error) {
  if (error instanceof CodedError) return error;
  const name = error instanceof Error ? error.name : '';
  return new CodedError(CODES[name] ?? 'folder-refused', failureOf(error).detail);
}
