/** What a person takes away: weights, curves, a model for Translate. */
import { CodedError } from '../../failure.js';
import { safeFileName } from '../../files/names.js';
import { History } from './history.js';

/** @import { Domain } from '../gather/domains.js' */
/** @import { TrainRun } from '../run/run.js' */
/** @import { Export, TrainedModel, Which } from '../types.js' */
/** @import { RunRecord, StoredPhoto } from './record.js' */

export class Exports {
  #stored;

  /** @param {import('./stored-runs.js').StoredRuns} stored */
  constructor(stored) {
    this.#stored = stored;
  }

  /** @param {TrainRun | null} run @param {number} points */
  chart(run, points) {
    return (run?.history ?? new History()).chart(points);
  }

  /**
   * @param {TrainRun | null} run
   * @param {Domain} direction
   * @param {string} [id]
   * @param {Which} [which]
   * @returns {Promise<Export>}
   */
  async weights(run, direction, id, which) {
    const { name, blob } = await this.model(run, direction, id, which);
    return { name, blob };
  }

  /**
   * @param {TrainRun | null} run
   * @param {Domain} direction
   * @param {string} [id]
   * @param {Which} [which]
   * @returns {Promise<TrainedModel>}
   */
  async model(run, direction, id, which = 'best') {
    const { record, blob } = await this.#found(run, direction, which, id);
    const [from, to] = ends(record, direction);
    // So that the last do not take the place of the best in a list of models.
    const last = which === 'last' && record.best && record.best.step !== record.step;
    return { name: fileName(record, direction, last ? '-last' : ''), blob, from, to };
  }

  /** @param {TrainRun | null} run @param {string} [id] @returns {Promise<Export>} */
  async curves(run, id) {
    const here = isHere(run, id);
    const { record, history } = here ?? (await this.#stored.history(id ?? ''));
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

  /** @param {TrainRun | null} run @param {Domain} direction @param {Which} which @param {string} [id] */
  async #found(run, direction, which, id) {
    const here = isHere(run, id);
    if (here) return { record: here.record, blob: await here.weights(direction, which) };
    if (!id) throw new CodedError('run-gone', 'there is no run');
    const { index } = await this.#stored.open(id);
    return { record: index.record, blob: await this.#stored.weights(id, direction, which) };
  }
}

/** @param {TrainRun | null} run @param {string} [id] */
function isHere(run, id) {
  return run && (id === undefined || run.record.id === id) ? run : null;
}

/** @param {StoredPhoto[]} previews */
function kept(previews) {
  return previews.filter(({ seen }) => !seen).length;
}

/** @param {RunRecord} record @param {Domain} direction @returns {[from: string, to: string]} */
function ends({ names }, direction) {
  const [a, b] = [names.A || 'A', names.B || 'B'];
  return direction === 'A' ? [a, b] : [b, a];
}

/** @param {RunRecord} record @param {Domain} direction @param {string} ending */
function fileName(record, direction, ending) {
  const [from, to] = ends(record, direction);
  return safeFileName(`${from}-to-${to}${ending}.safetensors`, 'generator');
}
