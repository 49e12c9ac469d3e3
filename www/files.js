/**
 * Photos in: from a file or folder input, a drop, or a paste, as chunks that arrive while a large folder
 * is still being read. Names are all that is looked at; no file is opened here.
 */
import { readError } from './failure.js';
import { IMAGE_EXTENSION } from './names.js';

/** @typedef {{ file: File, path: string }} Candidate `path` has the folders, separated by `/` */
/**
 * @typedef {object} Chunk
 * @property {Candidate[]} photos
 * @property {number} ignored files that are no photos: left out without a word
 * @property {{ path: string, code: string }[]} problems `too-many-photos` (the last chunk),
 *   `folder-too-deep`, `file-gone`
 */

export const MAX_PHOTOS = 10_000;
/** Deepest folder that is read. */
const MAX_DEPTH = 32;
/** Most entries looked at in one drop: links that lead round in circles end here. */
const MAX_ENTRIES = 200_000;
const CHUNK = 100;
/** Longest time without giving way to the page, in milliseconds. */
const SLICE = 20;

const TYPE = /^image\/(jpeg|pjpeg|a?png|gif|webp|avif|bmp|x-ms-bmp|hei[cf])$/i;

let pasted = 0;

/**
 * Whether a file is worth trying: by its extension, or by its type where it has none. Hidden files, what
 * systems leave behind, and everything inside such folders are not.
 *
 * @param {string} path
 * @param {string} type MIME type, may be empty
 * @returns {boolean}
 */
export function isPhoto(path, type) {
  const parts = path.split('/');
  if (parts.some(isJunk)) return false;
  const name = parts.at(-1) ?? '';
  return /\.[^.\s]+$/.test(name) ? IMAGE_EXTENSION.test(name) : TYPE.test(type);
}

/** @param {string} name of a file or folder */
function isJunk(name) {
  return name.startsWith('.') || name === '__MACOSX';
}

/**
 * From `<input type="file">`, with or without `webkitdirectory`.
 *
 * @param {Iterable<File>} files
 * @param {number} [limit] how many more photos are welcome
 * @returns {AsyncGenerator<Chunk>}
 */
export function fromInput(files, limit = MAX_PHOTOS) {
  return chunked(listed(files), limit);
}

/**
 * From a drop. To be called inside the event: what was dropped is out of reach once it is over.
 *
 * @param {DataTransfer} data
 * @param {number} [limit] how many more photos are welcome
 * @returns {AsyncGenerator<Chunk>}
 */
export function fromDrop(data, limit = MAX_PHOTOS) {
  /** @type {(FileSystemEntry | File)[]} */
  const roots = [];
  for (const item of data.items) {
    const root = item.kind === 'file' ? (item.webkitGetAsEntry?.() ?? item.getAsFile()) : null;
    if (root) roots.push(root);
  }
  return chunked(walked(roots), limit);
}

/**
 * From a paste. To be called inside the event. A picture without a name of its own gets one.
 *
 * @param {DataTransfer} data
 * @param {number} [limit] how many more photos are welcome
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

/** @typedef {Candidate | { ignored: true } | { path: string, code: string }} Found */

/** @param {Iterable<File>} files @returns {AsyncGenerator<Found>} */
async function* listed(files) {
  for (const file of files) yield judged(file, file.webkitRelativePath || file.name);
}

/** @param {File} file @param {string} path @returns {Found} */
function judged(file, path) {
  return isPhoto(path, file.type) ? { file, path } : { ignored: true };
}

/**
 * Depth first, each folder in the order of its names.
 *
 * @param {(FileSystemEntry | File)[]} roots
 * @returns {AsyncGenerator<Found>}
 */
async function* walked(roots) {
  const left = roots.map((entry) => ({ entry, path: entry.name, depth: 0 })).reverse();
  let seen = 0;
  for (let next = left.pop(); next; next = left.pop()) {
    const { entry, path, depth } = next;
    seen += 1;
    if (seen > MAX_ENTRIES) {
      yield { path, code: 'too-many-photos' };
      return;
    }
    try {
      if (entry instanceof File) yield judged(entry, path);
      else if (isJunk(entry.name)) yield { ignored: true };
      else if (!isFolder(entry))
        yield await opened(/** @type {FileSystemFileEntry} */ (entry), path);
      else if (depth >= MAX_DEPTH) yield { path, code: 'folder-too-deep' };
      else {
        const inside = await contents(entry);
        for (const child of inside.reverse()) {
          left.push({ entry: child, path: `${path}/${child.name}`, depth: depth + 1 });
        }
      }
    } catch (error) {
      yield { path, code: readError(error, 'file-gone').code };
    }
  }
}

/** @param {FileSystemEntry} entry @returns {entry is FileSystemDirectoryEntry} */
function isFolder(entry) {
  return entry.isDirectory;
}

/** @param {FileSystemFileEntry} entry @param {string} path @returns {Promise<Found>} */
function opened(entry, path) {
  if (/\.[^.\s]+$/.test(entry.name) && !isPhoto(path, ''))
    return Promise.resolve({ ignored: true });
  return new Promise((resolve, reject) =>
    entry.file((file) => resolve(judged(file, path)), reject),
  );
}

/**
 * All entries of a folder: browsers hand them out in batches of about a hundred, and end with none.
 *
 * @param {FileSystemDirectoryEntry} folder
 * @returns {Promise<FileSystemEntry[]>}
 */
async function contents(folder) {
  const reader = folder.createReader();
  const all = [];
  while (all.length <= MAX_ENTRIES) {
    const batch = await /** @type {Promise<FileSystemEntry[]>} */ (
      new Promise((resolve, reject) => reader.readEntries(resolve, reject))
    );
    if (batch.length === 0) break;
    all.push(...batch);
  }
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Gathers what is found into chunks, gives way to the page in between, and stops at the limit.
 *
 * @param {AsyncGenerator<Found>} found
 * @param {number} limit
 * @returns {AsyncGenerator<Chunk>}
 */
async function* chunked(found, limit) {
  let room = limit;
  let chunk = emptyChunk();
  let resumed = performance.now();
  for await (const one of found) {
    if ('ignored' in one) chunk.ignored += 1;
    else if ('code' in one) chunk.problems.push(one);
    else if (room > 0) {
      room -= 1;
      chunk.photos.push(one);
    } else {
      chunk.problems.push({ path: one.path, code: 'too-many-photos' });
      break;
    }
    const slow = performance.now() - resumed > SLICE;
    if (chunk.photos.length >= CHUNK || (slow && chunk.photos.length > 0)) {
      yield chunk;
      chunk = emptyChunk();
    }
    if (slow) {
      await new Promise((resolve) => setTimeout(resolve));
      resumed = performance.now();
    }
  }
  if (chunk.photos.length || chunk.ignored || chunk.problems.length) yield chunk;
}

/** @returns {Chunk} */
function emptyChunk() {
  return { photos: [], ignored: 0, problems: [] };
}
