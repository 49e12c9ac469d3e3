/**
 * Photos and models from a file or folder input, a drop, or a paste, as chunks that arrive while a large folder
 * is still being read. A file's content decides what it is. Files with a photo's name are not checked here,
 * because the engine checks them anyway.
 */
import { failureOf, readError } from '../failure.js';
import { isPicture } from './headers.js';
import { IMAGE_EXTENSION, MAX_DEPTH } from './names.js';
import { holdsWeights, ONNX_NAME, WEIGHTS_NAME } from './weights-kind.js';

/** @typedef {{ file: File, path: string }} Candidate `path` has the folders, separated by `/` */
/**
 * @typedef {object} LeftOut something that is not a photo for this browser, and why
 * @property {string} path
 * @property {string} code `too-many-photos` (the last one), `folder-too-deep`, `file-gone`,
 *   `image-unsupported`, `image-heic`
 * @property {Record<string, string>} [values] of the code's sentence
 */
/**
 * @typedef {object} Chunk
 * @property {Candidate[]} photos
 * @property {Candidate[]} models files that hold weights, or by their names should
 * @property {string[]} ignored files that have nothing to do with photos: their extensions, such as `txt`
 * @property {LeftOut[]} problems
 */

export const MAX_PHOTOS = 10_000;
/** Most entries looked at per drop: stops links that lead in circles. */
const MAX_ENTRIES = 200_000;
const CHUNK = 100;
/** Longest time without yielding to the page, in milliseconds. */
const SLICE = 20;

/** Hidden files and leftovers of operating systems, which nobody means to add. */
const JUNK = /^(\..*|__MACOSX|thumbs\.db|ehthumbs.*\.db|desktop\.ini)$/i;

let pasted = 0;

/**
 * From `<input type="file">`, with or without `webkitdirectory`.
 * @param {Iterable<File>} files
 * @param {number} [limit] how many more photos are accepted
 * @returns {AsyncGenerator<Chunk>}
 */
export function fromInput(files, limit = MAX_PHOTOS) {
  return chunked(listed(files), limit);
}

/**
 * From a drop. Call it inside the event: afterwards the dropped data is out of reach.
 * @param {DataTransfer} data
 * @param {number} [limit] how many more photos are accepted
 * @returns {AsyncGenerator<Chunk>}
 */
export function fromDrop(data, limit = MAX_PHOTOS) {
  /**
   * Items for which the browser returns nothing are identified by their type.
   * @type {(FileSystemEntry | File | string)[]}
   */
  const roots = [];
  for (const item of data.items) {
    if (item.kind !== 'file') continue;
    roots.push(item.webkitGetAsEntry?.() ?? item.getAsFile() ?? item.type);
  }
  return chunked(walked(roots), limit);
}

/**
 * From a paste. Call it inside the event. A picture without a name gets one.
 * @param {DataTransfer} data
 * @param {number} [limit] how many more photos are accepted
 * @returns {AsyncGenerator<Chunk>}
 */
export function fromPaste(data, limit = MAX_PHOTOS) {
  return chunked(listed([...data.files].map(named)), limit);
}

/** Browsers call every picture on the clipboard "image.png". @param {File} file @returns {File} */
function named(file) {
  if (file.name && file.name !== 'image.png') return file;
  pasted += 1;
  const extension =
    file.type === 'image/jpeg' ? 'jpg' : (/^image\/([a-z]+)$/.exec(file.type)?.[1] ?? 'png');
  return new File([file], `pasted-${pasted}.${extension}`, { type: file.type });
}

/** @typedef {Candidate | { model: Candidate } | { ignored: string } | LeftOut} Entry */

/** @param {Iterable<File>} files @returns {AsyncGenerator<Entry>} */
async function* listed(files) {
  for (const file of files) {
    const path = file.webkitRelativePath || file.name;
    if (!path.split('/').some(isJunk)) yield judged(file, path);
  }
}

/** @param {string} name of a file or folder */
const isJunk = (name) => JUNK.test(name);

/** @param {File} file @param {string} path @returns {Promise<Entry>} */
async function judged(file, path) {
  if (IMAGE_EXTENSION.test(file.name)) return { file, path };
  try {
    if (await holdsWeights(file)) return { model: { file, path } };
    if (await isPicture(file)) return { file, path };
    // A download that went wrong is told by name, unless it is one of many in a folder.
    const named = WEIGHTS_NAME.test(path) || ONNX_NAME.test(path);
    if (named && !path.includes('/')) return { model: { file, path } };
    return { ignored: endingOf(file.name) };
  } catch (error) {
    const { code, values } = failureOf(error, 'file-gone');
    return { path, code, values };
  }
}

