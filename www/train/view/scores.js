/** Now and then the run is measured on the photos that are previewed; here in sentences. */
import { byId } from '../../page/dom.js';
import { writeLines } from './parts.js';
import { scoresOf } from './words.js';

/** @param {import('../run/run.js').RunView} run */
export function showScores(run) {
  const lines = scoresOf(run);
  // At the end they stand beside those of the start, in the outcome, which is drawn before this.
  byId('scores').hidden = lines.length === 0 || !byId('outcome').hidden;
  writeLines(byId('scores-lines'), lines, 'li');
}
