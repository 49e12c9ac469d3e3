/** A stand-in for the browser's private storage: folders and files in memory, which can be full. */

/** @typedef {{ full: boolean, room: number, open: number }} Trouble `open`: removals that a file still in use refuses */

class FakeFile {
  kind = 'file';
  /** @param {string} name @param {Trouble} trouble */
  constructor(name, trouble) {
    this.name = name;
    this.trouble = trouble;
    this.bytes = new Blob();
  }

  async getFile() {
    return new File([this.bytes], this.name, { lastModified: 1000 });
  }

  async createWritable() {
    let written = new Blob();
    return {
      write: async (/** @type {any} */ content) => {
        if (this.trouble.full) throw new DOMException('no room', 'QuotaExceededError');
        const { position: at = written.size, data = content } = content;
        const part = new Blob([data]);
        written = new Blob([written.slice(0, at), part, written.slice(at + part.size)]);
      },
      close: async () => {
        await new Promise((resolve) => setImmediate(resolve)); // writing takes time
        this.bytes = written;
      },
      abort: async () => {},
    };
  }
}

export class FakeFolder {
  kind = 'directory';
  /** @type {Map<string, FakeFolder | FakeFile>} */
  entries = new Map();
  /** @param {string} name @param {Trouble} trouble */
  constructor(name = '', trouble = { full: false, room: 1e12, open: 0 }) {
    this.name = name;
    this.trouble = trouble;
  }

  async getDirectoryHandle(/** @type {string} */ name, { create = false } = {}) {
    return /** @type {FakeFolder} */ (this.#get(name, create, FakeFolder));
  }

  async getFileHandle(/** @type {string} */ name, { create = false } = {}) {
    return /** @type {FakeFile} */ (this.#get(name, create, FakeFile));
  }

  /** @param {string} name @param {boolean} create @param {typeof FakeFolder | typeof FakeFile} Kind */
  #get(name, create, Kind) {
    if (!this.entries.has(name)) {
      if (!create) throw new DOMException(name, 'NotFoundError');
      this.entries.set(name, new Kind(name, this.trouble));
    }
    return this.entries.get(name);
  }

  async removeEntry(/** @type {string} */ name) {
    if (this.entries.get(name) instanceof FakeFolder && this.trouble.open > 0) {
      this.trouble.open -= 1;
      throw new DOMException(name, 'NoModificationAllowedError');
    }
    if (!this.entries.delete(name)) throw new DOMException(name, 'NotFoundError');
  }

  async *values() {
    yield* [...this.entries.values()];
  }

  /** Another browser's storage with the same in it. @returns {FakeFolder} */
  copy(trouble = { ...this.trouble }) {
    const folder = new FakeFolder(this.name, trouble);
    for (const [name, entry] of this.entries) {
      if (entry instanceof FakeFolder) folder.entries.set(name, entry.copy(trouble));
      else {
        const file = new FakeFile(name, trouble);
        file.bytes = entry.bytes;
        folder.entries.set(name, file);
      }
    }
    return folder;
  }

  /** Every file by its path. @returns {Record<string, FakeFile>} */
  files(prefix = '') {
    /** @type {Record<string, FakeFile>} */
    const all = {};
    for (const [name, entry] of this.entries) {
      if (entry instanceof FakeFile) all[prefix + name] = entry;
      else Object.assign(all, entry.files(`${prefix}${name}/`));
    }
    return all;
  }
}

/** @param {FakeFolder} folder @returns {FileSystemDirectoryHandle} */
export function asHandle(folder) {
  return /** @type {any} */ (folder);
}
