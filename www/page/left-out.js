/** What is said of files that are no photos. */
import { text } from './messages.js';

/** Most endings that are named. */
const NAMED = 5;

/**
 * How many files had nothing to do with photos, and of what kinds they were.
 * @param {number} n
 * @param {Iterable<string>} endings
 */
export function ignoredText(n, endings) {
  const named = [...endings].filter(Boolean).slice(0, NAMED);
  const list = named.map((ending) => `.${ending}`).join(text('list.separator'));
  const words = text('problems.ignored', { n });
  return list ? text('problems.endings', { words, list }) : words;
}
