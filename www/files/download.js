/**
 * Fetches files of this site over poor connections: it reports every piece, gives up on a connection that
 * falls silent, and tries again after what may have been bad luck.
 */

/** How long a connection may be silent, in milliseconds. */
const SILENCE = 20_000;
const TRIES = 3;
/** Milliseconds between two attempts. */
const PAUSE = 1000;

/** @typedef {{ onBytes?: (count: number) => void, signal?: AbortSignal, silence?: number, pause?: number }} Options */

class FetchError extends Error {
  /** @param {string} message @param {boolean} again a second attempt may succeed */
  constructor(message, again) {
    super(message);
    this.again = again;
  }
}

/**
 * @template T
 * @param {URL} url
 * @param {(response: Response) => Promise<T>} use reads the response; called for each attempt
 * @param {Options} [options] `onBytes` gets the number of uncompressed bytes so far, from 0 in each attempt
 * @returns {Promise<T>}
 * @throws {Error} the last attempt's failure
 */
export async function fetchFile(url, use, options = {}) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt(url, use, options);
    } catch (error) {
      // A broken connection throws a TypeError, whoever reads from it.
      const again = error instanceof FetchError ? error.again : error instanceof TypeError;
      if (!again || tries === TRIES || options.signal?.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, options.pause ?? PAUSE));
    }
  }
}

/**
 * @template T
 * @param {URL} url
 * @param {(response: Response) => Promise<T>} use
 * @param {Options} options
 * @returns {Promise<T>}
 */
async function attempt(url, use, { onBytes = () => {}, signal, silence = SILENCE }) {
  signal?.throwIfAborted();
  const stop = new AbortController();
  const end = () => stop.abort();
  signal?.addEventListener('abort', end);
  let timer = setTimeout(end, silence);
  let count = 0;
  const heard = (/** @type {number} */ bytes) => {
    clearTimeout(timer);
    timer = setTimeout(end, silence);
    count += bytes;
    onBytes(count);
  };
  try {
    const response = await fetch(url, { signal: stop.signal });
    if (!response.ok) throw new FetchError(`HTTP ${response.status}`, response.status >= 500);
    heard(0);
    // Reads a clone, so that the browser sees its own response and caches a wasm's machine code with it.
    watch(response.clone(), heard)
      .catch(() => {})
      .finally(() => clearTimeout(timer));
    return await use(response);
  } catch (error) {
    signal?.throwIfAborted();
    if (stop.signal.aborted) throw new FetchError(`nothing came for ${silence} ms`, true);
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

/** @param {Response} response @param {(bytes: number) => void} heard */
async function watch(response, heard) {
  const reader = response.body?.getReader();
  for (let piece = await reader?.read(); piece?.value; piece = await reader?.read()) {
    heard(piece.value.length);
  }
}
