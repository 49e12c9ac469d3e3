/**
 * Failures as data. Everything that can go wrong on the page or in its worker has a stable code, which
 * selects the sentence in `messages/`, and a detail in plain English for a log.
 */

/**
 * @typedef {object} Failure
 * @property {string} code
 * @property {string} detail
 * @property {Record<string, string>} [values] values for the sentence, such as the kind of a picture
 */

/** An error with a stable code, such as `image-unreadable`. */
export class CodedError extends Error {
  /**
   * @param {string} code
   * @param {string} detail plain English, for a log
   * @param {Record<string, string>} [values] for its sentence
   */
  constructor(code, detail, values) {
    super(detail);
    this.name = 'CodedError';
    this.code = code;
    this.values = values;
  }
}

/** Restores a failure received as data. @param {Failure} failure */
export function coded({ code, detail, values }) {
  return new CodedError(code, detail, values);
}

/** Errors of browsers when a picked file was deleted, or may no longer be read. */
const GONE = new Set(['NotFoundError', 'NotReadableError', 'SecurityError', 'NotAllowedError']);

/**
 * Code and detail of anything thrown.
 * @param {unknown} error
 * @param {string} [fallback] code of an error without its own
 * @returns {Failure}
 */
export function failureOf(error, fallback = 'engine-failed') {
  if (!(error instanceof Error)) return { code: fallback, detail: String(error) };
  if ('code' in error && typeof error.code === 'string') {
    const { code, message: detail, values } = /** @type {CodedError} */ (error);
    return values ? { code, detail, values } : { code, detail };
  }
  // Running out of memory throws a RangeError ("Array buffer allocation failed").
  if (error instanceof RangeError) return { code: 'out-of-memory', detail: error.message };
  return { code: fallback, detail: `${error.name}: ${error.message}` };
}

/**
 * A failure to read a file: `gone` if the file is no longer there, otherwise `fallback`.
 * @param {unknown} error
 * @param {string} fallback
 * @param {string} [gone]
 * @returns {CodedError}
 */
export function readError(error, fallback, gone = 'file-gone') {
  const name = error instanceof Error ? error.name : '';
  const failure = failureOf(error, fallback);
  return new CodedError(GONE.has(name) ? gone : failure.code, failure.detail);
}

/**
 * For `import(…).catch(notFetched)`.
 * @param {unknown} error
 * @returns {never}
 * @throws {CodedError} `engine-unavailable`
 */
export function notFetched(error) {
  throw new CodedError('engine-unavailable', String(error));
}
