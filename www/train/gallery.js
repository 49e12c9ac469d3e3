/**
 * The previews of a run over time. The first two photos of each domain are shown; of a long run's times
 * every other one is dropped, again and again, so that first and last always stay.
 */
import { failureOf } from '../failure.js';
import { DOMAINS } from './dataset.js';
import { isDeath } from './restarts.js';

/** @typedef {import('./types.js').Domain} Domain */
/** @typedef {import('./types.js').Preview} Preview */
/** @typedef {import('./types.js').PreviewSet} PreviewSet */
/** @typedef {import('../protocol.js').TrainStored['pictures']} ToStore */

/** Photos of each domain that are shown. */
export const SHOWN = 2;
/** Times that are kept at most. */
const MOST = 40;

export class Gallery {
  #photos;
  /** Step whose pictures are on the disk. */
  #stored = -1;

  /**
   * @param {Record<Domain, import('./record.js').StoredPhoto[]>} photos
   * @param {PreviewSet[]} sets that are stored
   */
  constructor(photos, sets) {
    this.#photos = photos;
    /** Oldest first. */
    this.sets = sets;
    this.#stored = sets.at(-1)?.step ?? -1;
    /** Of each photo whether the engine could read it. @type {Record<Domain, boolean[]>} */
    this.available = { A: [], B: [] };
  }

  get latest() {
    return this.sets.at(-1) ?? null;
  }

  /**
   * Translates the photos as the networks do now.
   * @param {Pick<import('../client.js').EngineClient, 'request'>} engine
   * @param {number} step
   */
  async look(engine, step) {
    /** @type {Preview[]} */
    const pictures = [];
    for (const domain of DOMAINS) {
      for (const [index, able] of this.available[domain].slice(0, SHOWN).entries()) {
        if (!able) continue;
        const { name, seen } = this.#photos[domain][index];
        try {
          const made = await engine.request('train-preview', { domain, index });
          pictures.push({ domain, index, name, heldOut: !seen, step, ...made });
        } catch (error) {
          const { code } = failureOf(error);
          if (isDeath(code) || !code.startsWith('image-')) throw error;
        }
      }
    }
    this.sets = thinned([...this.sets.filter((set) => set.step !== step), { step, pictures }]);
  }

  /** The run went back to this step. @param {number} step */
  forgetAfter(step) {
    this.sets = this.sets.filter((set) => set.step <= step);
  }

  /** What is not on the disk yet. @returns {ToStore} */
  toStore() {
    const { latest } = this;
    if (!latest || latest.step === this.#stored || latest.pictures.length === 0) return null;
    /** @type {NonNullable<ToStore>['files']} */
    const files = [];
    const list = latest.pictures.map(({ input, translated, back, ...picture }) => {
      const { domain, index, step, width, height, error } = picture;
      const names = { input: '', translated: '', back: '' };
      for (const [role, blob] of Object.entries({ input, translated, back })) {
        const name = `picture-${step}-${domain}${index}-${role}.png`;
        names[/** @type {keyof typeof names} */ (role)] = name;
        files.push({ name, blob });
      }
      return { domain, index, step, width, height, error, ...names };
    });
    return { list, files };
  }

  /** @param {ToStore} pictures that are on the disk now */
  stored(pictures) {
    if (pictures) this.#stored = pictures.list[0].step;
  }
}

/** @param {PreviewSet[]} sets oldest first */
export function thinned(sets) {
  if (sets.length <= MOST) return sets;
  const last = sets.length - 1;
  return sets.filter((_, i) => i % 2 === 0 || i === last);
}
