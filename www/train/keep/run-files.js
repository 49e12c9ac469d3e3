/**
 * A run's folder (`record.d.ts`), written so that there is always a whole checkpoint to read: files get new
 * names, and the small index that names them is written last (`files/index-file.js`).
 */
import { readIndexFile, slotsOf, writeIndexFile } from '../../files/index-file.js';
import { DOMAINS } from '../gather/domains.js';

/** @import { Content, Disk } from '../../files/disk.js' */
/** @import { RunIndex, RunRecord, StoredPicture } from './record.js' */

/** @typedef {Pick<Disk, 'read' | 'write' | 'remove' | 'list'>} Folder */
/** @typedef {{ name: string, content: Content }} Part a file to be written */
/** @typedef {{ A: Part['content'], B: Part['content'] } | null} Best weights that are not stored yet; null: unchanged */

const INDEX = 'index';
/** Number of checkpoints to keep. */
const KEPT = 2;
/** The subfolder, which is not in the index. */
export const PHOTOS = 'photos';

/**
 * The newest valid index.
 * @param {Folder} folder
 * @returns {Promise<RunIndex | null>} null: there is none, so there is no run
 */
export async function readIndex(folder) {
  const index = await readIndexFile(folder, INDEX);
  return index?.record?.version === 1 ? upgraded(index) : null;
}

/** Adds settings that older versions did not have. @param {RunIndex} index @returns {RunIndex} */
function upgraded(index) {
  const { settings, config } = index.record;
  if (!settings || settings.size !== undefined) return index;
  const { preprocess, load_size: size } = JSON.parse(config);
  const record = { ...index.record, settings: { ...settings, preprocess, size } };
  return { ...index, record };
}

/**
 * Stores a checkpoint of a run, together with everything else known about it.
 * @param {Folder} folder
 * @param {RunRecord} record
 * @param {{ checkpoint: Part['content'], history: Part['content'], best: Best }} parts
 * @param {{ pictures: StoredPicture[], files: Part[] } | null} previews null: unchanged
 * @returns {Promise<RunIndex>}
 * @throws {import('../../failure.js').CodedError} `storage-…`; what was stored before is still whole
 */
export async function storeCheckpoint(folder, record, { checkpoint, history, best }, previews) {
  const before = await readIndex(folder);
  const sequence = (before?.sequence ?? 0) + 1;
  const entry = {
    step: record.step,
    checkpoint: `checkpoint-${sequence}.safetensors`,
    history: `history-${sequence}.f32`,
    bytes: 0, // known after writing
  };
  const files = [
    { name: entry.checkpoint, content: checkpoint },
    { name: entry.history, content: history },
    ...bestFiles(sequence, best),
    ...(previews?.files ?? []),
  ];
  return commit(folder, files, {
    sequence,
    record,
    best: best ? bestNames(sequence) : (before?.best ?? null),
    checkpoints: [entry, ...(before?.checkpoints ?? [])].slice(0, KEPT),
    pictures: previews?.pictures ?? before?.pictures ?? [],
    result: null,
  });
}

/**
 * Stores the result of a finished run, with the checkpoint for learning on. Without one the photos are
 * useless, and are removed.
 * @param {Folder} folder
 * @param {RunRecord} record
 * @param {{ a: Part['content'], b: Part['content'], history: Part['content'], best: Best, checkpoint: Part['content'] | null }}
 *   parts
 * @param {{ pictures: StoredPicture[], files: Part[] } | null} previews null: unchanged
 * @returns {Promise<RunIndex>}
 */
export async function storeResult(folder, record, parts, previews) {
  const { a, b, history, best, checkpoint } = parts;
  const before = await readIndex(folder);
  const sequence = (before?.sequence ?? 0) + 1;
  const result = {
    A: `G_A-${sequence}.safetensors`,
    B: `G_B-${sequence}.safetensors`,
    history: `history-${sequence}.f32`,
  };
  const files = [
    { name: result.A, content: a },
    { name: result.B, content: b },
    { name: result.history, content: history },
    ...bestFiles(sequence, best),
    ...(previews?.files ?? []),
  ];
  const isLast = record.best?.step === record.step;
  const checkpoints = [];
  if (checkpoint) {
    const name = `checkpoint-${sequence}.safetensors`;
    files.push({ name, content: checkpoint });
    checkpoints.push({ step: record.step, checkpoint: name, history: result.history, bytes: 0 });
  }
  const pictures = previews?.pictures ?? before?.pictures ?? [];
  const index = await commit(folder, files, {
    sequence,
    record,
    best: isLast ? null : best ? bestNames(sequence) : (before?.best ?? null),
    checkpoints,
    pictures,
    result,
  });
  if (!checkpoint) await folder.remove(PHOTOS);
  return index;
}

/** @param {number} sequence */
function bestNames(sequence) {
  return { A: `best_A-${sequence}.safetensors`, B: `best_B-${sequence}.safetensors` };
}

/** @param {number} sequence @param {Best} best @returns {Part[]} */
function bestFiles(sequence, best) {
  const names = bestNames(sequence);
  return best ? DOMAINS.map((domain) => ({ name: names[domain], content: best[domain] })) : [];
}

/**
 * Removes from a finished run what it needs to learn on. Its weights stay.
 * @param {Folder} folder
 * @param {RunIndex} index
 */
export async function forgetCheckpoint(folder, index) {
  await commit(folder, [], { ...index, sequence: index.sequence + 1, checkpoints: [] });
  await folder.remove(PHOTOS);
}

/**
 * Writes files, then the index that names them, then removes files that no index names any more.
 * @param {Folder} folder
 * @param {Part[]} files
 * @param {RunIndex} index
 */
async function commit(folder, files, index) {
  try {
    for (const { name, content } of files) {
      const bytes = await folder.write(name, content);
      const [latest] = index.checkpoints;
      if (latest?.checkpoint === name) latest.bytes = bytes;
    }
    await writeIndexFile(folder, INDEX, index);
  } catch (error) {
    for (const { name } of files) await folder.remove(name); // no index names them
    throw error;
  }
  await sweep(folder, index).catch(() => {}); // leftovers are swept next time
  return index;
}

/** @param {Folder} folder @param {RunIndex} index */
async function sweep(folder, index) {
  const named = new Set([
    ...slotsOf(INDEX),
    ...index.checkpoints.flatMap(({ checkpoint, history }) => [checkpoint, history]),
    ...index.pictures.flatMap(({ input, translated, back }) => [input, translated, back]),
    ...Object.values(index.best ?? {}),
    ...Object.values(index.result ?? {}),
  ]);
  for (const { name, folder: isFolder } of await folder.list()) {
    if (!isFolder && !named.has(name)) await folder.remove(name);
  }
}

/** Bytes of everything in a run's folder, including its photos. @param {Disk} folder */
export async function bytesIn(folder) {
  let bytes = 0;
  for (const { name, folder: isFolder } of await folder.list()) {
    if (isFolder) bytes += await bytesIn(await folder.inside(name));
    else bytes += (await folder.read(name))?.size ?? 0;
  }
  return bytes;
}
