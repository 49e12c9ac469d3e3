/** Words for files that are not photos. */
import { text } from './messages.js';

/** Most extensions to list. */
const NAMED = 5;

/**
 * How many files had nothing to do with photos, and their kinds.
 * @param {number} n
 * @param {Iterable<string>} endings
 */
export function ignoredText(n, endings) {
  const named = [...endings].filter(Boolean).slice(0, NAMED);
  const list = named.map((ending) => `.${ending}`).join(text('list.separator'));
  const words = text('problems.ignored', { n });
  return list ? text('problems.endings', { words, list }) : words;
}
