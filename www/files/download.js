/**
 * Fetches files of this site over poor connections: it reports every piece, gives up on a connection that
 * falls silent, and tries again after what may have been bad luck.
 */

/** How long a connection may be silent, in milliseconds. */
const SILENCE = 20_000;
const TRIES = 3;
/** Milliseconds between two attempts. */
const PAUSE = 1000;

/** @typedef {{ onBytes?: (count: number) => void, signal?: AbortSignal, most?: number, silence?: number, pause?: number }} Options */

export class FetchError extends Error {
  /**
   * @param {string} message
   * @param {'silent' | 'answer' | 'too-long'} why
   * @param {number | null} [status] of an answer that is none of the file
   */
  constructor(message, why, status = null) {
    super(message);
    this.why = why;
    this.status = status;
  }

  /** Whether a second attempt may succeed. */
  get again() {
    return this.why === 'silent' || (this.why === 'answer' && Number(this.status) >= 500);
  }
}

/**
 * @template T
 * @param {URL} url
 * @param {(response: Response) => Promise<T>} use reads the response; called for each attempt
 * @param {Options} [options] `onBytes` gets the number of uncompressed bytes so far, from 0 in each attempt;
 *   of more than `most`, none is kept
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
async function attempt(
  url,
  use,
  { onBytes = () => {}, signal, most = Infinity, silence = SILENCE },
) {
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
    if (count > most) stop.abort();
    else onBytes(count);
  };
  try {
    const response = await fetch(url, { signal: stop.signal });
    const { status } = response;
    if (!response.ok) throw new FetchError(`HTTP ${status}`, 'answer', status);
    heard(0);
    // Compressed it is shorter still.
    const announced = Number(response.headers.get('content-length'));
    if (announced > most) {
      stop.abort();
      throw new FetchError(`${announced} bytes are more than ${most}`, 'too-long');
    }
    // Reads a clone, so that the browser sees its own response and caches a wasm's machine code with it.
    watch(response.clone(), heard)
      .catch(() => {})
      .finally(() => clearTimeout(timer));
    return await use(response);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof FetchError) throw error;
    if (count > most) throw new FetchError(`more than ${most} bytes came`, 'too-long');
    if (stop.signal.aborted) throw new FetchError(`nothing came for ${silence} ms`, 'silent');
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