/** @param {string} name @returns {string} in lower case, without the dot; empty: none */
export function endingOf(name) {
  return /\.([^.\s]{1,12})$/.exec(name)?.[1].toLowerCase() ?? '';
}

/**
 * Depth first, each folder sorted by name.
 * @param {(FileSystemEntry | File | string)[]} roots
 * @returns {AsyncGenerator<Entry>}
 */
async function* walked(roots) {
  const left = roots
    .map((entry) => ({ entry, path: typeof entry === 'string' ? entry : entry.name, depth: 0 }))
    .reverse();
  let seen = 0;
  for (let next = left.pop(); next; next = left.pop()) {
    const { entry, path, depth } = next;
    seen += 1;
    if (seen > MAX_ENTRIES) {
      yield { path, code: 'too-many-photos' };
      return;
    }
    if (typeof entry === 'string') yield { path, code: 'file-gone' };
    else if (isJunk(entry.name)) continue;
    else if (entry instanceof File) yield judged(entry, path);
    else if (!isFolder(entry)) yield opened(/** @type {FileSystemFileEntry} */ (entry), path);
    else if (depth >= MAX_DEPTH) yield { path, code: 'folder-too-deep' };
    else {
      const { inside, error } = await contents(entry);
      if (error) yield { path, code: readError(error, 'file-gone').code };
      for (const child of inside.reverse()) {
        left.push({ entry: child, path: `${path}/${child.name}`, depth: depth + 1 });
      }
    }
  }
}

/** @param {FileSystemEntry} entry @returns {entry is FileSystemDirectoryEntry} */
const isFolder = (entry) => entry.isDirectory;

/** @param {FileSystemFileEntry} entry @param {string} path @returns {Promise<Entry>} */
async function opened(entry, path) {
  try {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return judged(file, path);
  } catch (error) {
    return { path, code: readError(error, 'file-gone').code };
  }
}

/**
 * All entries of a folder: browsers return them in batches of about a hundred, until one is empty. Entries
 * read before a failure count.
 * @param {FileSystemDirectoryEntry} folder
 * @returns {Promise<{ inside: FileSystemEntry[], error: unknown }>}
 */
async function contents(folder) {
  const reader = folder.createReader();
  /** @type {FileSystemEntry[]} */
  const inside = [];
  let error = null;
  try {
    while (inside.length <= MAX_ENTRIES) {
      const batch = await /** @type {Promise<FileSystemEntry[]>} */ (
        new Promise((resolve, reject) => reader.readEntries(resolve, reject))
      );
      if (batch.length === 0) break;
      inside.push(...batch);
    }
  } catch (caught) {
    error = caught;
  }
  return { inside: inside.sort((a, b) => (a.name < b.name ? -1 : 1)), error };
}

/**
 * Collects results into chunks, yields to the page in between, and stops at the limit.
 * @param {AsyncGenerator<Entry>} found
 * @param {number} limit
 * @returns {AsyncGenerator<Chunk>}
 */
async function* chunked(found, limit) {
  let room = limit;
  let chunk = emptyChunk();
  let resumed = performance.now();
  for await (const one of found) {
    if ('ignored' in one) chunk.ignored.push(one.ignored);
    else if ('model' in one) chunk.models.push(one.model);
    else if (room <= 0) {
      chunk.problems.push({ path: one.path, code: 'too-many-photos' });
      break;
    } else {
      room -= 1;
      if ('code' in one) chunk.problems.push(one);
      else chunk.photos.push(one);
    }
    const slow = performance.now() - resumed > SLICE;
    if (slow || sizeOf(chunk) >= CHUNK) {
      yield chunk;
      chunk = emptyChunk();
    }
    if (slow) {
      await new Promise((resolve) => setTimeout(resolve));
      resumed = performance.now();
    }
  }
  if (sizeOf(chunk) > 0) yield chunk;
}

/** @returns {Chunk} */
function emptyChunk() {
  return { photos: [], models: [], ignored: [], problems: [] };
}

/** @param {Chunk} chunk */
function sizeOf({ photos, models, ignored, problems }) {
  return photos.length + models.length + ignored.length + problems.length;
}
