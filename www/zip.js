/**
 * All results as one zip, with a `manifest.json` that says how they were made. The archive is streamed to
 * a temporary file of this site (OPFS), so that a large one needs little memory, and is handed over as a
 * link to it: a normal download. Where there is no such storage it is built in memory.
 */
import { makeZip } from 'client-zip';
import { CodedError, failureOf } from './failure.js';
import { resultNames } from './names.js';

/** @typedef {import('./protocol.js').Format} Format */
/**
 * What became of one photo.
 *
 * @typedef {object} Outcome
 * @property {string} path with folders, separated by `/`
 * @property {'done' | 'failed' | 'skipped'} state
 * @property {string | null} reason a code, where it is not done
 * @property {Blob | null} result where it is done
 * @property {number} width pixels of the result, 0 where there is none
 * @property {number} height
 * @property {number} photoWidth pixels of the photo, 0 where unknown
 * @property {number} photoHeight
 * @property {boolean} reduced made smaller than asked, because the device cannot hold more
 * @property {import('./protocol.js').Precision | null} precision how it was computed, where it is done
 * @property {About | null} made how, where it is done
 */
/**
 * How results are made; in the manifest, how those without an entry of their own were.
 *
 * @typedef {object} About
 * @property {string} version of the engine
 * @property {{ name: string, sha256: string, ngf: number, blocks: number }} model
 * @property {{ size: import('./protocol.js').Size, margin: number, format: Format }} settings
 */
/**
 * @typedef {object} Archive
 * @property {string} name for the `download` attribute of a link
 * @property {Blob} file
 * @property {string} url of the file
 * @property {number} size bytes
 * @property {() => Promise<void>} dispose takes back the link and the temporary file; not while it may
 *   still be downloading
 */

const FOLDER = 'zip';
const MANIFEST = 'manifest.json';
/** Up to this size an archive is built in memory when the disk has no room. */
const MEMORY_LIMIT = 512 * 2 ** 20;

/**
 * Builds the archive.
 *
 * @param {Outcome[]} outcomes
 * @param {About} about
 * @param {AbortSignal} [signal] aborted: rejects with its reason, and leaves nothing behind
 * @returns {Promise<Archive>}
 * @throws {CodedError} `storage-full`, `zip-failed`
 */
export async function buildZip(outcomes, about, signal) {
  signal?.throwIfAborted();
  const size = outcomes.reduce((sum, { result }) => sum + (result?.size ?? 0), 0);
  try {
    try {
      return await onDisk(() => zipStream(outcomes, about), signal);
    } catch (error) {
      const full = error instanceof Error && error.name === 'QuotaExceededError';
      if (full && size > MEMORY_LIMIT) throw new CodedError('storage-full', error.message);
      if (!full && !(error instanceof CodedError && error.code === 'storage-unavailable'))
        throw error;
      return await inMemory(zipStream(outcomes, about), signal);
    }
  } catch (error) {
    signal?.throwIfAborted();
    const { code, detail } = failureOf(error, 'zip-failed');
    throw new CodedError(code, detail);
  }
}

/**
 * The archive as a stream: results in their order, then the manifest.
 *
 * @param {Outcome[]} outcomes
 * @param {About} about
 * @returns {ReadableStream<Uint8Array>}
 */
export function zipStream(outcomes, about) {
  const { named, manifest } = planned(outcomes, about);
  const lastModified = new Date();
  function* entries() {
    for (const { name, input } of named) yield { name, input, lastModified };
    yield { name: MANIFEST, input: `${JSON.stringify(manifest, null, 2)}\n`, lastModified };
  }
  return makeZip(entries());
}

/**
 * Removes temporary archives that earlier visits left behind. Each tab holds a lock on its own.
 *
 * @returns {Promise<void>} never rejects
 */
export async function removeStale() {
  try {
    const folder = await temporaryFolder();
    const names = [];
    for await (const name of folder.keys()) names.push(name);
    for (const name of names) {
      await navigator.locks.request(lockOf(name), { ifAvailable: true }, async (lock) => {
        if (lock) await folder.removeEntry(name);
      });
    }
  } catch {
    // No such storage, or a file that another tab holds: nothing is lost by leaving it.
  }
}

/**
 * @param {Outcome[]} outcomes
 * @param {About} about
 */
function planned(outcomes, about) {
  const nameOf = resultNames([MANIFEST]);
  /** @type {{ name: string, input: Blob }[]} */
  const named = [];
  const photos = outcomes.map((outcome) => {
    const { path, state, reason, result, reduced, precision } = outcome;
    const name = result && nameOf(path, result.type === 'image/jpeg' ? 'jpeg' : 'png');
    if (result && name) named.push({ name, input: result });
    const size = result ? [outcome.width, outcome.height] : null;
    const photoSize = outcome.photoWidth ? [outcome.photoWidth, outcome.photoHeight] : null;
    const photo = { name, source: path, state, reason, size, photoSize, reduced, precision };
    // A cancelled run leaves results of an earlier one, perhaps with another model.
    const other = outcome.made && !isSame(outcome.made, about) ? outcome.made : null;
    return other ? { ...photo, model: other.model, settings: other.settings } : photo;
  });
  const { version, model, settings } = about;
  return { named, manifest: { generator: 'cyclegan-web', version, model, settings, photos } };
}

/** @param {About} one @param {About} other */
function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * @param {() => ReadableStream<Uint8Array>} stream
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Archive>}
 */
async function onDisk(stream, signal) {
  const name = `${crypto.randomUUID()}.zip`;
  const { folder, handle, writable } = await temporaryFile(name).catch((error) => {
    if (error.name === 'QuotaExceededError') throw error;
    throw new CodedError('storage-unavailable', failureOf(error).detail);
  });
  const unlock = await lock(name);
  const remove = async () => {
    await folder.removeEntry(name).catch(() => {}); // what cannot go now goes at the next visit
    unlock();
  };
  try {
    await stream().pipeTo(writable, { signal });
    return archive(await handle.getFile(), remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Archive>}
 */
async function inMemory(stream, signal) {
  const { readable, writable } = new TransformStream();
  const [file] = await Promise.all([
    new Response(readable).blob(),
    stream.pipeTo(writable, { signal }),
  ]);
  return archive(new Blob([file], { type: 'application/zip' }), async () => {});
}

/** @param {Blob} file @param {() => Promise<void>} remove @returns {Archive} */
function archive(file, remove) {
  const url = URL.createObjectURL(file);
  const dispose = () => {
    URL.revokeObjectURL(url);
    return remove();
  };
  return { name: 'cyclegan-web.zip', file, url, size: file.size, dispose };
}

async function temporaryFolder() {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(FOLDER, { create: true });
}

/** @param {string} name */
async function temporaryFile(name) {
  const folder = await temporaryFolder();
  const handle = await folder.getFileHandle(name, { create: true });
  return { folder, handle, writable: await handle.createWritable() };
}

/** @param {string} name */
const lockOf = (name) => `cyclegan-web/${name}`;

/** Holds a lock until the returned function is called, or this tab is closed. @param {string} name @returns {Promise<() => void>} */
function lock(name) {
  return new Promise((granted, refused) => {
    const held = new Promise((release) => {
      navigator.locks
        .request(lockOf(name), () => {
          granted(() => release(undefined));
          return held;
        })
        .catch(refused);
    });
  });
}
