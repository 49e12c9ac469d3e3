/** Saving results: one picture under a suitable name, or all of them as a zip. */
import { resultName } from '../files/names.js';
import { buildZip } from '../files/zip.js';
import { download, downloadFile } from '../page/dom.js';

/** @import { Item, Queue } from './queue.js' */

/** @param {Item} item with a result @param {string} url of the picture */
export function saveOne(item, url) {
  if (!item.result) return;
  download(url, resultName(item.name, item.result.made.settings.format));
  item.saved = item.result;
}

/**
 * @param {Queue} run
 * @throws {import('../failure.js').CodedError} `zip-failed`
 */
export async function saveZip(run) {
  const packed = [...run.items.values()].map((item) => ({ item, result: item.result }));
  const zip = await buildZip(packed.flatMap(({ item }) => outcomeOf(item) ?? []));
  downloadFile(zip, 'cyclegan-web.zip');
  for (const { item, result } of packed) item.saved = result;
}

/**
 * A photo's entry in the zip's manifest; null if it is waiting. A photo with a result counts as done even
 * while it is translated again, or after that failed.
 * @param {Item} item
 * @returns {import('../files/zip.js').Outcome | null}
 */
function outcomeOf({ name, state, problem, result }) {
  const outcome = result ? 'done' : state;
  if (outcome === 'waiting') return null;
  const picture = result?.picture;
  return {
    path: name,
    state: outcome,
    reason: problem?.code ?? null,
    result: picture?.after ?? null,
    width: picture?.width ?? 0,
    height: picture?.height ?? 0,
    photoWidth: picture?.photoWidth ?? 0,
    photoHeight: picture?.photoHeight ?? 0,
    reduced: picture?.reduced ?? false,
    precision: picture?.precision ?? null,
    made: result?.made ?? null,
  };
}
