/** What a person can export from a run: weights and curves, as files. */
import { safeFileName } from '../../files/names.js';

/** @import { Domain } from '../gather/domains.js' */
/** @import { RunRecord, StoredPhoto, Which } from './record.js' */

/** @typedef {{ name: string, blob: Blob }} Export a file for the person to save */

/**
 * @param {RunRecord} record
 * @param {Domain} direction
 * @param {Which} which
 * @param {Blob} blob
 * @returns {Export}
 */
export function weightsFile(record, direction, which, blob) {
  // Different names, so that the last weights do not replace the best in a list of models.
  const last = which === 'last' && record.best && record.best.step !== record.step;
  const [from, to] = ends(record, direction);
  const name = `${from}-to-${to}${last ? '-last' : ''}.safetensors`;
  return { name: safeFileName(name, 'generator'), blob };
}

/** @param {RunRecord} record @param {import('./history.js').History} history @returns {Export} */
export function curvesFile(record, history) {
  const { photos, previews, config, ...about } = record;
  const text = JSON.stringify({
    ...about,
    config: JSON.parse(config),
    photos: { A: photos.A.length, B: photos.B.length },
    heldOut: { A: kept(previews.A), B: kept(previews.B) },
    steps: history.toJSON(),
  });
  const [from, to] = ends(record, 'A');
  const name = safeFileName(`${from}-and-${to}-curves.json`, 'curves');
  return { name, blob: new Blob([text], { type: 'application/json' }) };
}

/** @param {StoredPhoto[]} previews */
const kept = (previews) => previews.filter(({ seen }) => !seen).length;

/** @param {RunRecord} record @param {Domain} direction @returns {[from: string, to: string]} */
function ends({ names }, direction) {
  const [a, b] = [names.A || 'A', names.B || 'B'];
  return direction === 'A' ? [a, b] : [b, a];
}
