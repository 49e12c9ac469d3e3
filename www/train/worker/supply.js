/**
 * Photos for the engine: before each call, the photos of its next steps are decoded and passed on, one after
 * another, so that there is at most one in memory here. A photo that cannot be decoded is excluded from the
 * run. If no photo of a folder can be read any more, for example because its drive was unplugged, none is
 * excluded, and the run waits.
 */
import { CodedError, failureOf } from '../../failure.js';
import { DOMAINS } from '../gather/domains.js';

/** @import { Pixels } from '../../engine/decode.js' */
/** @import { Domain } from '../gather/domains.js' */
/** @import { Skipped, Training } from '../../pkg/cyclegan_web.js' */

/**
 * Reads photos and writes pictures.
 * @typedef {object} Codec
 * @property {(file: Blob) => Promise<Pixels>} decode
 * @property {(rgba: Uint8Array, width: number, height: number, format: 'png') => Promise<Blob>} encode
 */
/** @typedef {Pick<Training, 'upcoming' | 'supply' | 'exclude'>} Sink */

export class Supply {
  #photos;
  #decode;

  /** @param {Record<Domain, (Blob | null)[]>} photos @param {Codec['decode']} decode */
  constructor(photos, decode) {
    this.#photos = photos;
    this.#decode = decode;
  }

  /**
   * Supplies the photos of the next steps.
   * @param {Sink} sink
   * @param {number} steps
   * @returns {Promise<Skipped[]>} photos that were excluded
   */
  async before(sink, steps) {
    /** @type {Skipped[]} */
    const excluded = [];
    const supplied = new Set();
    // Another photo replaces an excluded one, so the engine is asked again.
    for (;;) {
      const { a, b } = sink.upcoming(steps);
      const wanted = [
        ...Array.from(a, (index) => ({ domain: /** @type {const} */ ('A'), index })),
        ...Array.from(b, (index) => ({ domain: /** @type {const} */ ('B'), index })),
      ].filter(({ domain, index }) => !supplied.has(domain + index));
      if (wanted.length === 0) return excluded;
      for (const { domain, index } of wanted) {
        supplied.add(domain + index);
        const code = await this.#one(sink, domain, index);
        if (code) excluded.push({ domain, index, code });
      }
      if (excluded.length === 0) return excluded;
    }
  }

  /**
   * Shows the classifier photos of both folders, spread evenly: always the same ones, so that it is the same
   * after a reload. Photos that cannot be decoded are skipped.
   * @param {Pick<Training, 'addSeen'>} sink
   * @param {number} most of each
   */
  async show(sink, most) {
    for (const domain of DOMAINS) {
      const photos = this.#photos[domain];
      const count = Math.min(most, photos.length);
      for (let i = 0; i < count; i += 1) {
        try {
          const photo = photos[Math.floor((i * photos.length) / count)] ?? null;
          const { data, width, height } = await this.#pixels(photo);
          sink.addSeen(domain, data, width, height);
        } catch (error) {
          if (error instanceof WebAssembly.RuntimeError) throw error;
        }
      }
    }
  }

  /** @param {Sink} sink @param {Domain} domain @param {number} index @returns {Promise<string | null>} why it was excluded */
  async #one(sink, domain, index) {
    try {
      const { data, width, height } = await this.#pixels(this.#photos[domain][index] ?? null);
      sink.supply(domain, index, data, width, height);
      return null;
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      const { code } = failureOf(error, 'file-gone');
      if (code === 'file-gone' && (await this.#isGone(domain))) {
        throw new CodedError('photos-gone', `no photo of ${domain} can be read`);
      }
      sink.exclude(domain, index);
      return code;
    }
  }

  /** Whether no photo of a folder can be read. @param {Domain} domain */
  async #isGone(domain) {
    for (const photo of this.#photos[domain]) {
      const code = await this.#pixels(photo).then(
        () => null,
        (error) => failureOf(error, 'file-gone').code,
      );
      if (code !== 'file-gone') return false;
    }
    return true;
  }

  /** @param {Blob | null} photo */
  async #pixels(photo) {
    if (!photo) throw new CodedError('file-gone', 'the photo is not there');
    return this.#decode(photo);
  }
}
