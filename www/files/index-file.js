/**
 * A small index that is written again and again and must survive a crash: alternately into one of two files,
 * each with the digest of its content on the first line, so that one of them is always whole.
 */
import { sha256 } from './digest.js';

/** @typedef {{ read: (name: string) => Promise<Blob | null> }} Readable */
/** @typedef {Pick<import('./disk.js').Disk, 'write'>} Writable */

/** The two files of an index. @param {string} name */
export const slotsOf = (name) => [`${name}-0.json`, `${name}-1.json`];

/**
 * The newest whole version of an index.
 * @param {Readable} folder
 * @param {string} name
 * @returns {Promise<any>} what was last written, with a `sequence`; null: nothing whole is there
 */
export async function readIndexFile(folder, name) {
  const found = await Promise.all(slotsOf(name).map((slot) => readSlot(folder, slot)));
  return found.reduce(
    (best, index) => (index && index.sequence > (best?.sequence ?? -1) ? index : best),
    null,
  );
}

/** @param {Readable} folder @param {string} slot */
async function readSlot(folder, slot) {
  try {
    const text = (await (await folder.read(slot))?.text()) ?? '';
    const cut = text.indexOf('\n');
    const content = text.slice(cut + 1);
    if (cut < 0 || text.slice(0, cut) !== (await digest(content))) return null;
    return JSON.parse(content);
  } catch {
    return null;
  }
}

/**
 * @param {Writable} folder
 * @param {string} name
 * @param {{ sequence: number }} index whose `sequence` is one more than the last
 * @throws {import('../failure.js').CodedError} those of `Disk.write`; the last version is still whole
 */
export async function writeIndexFile(folder, name, index) {
  const content = JSON.stringify(index);
  const slots = slotsOf(name);
  await folder.write(slots[index.sequence % slots.length], `${await digest(content)}\n${content}`);
}

/** Detects truncated text. @param {string} text */
async function digest(text) {
  const bytes = new TextEncoder().encode(text);
  return (await sha256(bytes)) ?? `length ${bytes.length}`;
}
