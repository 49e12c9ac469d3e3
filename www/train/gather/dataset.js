/**
 * The two folders before training: their contents, duplicates, which photos are held out, and whether there
 * are enough. Sizes come from headers; nothing is decoded.
 */
import { failureOf } from '../../failure.js';
import { uniqueName } from '../../files/names.js';
import { DOMAINS } from './domains.js';

/** @import { Extent } from '../../files/header-walks.js' */
/** @import { LeftOut } from '../../files/walk.js' */
/** @import { Remark } from '../../page/messages.js' */
/** @import { Domain } from './domains.js' */

/** @typedef {{ file: Blob, path: string }} Unseen a photo that was given */

/**
 * One photo of a folder.
 * @typedef {object} Photo
 * @property {string} name unique within its folder
 * @property {Blob} file
 * @property {number} bytes
 * @property {number} width pixels as stored, from the header; 0 if unknown
 * @property {number} height
 * @property {string} hash SHA-256 of its content in lower-case hexadecimal; empty until it is known
 * @property {boolean} heldOut held out for previews and scores: never trained on
 * @property {string | null} problem why it is not used: a code of headers.js, or `duplicate`
 * @property {Record<string, string>} [values] of the code's sentence
 */
/**
 * @typedef {object} FolderReport
 * @property {string} name the person's name for this domain; '' at first
 * @property {Photo[]} photos
 * @property {number} usable usable photos, including those held out
 * @property {number} training photos to train on
 * @property {number} heldOut
 * @property {number} bytes
 * @property {Extent | null} smallest sides of the smallest usable photo; null without any
 * @property {Extent | null} largest
 * @property {number} duplicates photos with the content of another in the same folder; used once
 * @property {number} unusable photos that cannot be used, not counting duplicates
 * @property {boolean} nothing the last files given had no photos, so the previous ones are still here
 * @property {LeftOut[]} leftOut files given with them that are not photos for this browser
 * @property {string[]} ignored extensions of files that had nothing to do with photos
 */
/**
 * Both folders together. `refused` says why training is impossible: `dataset-too-few` {domain, n},
 * `dataset-same` (A and B hold the same photos). Warnings: `dataset-few` {domain, n} (under 10),
 * `dataset-duplicates` {domain, n}, `dataset-shared` {n} (in both folders), `dataset-unusable` {domain, n},
 * `dataset-small` {domain, n, crop} (photos smaller than the crop, which are enlarged).
 * @typedef {{ refused: Remark | null, warnings: Remark[] }} DatasetReport
 */

/** With fewer photos in a folder, nothing can be learned. */
const LEAST = 2;
/** With fewer photos, the networks will learn them by heart. */
const FEW = 10;
/** The least photos of which some are held out. */
const LEAST_TO_HOLD_OUT = 4;
/** One in this many photos is held out, and at most this many. */
const HELD_OUT = { part: 10, most: 8 };
/** Photos examined at the same time. */
const AT_ONCE = 4;

/**
 * Size and content of each photo.
 * @param {Unseen[]} found
 * @param {object} by
 * @param {(file: Blob) => Promise<{ width: number, height: number }>} by.measure see headers.js
 * @param {(file: Blob) => Promise<string>} by.hash of the content
 * @param {() => void} by.onOne after each photo
 * @param {AbortSignal} by.signal
 * @returns {Promise<Photo[]>} in the order given
 */
export async function inspect(found, { measure, hash, onOne, signal }) {
  /** @type {Set<string>} */
  const taken = new Set();
  const photos = found.map(({ file, path }) => fresh(uniqueName(taken, path), file));
  const left = photos.values();
  const look = async () => {
    for (const photo of left) {
      signal.throwIfAborted();
      try {
        const { width, height } = await measure(photo.file);
        Object.assign(photo, { width, height, hash: await hash(photo.file) });
      } catch (error) {
        const { code, values } = failureOf(error, 'file-gone');
        Object.assign(photo, { problem: code, values });
      }
      onOne();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, look));
  signal.throwIfAborted();
  return photos;
}

/** @param {string} name @param {Blob} file @returns {Photo} */
function fresh(name, file) {
  const { size: bytes } = file;
  return { name, file, bytes, width: 0, height: 0, hash: '', heldOut: false, problem: null };
}

/**
 * A folder's report. Of photos with the same content the first is used. Which ones are held out depends on
 * content alone, so that the same folder always gives the same result.
 * @param {string} name of the domain
 * @param {Photo[]} photos as inspected; `heldOut` and the problem `duplicate` are set here
 * @returns {FolderReport}
 */
