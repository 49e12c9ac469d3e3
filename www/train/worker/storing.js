/** Stores a run from the worker: copies of its photos, checkpoints, the result. */

import { failureOf } from '../../failure.js';
import { PHOTOS, storeCheckpoint, storeResult } from '../keep/run-files.js';
import { blobOf } from './bytes.js';

/** @import { Disk, Write } from '../../files/disk.js' */
/** @import { Training } from '../../pkg/cyclegan_web.js' */
/** @import { Kept, ToKeep } from '../keep/record.js' */
/** @import { TrainFinished, TrainSaved, TrainStored } from './protocol.js' */
/** @import { Codec } from './supply.js' */

/** Codes of failures that are not the engine's fault. */
const DISK = /^(storage-.*|file-gone|out-of-memory)$/;

/**
 * Copies of photos, as training crops them and, if requested, whole.
 * @param {Disk} folder of the run
 * @param {ToKeep[]} photos
 * @param {Training} training
 * @param {Codec} codec
 * @returns {Promise<Kept[]>}
 */
export async function keepPhotos(folder, photos, training, codec) {
  const inside = await folder.inside(PHOTOS);
  const kept = [];
  try {
    for (const photo of photos) kept.push(await keepPhoto(inside, photo, training, codec));
  } catch (error) {
    await folder.remove(PHOTOS); // incomplete copies only take the space of checkpoints
    throw error;
  }
  return kept;
}

/**
 * @param {Disk} folder
 * @param {ToKeep} photo
 * @param {Training} training
 * @param {Codec} codec
 * @returns {Promise<Kept>}
 */
async function keepPhoto(folder, { name, blob, whole }, training, { decode, encode }) {
  let resized;
  let shown = null;
  try {
    const { data, width, height } = await decode(blob);
    resized = training.resized(data, width, height);
    if (whole) shown = training.whole(data, width, height, whole.longest);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error;
    return { copy: null, whole: null, problem: failureOf(error, 'file-gone').code };
  }
  /** @param {string} as @param {{ rgba: Uint8Array, width: number, height: number }} picture */
  const written = async (as, { rgba, width, height }) => {
    await folder.write(as, await encode(rgba, width, height, 'png'));
    return folder.read(as);
  };
  const copy = await written(name, resized);
  const entire = whole && shown && (await written(whole.name, shown));
  return { copy, whole: entire, problem: null };
}

/**
 * Writes a checkpoint to the disk; if that fails, returns it.
 * @param {Disk | null} folder
 * @param {Training} training
 * @param {TrainStored} given
 * @returns {Promise<Omit<TrainSaved, 'seconds'>>}
 */
export async function saveCheckpoint(folder, training, { record, history, best, pictures }) {
  const { step } = training.report();
  let bytes = 0;
  const checkpoint = async (/** @type {Write} */ write) => {
    bytes = await training.saveCheckpoint(write);
  };
  const parts = { checkpoint, history: new Uint8Array(history), best };
  const problem = await stored(folder, (disk) =>
    storeCheckpoint(disk, { ...record, step }, parts, pictures),
  );
  const unsaved = problem && { problem, checkpoint: await blobOf(checkpoint) };
  return { step, bytes, unsaved };
}

/**
 * Writes the result and, if there is room, the checkpoint to continue from.
 * @param {Disk | null} folder
 * @param {Training} training
 * @param {{ a: Blob, b: Blob }} weights
 * @param {TrainStored} given
 * @returns {Promise<TrainFinished>}
 */
export async function saveResult(folder, training, weights, { record, history, best, pictures }) {
  const checkpoint = (/** @type {Write} */ write) => training.saveCheckpoint(write);
  const store = (/** @type {typeof checkpoint | null} */ kept) =>
    stored(folder, (disk) => {
      const parts = { ...weights, best, history: new Uint8Array(history), checkpoint: kept };
      return storeResult(disk, record, parts, pictures);
    });
  let problem = await store(checkpoint);
  if (problem === null) return { ...weights, problem, checkpoint: null };
  // The weights are worth more than a checkpoint to continue from.
  if (problem.code === 'storage-full') problem = await store(null);
  if (problem?.code === 'storage-full') {
    await folder?.remove(PHOTOS);
    problem = await store(null);
  }
  return { ...weights, problem, checkpoint: await blobOf(checkpoint) };
}

/**
 * @param {Disk | null} disk
 * @param {(disk: Disk) => Promise<unknown>} store
 * @returns {Promise<import('../../failure.js').Failure | null>} why it is not stored
 */
async function stored(disk, store) {
  if (!disk) return { code: 'storage-unavailable', detail: 'this run has no folder' };
  try {
    await store(disk);
    return null;
  } catch (error) {
    const { code, detail } = failureOf(error, 'storage-unavailable');
    if (error instanceof WebAssembly.RuntimeError || !DISK.test(code)) throw error;
    return { code: code.startsWith('storage-') ? code : 'storage-unavailable', detail };
  }
}
