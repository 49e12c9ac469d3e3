/** The page's handle on the worker that writes to private storage, which starts when there is something to write. */
import { CodedError, coded } from '../failure.js';

/**
 * @typedef {{ room: string, folder: string } & (
 *   { do: 'write', name: string, content: Blob } |
 *   { do: 'index', name: string, index: { sequence: number } } |
 *   { do: 'remove', names: string[] } |
 *   { do: 'sweep', keep: string[] } |
 *   { do: 'erase' }
 * )} DiskJob in a folder of a room of this site's storage. `write` answers with the bytes written; `sweep`
 *   removes every other file; `erase` removes the folder
 */
/** @typedef {{ id: number, value?: any, failure?: import('../failure.js').Failure }} Answer */

export class Writer {
  #spawn;
  /** @type {Worker | null} */
  #worker = null;
  #lastId = 0;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();

  /** @param {() => Worker} spawn starts the worker */
  constructor(spawn) {
    this.#spawn = spawn;
  }

  /**
   * Jobs are done in the order of the calls.
   * @param {DiskJob} job
   * @returns {Promise<any>}
   * @throws {CodedError} `storage-full`, `storage-unavailable`, `file-gone`
   */
  do(job) {
    return new Promise((resolve, reject) => {
      this.#worker ??= this.#start();
      this.#lastId += 1;
      this.#waiting.set(this.#lastId, { resolve, reject });
      this.#worker.postMessage({ id: this.#lastId, job });
    });
  }

  #start() {
    const worker = this.#spawn();
    worker.addEventListener('message', ({ data }) => {
      const { id, value, failure } = /** @type {Answer} */ (data);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (failure) waiting?.reject(coded(failure));
      else waiting?.resolve(value);
    });
    worker.addEventListener('error', ({ message }) => {
      worker.terminate();
      this.#worker = null;
      const waiting = [...this.#waiting.values()];
      this.#waiting.clear();
      const error = new CodedError('storage-unavailable', message || 'the worker has ended');
      for (const { reject } of waiting) reject(error);
    });
    return worker;
  }
}
