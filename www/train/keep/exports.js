/** What a person can export from a run: weights and curves, as files. */
import { aboutIn } from '../../files/about.js';
import { safeFileName } from '../../files/names.js';
import { withMetadata } from '../../files/safetensors.js';
import { text } from '../../page/messages.js';
import { thumbnails } from '../../page/thumbnail.js';
import { DOMAINS } from '../gather/domains.js';

/** @import { Domain } from '../gather/domains.js' */
/** @import { About } from '../../pkg/cyclegan_web.js' */
/** @import { Preview, RunRecord, StoredPhoto, Which } from './record.js' */

/** @typedef {{ name: string, blob: Blob }} Export a file for the person to save */

/**
 * The run on the page, or a stored one.
 * @typedef {object} Known
 * @property {RunRecord} record
 * @property {(direction: Domain, which: Which) => Promise<Blob>} weights
 * @property {() => Promise<Preview[]>} pictures the latest previews
 */
/**
 * @typedef {object} Generator of a run
 * @property {string} name of its file, without an ending
 * @property {Blob} weights
 * @property {About} about
 */

/**
 * A generator, and what is known of it.
 * @param {Known} run
 * @param {Domain} direction
 * @param {Which} which
 * @returns {Promise<Generator>}
 */
export async function generatorOf(run, direction, which) {
  const { record } = run;
  const weights = await run.weights(direction, which);
  const [from, to] = ends(record, direction);
  const ofDirection = (await run.pictures()).filter(({ domain }) => domain === direction);
  const picture = ofDirection.find(({ heldOut }) => heldOut) ?? ofDirection[0];
  const { photos, previews, settings } = record;
  const [n, m] = DOMAINS.map((one) => photos[one].length + kept(previews[one]));
  const [a, b] = ends(record, 'A');
  return {
    name: `${from}-to-${to}${isLast(record, which) ? '-last' : ''}`,
    weights,
    about: {
      from,
      to,
      margin: (await aboutIn(weights)).margin,
      size: settings.preprocess === 'crop' ? null : settings.size,
      trained_on: text('about.trained', { n, a, m, b, steps: record.step }),
      thumbnails: await thumbnails(picture?.input, picture?.translated),
    },
  };
}

/** Different names, so that the last weights do not replace the best in a list of models. @param {RunRecord} record @param {Which} which */
function isLast(record, which) {
  return which === 'last' && record.best && record.best.step !== record.step;
}

/**
 * A generator as a file of its own.
 * @param {Known} run
 * @param {Domain} direction
 * @param {Which} which
 * @returns {Promise<Export>}
 */
export async function weightsFile(run, direction, which) {
  const { name, weights, about } = await generatorOf(run, direction, which);
  const { thumbnails: both, ...rest } = about;
  const pictures = { thumbnail_before: both?.[0], thumbnail_after: both?.[1] };
  /** @type {Record<string, string>} */
  const said = {};
  for (const [key, value] of Object.entries({ ...rest, ...pictures })) {
    if (value !== null && value !== undefined) said[key] = String(value);
  }
  const blob = await withMetadata(weights, said);
  return { name: safeFileName(`${name}.safetensors`, 'generator'), blob };
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
