/** Saving results: one picture under a suitable name, or all of them as a zip. */
import { resultName } from '../files/names.js';
import { buildZip } from '../files/zip.js';
import { downloadFile } from '../page/dom.js';

/** @import { Item, Queue } from './queue.js' */

/**
 * @param {Item} item with a result
 * @throws {import('../failure.js').CodedError} `storage-gone`
 */
export async function saveOne(item) {
  const { result } = item;
  if (!result) return;
  const { after } = await result.open();
  downloadFile(after, resultName(item.name, result.made.settings.format));
  item.saved = result;
}

/**
 * Opens the system's sheet with a result.
 * @param {Item} item with a result
 * @throws {import('../failure.js').CodedError} `storage-gone`
 */
export async function shareOne(item) {
  const { result } = item;
  if (!result) return;
  const { after } = await result.open();
  const name = resultName(item.name, result.made.settings.format);
  try {
    await navigator.share({ files: [new File([after], name, { type: after.type })] });
    item.saved = result;
  } catch {
    // The person has closed the sheet, or the browser wants another press.
  }
}

/**
 * @param {Queue} run
 * @returns {Promise<Item[]>} those that are now saved
 * @throws {import('../failure.js').CodedError} `zip-failed`
 */
export async function saveZip(run) {
  const packed = [];
  const outcomes = [];
  for (const item of [...run.items.values()]) {
    const { result } = item;
    // One that the browser has removed is no reason to withhold the others.
    const after = (await result?.open().catch(() => null))?.after ?? null;
    const outcome = outcomeOf(item, after);
    if (outcome) outcomes.push(outcome);
    if (after) packed.push({ item, result });
  }
  downloadFile(await buildZip(outcomes), 'cyclegan-web.zip');
  for (const { item, result } of packed) item.saved = result;
  return packed.map(({ item }) => item);
}

/**
 * A photo's entry in the zip's manifest; null if it is waiting. A photo with a result counts as done even
 * while it is translated again, or after that failed.
 * @param {Item} item
 * @param {Blob | null} after its result
 * @returns {import('../files/zip.js').Outcome | null}
 */
function outcomeOf({ name, state, problem, result }, after) {
  const outcome = after ? 'done' : result ? 'failed' : state;
  if (outcome === 'waiting') return null;
  const picture = after ? result?.picture : null;
  return {
    path: name,
    state: outcome,
    reason: problem?.code ?? (result && !after ? 'storage-gone' : null),
    result: after,
    width: picture?.width ?? 0,
    height: picture?.height ?? 0,
    photoWidth: picture?.photoWidth ?? 0,
    photoHeight: picture?.photoHeight ?? 0,
    reduced: picture?.reduced ?? false,
    precision: picture?.precision ?? null,
    made: after ? (result?.made ?? null) : null,
  };
}
