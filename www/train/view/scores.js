/** Now and then the run is measured on the photos that are previewed; here in sentences. */
import { byId } from '../../dom.js';
import { made } from './parts.js';
import { scoresOf } from './words.js';

/** @param {import('../types.js').RunView} run */
export function showScores(run) {
  const lines = scoresOf(run);
  byId('scores').hidden = lines.length === 0;
  byId('scores-lines').replaceChildren(...lines.map((line) => made('li', line)));
}
