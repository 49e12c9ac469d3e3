/** Results out: one picture under a proper name, or all of them as a zip. */
import { download } from './dom.js';
import { resultName } from './names.js';
import { buildZip } from './zip.js';

/** @typedef {import('./run.js').Item} Item */

/** The last zip. Its download may go on long after the click, so it stays until the next one. @type {import('./zip.js').Archive | null} */
let archive = null;

/**
 * @param {Item} item with a result
 * @param {string} url of the picture
 */
export function saveOne(item, url) {
  if (item.result) download(url, resultName(item.name, item.result.made.settings.format));
}

/**
 * @param {import('./run.js').Run} run
 * @param {import('./zip.js').About} about how the results were made
 * @throws {import('./failure.js').CodedError} `storage-full`, `zip-failed`
 */
export async function saveZip(run, about) {
  await archive?.dispose();
  archive = null;
  const outcomes = [...run.items.values()].flatMap((item) => outcomeOf(item) ?? []);
  archive = await buildZip(outcomes, about);
  download(archive.url, archive.name);
}

/**
 * What the zip's manifest says of a photo; null for one that waits. A photo that is being translated
 * once more counts as done while it has its earlier result.
 * @param {Item} item
 * @returns {import('./zip.js').Outcome | null}
 */
function outcomeOf({ name, state, problem, result }) {
  const picture = result?.picture;
  const outcome = state === 'waiting' && picture ? 'done' : state;
  if (outcome === 'waiting') return null;
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