export function folderReport(name, photos) {
  const seen = new Set();
  for (const photo of photos) {
    photo.heldOut = false;
    if (photo.problem === 'duplicate') photo.problem = null;
    if (photo.problem) continue;
    if (seen.has(photo.hash)) photo.problem = 'duplicate';
    seen.add(photo.hash);
  }
  const usable = photos.filter(({ problem }) => problem === null);
  const heldOut = heldOutOf(usable.length);
  for (const photo of byHash(usable).slice(0, heldOut)) photo.heldOut = true;
  const bySize = [...usable].sort((a, b) => a.width * a.height - b.width * b.height);
  const duplicates = photos.filter(({ problem }) => problem === 'duplicate').length;
  return {
    name,
    photos,
    usable: usable.length,
    training: usable.length - heldOut,
    heldOut,
    bytes: usable.reduce((sum, { bytes }) => sum + bytes, 0),
    smallest: extentOf(bySize.at(0)),
    largest: extentOf(bySize.at(-1)),
    duplicates,
    unusable: photos.length - usable.length - duplicates,
    nothing: false,
    leftOut: [],
    ignored: [],
  };
}

/** @param {number} usable */
function heldOutOf(usable) {
  if (usable < LEAST_TO_HOLD_OUT) return 0;
  return Math.min(HELD_OUT.most, Math.max(1, Math.floor(usable / HELD_OUT.part)));
}

/** @param {Photo[]} photos */
function byHash(photos) {
  return [...photos].sort((a, b) => (a.hash < b.hash ? -1 : 1));
}

/** @param {Photo | undefined} photo */
function extentOf(photo) {
  return photo ? { width: photo.width, height: photo.height } : null;
}

/**
 * Both folders together.
 * @param {Record<Domain, FolderReport>} folders
 * @param {number} crop side of a training picture
 * @returns {DatasetReport}
 */
export function datasetReport(folders, crop) {
  const hashes = { A: hashesOf(folders.A), B: hashesOf(folders.B) };
  const shared = [...hashes.A].filter((hash) => hashes.B.has(hash)).length;
  /** @type {Remark[]} */
  const warnings = DOMAINS.flatMap((domain) => folderWarnings(domain, folders[domain], crop));
  if (shared > 0) warnings.push({ code: 'dataset-shared', values: { n: shared } });
  return { refused: refusal(folders, hashes, shared), warnings };
}

/**
 * @param {Record<Domain, FolderReport>} folders
 * @param {Record<Domain, Set<string>>} hashes
 * @param {number} shared
 * @returns {Remark | null}
 */
function refusal(folders, hashes, shared) {
  for (const domain of DOMAINS) {
    const n = folders[domain].usable;
    if (n < LEAST) return { code: 'dataset-too-few', values: { domain, n } };
  }
  const same = shared === hashes.A.size && shared === hashes.B.size;
  return same ? { code: 'dataset-same', values: { n: shared } } : null;
}

/** @param {Domain} domain @param {FolderReport} folder @param {number} crop */
function folderWarnings(domain, folder, crop) {
  const small = usedOf(folder).filter(({ width, height }) => Math.min(width, height) < crop);
  /** @type {[string, number][]} */
  const all = [
    ['dataset-few', folder.usable >= LEAST && folder.usable < FEW ? folder.usable : 0],
    ['dataset-duplicates', folder.duplicates],
    ['dataset-unusable', folder.unusable],
  ];
  /** @type {Remark[]} */
  const warnings = all
    .filter(([, n]) => n > 0)
    .map(([code, n]) => ({ code, values: { domain, n } }));
  if (small.length > 0) {
    warnings.push({ code: 'dataset-small', values: { domain, n: small.length, crop } });
  }
  return warnings;
}

/** @param {FolderReport} folder */
const usedOf = (folder) => folder.photos.filter(({ problem }) => problem === null);

/** @param {FolderReport} folder */
const hashesOf = (folder) => new Set(usedOf(folder).map(({ hash }) => hash));

/**
 * The photos for a run: those to train on, in an order that depends on their content alone, and those to
 * preview. If the folder is too small to hold any out, the first training photos are previewed.
 * @param {FolderReport} folder
 * @returns {{ training: Photo[], previews: Photo[] }}
 */
export function divided(folder) {
  const used = byHash(usedOf(folder));
  const heldOut = used.filter((photo) => photo.heldOut);
  const training = used.filter((photo) => !photo.heldOut);
  return { training, previews: heldOut.length > 0 ? heldOut : training.slice(0, 1) };
}

/**
 * The photos of an unfinished run, found again in folders that were dropped again.
 * @param {string[]} hashes wanted, in order
 * @param {FolderReport} folder
 * @returns {{ photos: (Photo | null)[], missing: number }}
 */
export function foundAgain(hashes, folder) {
  const known = new Map(usedOf(folder).map((photo) => [photo.hash, photo]));
  const photos = hashes.map((hash) => known.get(hash) ?? null);
  return { photos, missing: photos.filter((photo) => photo === null).length };
}
