/**
 * Small copies of a run's photos in its folder, so that it can be continued after a reload: at the size from
 * which training crops, where they give the same numbers as the photos, plus a copy as previews show it for
 * previewed photos. The photos themselves are not stored.
 */
import { CodedError } from '../../failure.js';
import { DOMAINS } from '../gather/domains.js';

/** @import { Config } from '../../pkg/cyclegan_web.js' */
/** @import { Domain } from '../gather/domains.js' */
/** @import { Kept, RunRecord, StoredPhoto, ToKeep, TrainPhotos } from './record.js' */

/**
 * @typedef {object} Wanted a copy to be made
 * @property {StoredPhoto} of receives its name
 * @property {Domain} domain
 * @property {ToKeep} photo
 * @property {(kept: Kept) => void} use called with what replaces the photo
 */

/** Photos sent to the worker at a time. */
const CHUNK = 8;
/** Codes of failures that only prevent the copies. */
const DISK = /^(storage-.*|encode-failed)$/;
/**
 * Bytes of two checkpoints per parameter of the generators: its weight with two moments, the same again for
 * the discriminators, and its average.
 */
const CHECKPOINT_BYTES = 2 * 4 * (2 * 3 + 1);

export class Copies {
  #host;
  #engine;
  #tell;
  #onSkip;
  #onChange;
  #makeRoom;
  /**
   * How many photos have been copied, of how many; null: none are being copied.
   * @type {{ done: number, total: number } | null}
   */
  progress = null;

  /**
   * @param {Pick<import('../../page/host.js').Host, 'space'>} host
   * @param {Pick<import('../../engine/client.js').EngineClient, 'request'>} engine
   * @param {import('../../page/notices.js').Tell} tell
   * @param {(domain: Domain, name: string, code: string) => void} onSkip
   * @param {() => void} onChange
   * @param {(bytes: number) => Promise<void>} makeRoom if possible
   */
  constructor(host, engine, tell, onSkip, onChange, makeRoom) {
    this.#makeRoom = makeRoom;
    this.#host = host;
    this.#engine = engine;
    this.#tell = tell;
    this.#onSkip = onSkip;
    this.#onChange = onChange;
  }

  /**
   * Makes the copies if there is room for them and two checkpoints.
   * @param {RunRecord} record receives their names
   * @param {TrainPhotos} photos
   * @param {number} longest side of a preview in pixels
   * @returns {Promise<TrainPhotos>} what to read from now on: the copies, or the photos if there are none
   */
  async keep(record, photos, longest) {
    const used = { photos: copied(photos.photos), previews: copied(photos.previews) };
    const wanted = wantedOf(record, used, longest);
    try {
      await this.#checkRoom(record, wanted);
      const made = await this.#make(record.id, wanted);
      for (const [i, kept] of made.entries()) {
        const { of, photo, use } = wanted[i];
        if (kept.copy) {
          use(kept);
          of.file = photo.name;
          if (photo.whole) of.whole = photo.whole.name;
        } else if (kept.problem && kept.problem !== 'file-gone') of.problem = kept.problem;
      }
      this.#tellMissed(wanted);
      return used;
    } catch (error) {
      if (!(error instanceof CodedError && DISK.test(error.code))) throw error;
      this.#tell('photos-not-kept', {}, 'warning', `${error.code}: ${error.message}`);
      return photos;
    } finally {
      this.progress = null;
    }
  }

  /** Reports photos that could not be read; the others were stored. @param {Wanted[]} wanted */
  #tellMissed(wanted) {
    for (const one of DOMAINS) {
      const all = wanted.filter(({ domain }) => domain === one);
      const missed = all.filter(({ of }) => !isKept(of));
      // If a whole folder is gone, that is not its photos' fault, and training waits for it.
      if (missed.length === all.length && all.length > 0) this.#tell('photos-not-kept');
      else for (const { of } of missed) this.#onSkip(one, of.name, 'file-gone');
    }
  }

  /** @param {RunRecord} record @param {Wanted[]} wanted */
  async #checkRoom({ config, parameters }, wanted) {
    const most = wanted.reduce(
      (sum, { photo: { whole } }) => sum + 3 * (pixelsOf(config) + (whole?.longest ?? 0) ** 2),
      0,
    );
    const needed = most + CHECKPOINT_BYTES * parameters;
    if ((await this.#free()) < needed) await this.#makeRoom(needed);
    const free = await this.#free();
    if (free >= needed) return;
    throw new CodedError('storage-full', `${free} bytes are free, ${most} are wanted`);
  }

  async #free() {
    const space = await this.#host.space();
    return space ? space.quota - space.usage : 0;
  }

  /** @param {string} run @param {Wanted[]} wanted */
  async #make(run, wanted) {
    const made = [];
    for (let i = 0; i < wanted.length; i += CHUNK) {
      this.progress = { done: i, total: wanted.length };
      this.#onChange();
      const photos = wanted.slice(i, i + CHUNK).map(({ photo }) => photo);
      made.push(...(await this.#engine.request('train-keep', { run, photos })));
    }
    return made;
  }
}

/** Pixels of a copy of a 3 : 2 photo. @param {string} config of the engine, as JSON */
function pixelsOf(config) {
  /** @type {Required<Config>} */
  const { preprocess, load_size: side, zoom } = JSON.parse(config);
  return preprocess === 'scale_and_crop' ? 1.5 * (side * zoom) ** 2 : side ** 2;
}

/** Whether a photo is stored, or could never be opened. @param {StoredPhoto} photo */
const isKept = ({ file, problem }) => file !== null || problem !== undefined;

/** Whether a run can be continued without its folders. @param {Pick<RunRecord, 'photos'>} record */
export function isStored({ photos }) {
  return DOMAINS.every((domain) => photos[domain].some(({ file }) => file !== null));
}

/** @param {RunRecord} record @param {TrainPhotos} used @param {number} longest @returns {Wanted[]} */
function wantedOf(record, used, longest) {
  /** @type {Wanted[]} */
  const all = [];
  for (const domain of DOMAINS) {
    for (const [i, of] of record.photos[domain].entries()) {
      const blob = used.photos[domain][i];
      if (!blob) continue;
      const photo = { name: nameOf(domain, i), blob, whole: null };
      const use = (/** @type {Kept} */ { copy }) => {
        used.photos[domain][i] = copy;
      };
      all.push({ of, domain, photo, use });
    }
    for (const [i, of] of record.previews[domain].entries()) {
      const blob = used.previews[domain][i]?.photo;
      if (!blob) continue;
      const whole = { name: nameOf(`${domain}-whole`, i), longest };
      const photo = { name: nameOf(`${domain}-preview`, i), blob, whole };
      const use = (/** @type {Kept} */ { copy, whole }) => {
        used.previews[domain][i] = copy && { photo: copy, whole };
      };
      all.push({ of, domain, photo, use });
    }
  }
  return all;
}

/** @param {string} prefix @param {number} i */
function nameOf(prefix, i) {
  return `${prefix}-${String(i).padStart(5, '0')}`;
}

/** @template T @param {Record<Domain, T[]>} lists @returns {Record<Domain, T[]>} a copy that can be changed */
function copied({ A, B }) {
  return { A: [...A], B: [...B] };
}
