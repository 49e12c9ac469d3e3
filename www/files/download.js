/**
 * Files of this site, fetched as a poor connection needs it: whoever waits is told of every piece, a
 * connection that falls silent is given up, and what may have been bad luck is tried again.
 */

/** How long a connection may be silent, in milliseconds. */
const SILENCE = 20_000;
const TRIES = 3;
/** Milliseconds between two tries. */
const PAUSE = 1000;

/** @typedef {{ onBytes?: (count: number) => void, signal?: AbortSignal, silence?: number, pause?: number }} Options */

class FetchError extends Error {
  /** @param {string} message @param {boolean} again it may go better the next time */
  constructor(message, again) {
    super(message);
    this.again = again;
  }
}

/**
 * @template T
 * @param {URL} url
 * @param {(response: Response) => Promise<T>} use what the file is wanted for; called for each try
 * @param {Options} [options] onBytes: told how many bytes have come, as they are unpacked, which is more than
 *   came over the net if the host packs them; a second try begins at 0
 * @returns {Promise<T>}
 * @throws {Error} what the last try failed with
 */
export async function fetchFile(url, use, options = {}) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt(url, use, options);
    } catch (error) {
      // A connection that broke shows as a TypeError, whoever reads from it.
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
    // Read beside, so that the browser sees its own response: it keeps the machine code of a wasm for that.
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
