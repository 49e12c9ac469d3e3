/** The files of a folder that are not used, grouped by reason, in sentences. No page. */
import { MAX_PHOTOS } from '../../files/walk.js';
import { shownName } from '../../page/dom.js';
import { ignoredText } from '../../page/left-out.js';
import { errorText, text } from '../../page/messages.js';

/** Files named per line. */
const NAMED = 3;

/**
 * The files left out of a folder, by reason, with names.
 * @param {import('../gather/dataset.js').FolderReport} folder
 * @param {string} domain as the person calls it
 * @returns {string[]} sentences
 */
export function leftOutLines({ photos, leftOut, ignored, nothing }, domain) {
  /** @type {Map<string, string[]>} names by reason */
  const reasons = new Map();
  const unusable = photos
    .filter(({ problem }) => problem !== null && problem !== 'duplicate')
    .map(({ name, problem, values }) => ({ path: name, code: problem ?? '', values }));
  for (const { path, code, values } of [...unusable, ...leftOut]) {
    const why =
      code === 'too-many-photos' ? text('report.most', { n: MAX_PHOTOS }) : errorText(code, values);
    reasons.set(why, [...(reasons.get(why) ?? []), shownName(path)]);
  }
  const lines = [...reasons].map(([why, names]) =>
    text('report.left', { names: named(names), domain, why }),
  );
  if (ignored.length > 0) {
    const words = ignoredText(ignored.length, new Set(ignored));
    lines.push(text('report.of', { domain, words }));
  }
  if (nothing && lines.length === 0)
    lines.push(text('report.of', { domain, words: text('drop.nothing') }));
  return lines;
}

/** @param {string[]} names */
function named(names) {
  const list = names.slice(0, NAMED).join(text('list.separator'));
  const more = names.length - NAMED;
  return more > 0 ? text('report.more', { list, n: more }) : list;
}
