/**
 * All results as one zip, with a `manifest.json` that says how they were made. The archive consists of the
 * results where they already are plus the zip's own records, and is offered as a link, a normal download. So
 * it needs no more memory however large it is, in any browser, and no storage.
 */
import { makeZip } from 'client-zip';
import { CodedError, failureOf } from '../failure.js';
import { formatOf, resultNames } from './names.js';

/** @import { ModelReport, Precision } from '../pkg/cyclegan_web.js' */

/**
 * The outcome of one photo.
 * @typedef {object} Outcome
 * @property {string} path with folders, separated by `/`
 * @property {'done' | 'failed' | 'skipped'} state
 * @property {string | null} reason a code, if the last attempt failed: there may be an earlier result
 * @property {Blob | null} result if it is done
 * @property {number} width pixels of the result, 0 if there is none
 * @property {number} height
 * @property {number} photoWidth pixels of the photo, 0 if unknown
 * @property {number} photoHeight
 * @property {boolean} reduced the model saw less than requested, because the device cannot hold more
 * @property {Precision | null} precision used for the result, if it is done
 * @property {About | null} made how it was made, if it is done
 */
/**
 * How results are made; in the manifest, for those without an entry of their own.
 * @typedef {object} About
 * @property {string} version of the engine
 * @property {{ name: string } & Pick<ModelReport, 'sha256' | 'ngf' | 'blocks'>} model as reported by the engine
 * @property {{ format: import('./names.js').Format }} settings
 */

const MANIFEST = 'manifest.json';

/**
 * Builds the archive. Each result is read once, piece by piece, for its checksum.
 * @param {Outcome[]} outcomes
 * @param {AbortSignal} [signal] aborted: rejects with its reason
 * @returns {Promise<Blob>}
 * @throws {CodedError} `zip-failed`
 */
export function buildZip(outcomes, signal) {
  const { named, manifest } = planned(outcomes);
  const text = new Blob([`${JSON.stringify(manifest, null, 2)}\n`]);
  return zipOf([...named, { name: MANIFEST, file: text }], signal);
}

/**
 * Files as one zip, which refers to them where they are.
 * @param {{ name: string, file: Blob }[]} files
 * @param {AbortSignal} [signal] aborted: rejects with its reason
 * @returns {Promise<Blob>}
 * @throws {CodedError} `zip-failed`
 */
export async function zipOf(files, signal) {
  /** The blob that a piece of the zip comes from. @type {WeakMap<Uint8Array, Blob>} */
  const origin = new WeakMap();
  const lastModified = new Date();
  function* entries() {
    for (const { name, file } of files) {
      yield { name, input: traced(file, origin), lastModified };
    }
  }
  /** @type {(Blob | Uint8Array<ArrayBuffer>)[]} */
  const parts = [];
  let size = 0;
  const collect = new WritableStream({
    write(/** @type {Uint8Array<ArrayBuffer>} */ piece) {
      const result = origin.get(piece);
      size += piece.length;
      if (!result) parts.push(piece);
      else if (parts.at(-1) !== result) parts.push(result);
    },
  });
  try {
    await makeZip(entries()).pipeTo(collect, { signal });
    const zip = new Blob(parts, { type: 'application/zip' });
    if (zip.size !== size) throw new Error(`${zip.size} bytes instead of ${size}`);
    return zip;
  } catch (error) {
    signal?.throwIfAborted();
    const { code, detail } = failureOf(error, 'zip-failed');
    throw new CodedError(code, detail);
  }
}

/** @param {Blob} result @param {WeakMap<Uint8Array, Blob>} origin */
function traced(result, origin) {
  return result.stream().pipeThrough(
    new TransformStream({
      transform(piece, controller) {
        origin.set(piece, result);
        controller.enqueue(piece);
      },
    }),
  );
}

/** @param {Outcome[]} outcomes */
function planned(outcomes) {
  const about = outcomes.find(({ made }) => made)?.made ?? null;
  const nameOf = resultNames([MANIFEST]);
  /** @type {{ name: string, file: Blob }[]} */
  const named = [];
  const photos = outcomes.map((outcome) => {
    const { path, state, reason, result, reduced, precision } = outcome;
    const name = result && nameOf(path, formatOf(result.type));
    if (result && name) named.push({ name, file: result });
    const size = result ? [outcome.width, outcome.height] : null;
    const photoSize = outcome.photoWidth ? [outcome.photoWidth, outcome.photoHeight] : null;
    const photo = { name, source: path, state, reason, size, photoSize, reduced, precision };
    // A cancelled run leaves results of an earlier one, perhaps from another model.
    const other = outcome.made && !isSame(outcome.made, about) ? outcome.made : null;
    return other ? { ...photo, model: other.model, settings: other.settings } : photo;
  });
  return { named, manifest: { generator: 'cyclegan-web', ...about, photos } };
}

/** @param {About} one @param {About | null} other */
function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
