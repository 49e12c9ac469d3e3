/**
 * The previews of a run over time, in memory and, to survive a reload, in the run's folder. Of a long run
 * every other set is dropped, again and again, but first and last always stay.
 */
import { isDeath } from '../../engine/codes.js';
import { failureOf } from '../../failure.js';
import { DOMAINS } from '../gather/domains.js';

/** @import { Domain } from '../gather/domains.js' */
/** @import { Preview, PreviewSet } from '../keep/record.js' */

/** @typedef {import('../worker/protocol.js').TrainStored['pictures']} ToStore */

/** Maximum number of sets, and maximum bytes of all their pictures. */
const MOST = { times: 40, bytes: 32 * 1024 * 1024 };

export class Previews {
  #photos;
  /** Files on the disk, by name. @type {Map<string, Blob>} */
  #stored = new Map();
  /** The photos themselves, the same at all times. @type {Map<string, Blob>} */
  #inputs = new Map();

  /**
   * @param {Record<Domain, import('../keep/record.js').StoredPhoto[]>} photos
   * @param {PreviewSet[]} sets that are already stored
   * @param {number | undefined} best the step of the best weights
   */
  constructor(photos, sets, best) {
    this.#photos = photos;
    /** Oldest first. */
    this.sets = [...sets].sort((a, b) => a.step - b.step);
    /** The previews by the best weights, which are never dropped. @type {PreviewSet | null} */
    this.best = null;
    if (best !== undefined) this.keep(best);
    for (const picture of sets.flatMap(({ pictures }) => pictures)) {
      this.#inputs.set(picture.domain + picture.index, picture.input);
      for (const { name, content } of filesOf(picture)) this.#stored.set(name, content);
    }
    /** For each photo, whether the engine could read it. @type {Record<Domain, boolean[]>} */
    this.available = { A: [], B: [] };
  }

  get latest() {
    return this.sets.at(-1) ?? null;
  }

  /**
   * Translates the photos with the current networks.
   * @param {Pick<import('../../engine/client.js').EngineClient, 'request'>} engine
   * @param {number} step
   * @param {number} photos of each domain, from the first
   */
  async look(engine, step, photos) {
    /** @type {Preview[]} */
    const pictures = [];
    for (const domain of DOMAINS) {
      for (const [index, able] of this.available[domain].slice(0, photos).entries()) {
        if (!able) continue;
        const { name, seen } = this.#photos[domain][index];
        try {
          const made = await engine.request('train-preview', { domain, index });
          const input = this.#inputs.get(domain + index) ?? made.input;
          this.#inputs.set(domain + index, input);
          pictures.push({ domain, index, name, heldOut: !seen, step, ...made, input });
        } catch (error) {
          const { code } = failureOf(error);
          if (isDeath(code) || !code.startsWith('image-')) throw error;
        }
      }
    }
    this.sets = thinned([...this.sets.filter((set) => set.step !== step), { step, pictures }]);
  }

  /** The weights of this step are the best. @param {number} step */
  keep(step) {
    this.best = this.sets.find((set) => set.step === step) ?? null;
  }

  /** The run went back to this step. @param {number} step */
  forgetAfter(step) {
    this.sets = this.sets.filter((set) => set.step <= step);
  }

  /** All sets, with the files that are not on the disk yet. @returns {ToStore} null: there is nothing new */
  toStore() {
    const { best } = this;
    const there = best === null || this.sets.some(({ step }) => step === best.step);
    const pictures = [...this.sets, ...(there ? [] : [best])].flatMap((set) => set.pictures);
    const files = new Map(pictures.flatMap(filesOf).map((file) => [file.name, file]));
    const fresh = [...files.values()].filter(
      ({ name, content }) => this.#stored.get(name) !== content,
    );
    if (fresh.length === 0 && files.size === this.#stored.size) return null;
    const stored = pictures.map(({ name, heldOut, ...picture }) => ({
      ...picture,
      ...namesOf(picture),
    }));
    return { pictures: stored, files: fresh };
  }

  /** @param {ToStore} pictures that are on the disk now, as returned by {@link toStore} */
  stored(pictures) {
    if (!pictures) return;
    const named = new Set(
      pictures.pictures.flatMap(({ input, translated, back }) => [input, translated, back]),
    );
    for (const { name, content } of pictures.files) this.#stored.set(name, content);
    for (const name of this.#stored.keys()) if (!named.has(name)) this.#stored.delete(name);
  }
}

/** File names of a preview. @param {Pick<Preview, 'domain' | 'index' | 'step'>} picture */
function namesOf({ domain, index, step }) {
  return {
    input: `picture-${domain}${index}-input.png`,
    translated: `picture-${domain}${index}-${step}-translated.png`,
    back: `picture-${domain}${index}-${step}-back.png`,
  };
}

/** @param {Preview} picture */
function filesOf(picture) {
  return Object.entries(namesOf(picture)).map(([role, name]) => ({
    name,
    content: picture[/** @type {'input' | 'translated' | 'back'} */ (role)],
  }));
}

/** @param {PreviewSet[]} sets oldest first */
export function thinned(sets) {
  let kept = sets;
  while (kept.length > 2 && (kept.length > MOST.times || weightOf(kept) > MOST.bytes)) {
    const last = kept.length - 1;
    kept = kept.filter((_, i) => i % 2 === 0 || i === last);
  }
  return kept;
}

/** @param {PreviewSet[]} sets */
function weightOf(sets) {
  const pictures = sets.flatMap((set) => set.pictures);
  return pictures.reduce((sum, { translated, back }) => sum + translated.size + back.size, 0);
}
