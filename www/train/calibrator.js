/** Measures a few steps, on networks that are thrown away, and says what the run would take. */
import { failureOf } from '../failure.js';
import { calibrationOf } from './calibration.js';
import { prepare } from './prepare.js';
import { isDeath, smallerCrop } from './restarts.js';

/** Seconds that are measured, if that gives enough steps; and how many are enough and plenty. */
const TIME = 8;
const STEPS = { least: 2, most: 12 };

export class Calibrator {
  #engine;
  #host;

  /**
   * @param {Pick<import('../client.js').EngineClient, 'request'>} engine
   * @param {Pick<import('./host.js').Host, 'now'>} host
   */
  constructor(engine, host) {
    this.#engine = engine;
    this.#host = host;
  }

  /**
   * @param {import('./prepare.js').Plan} plan
   * @param {AbortSignal} signal
   * @returns {Promise<{ calibration: import('./types.js').Calibration | null, failure: (import('./types.js').Remark & { detail: string }) | null }>}
   *   a failure when the device cannot do these steps
   * @throws what is no fault of the device
   */
  async measure(plan, signal) {
    const { record, from, photos } = prepare(plan);
    /** @type {number[]} */
    const seconds = [];
    try {
      await this.#engine.request('train-start', {
        run: null,
        from: from.kind === 'new' ? { ...from, config: withoutWarmUp(from.config) } : from,
        photos,
        previews: { A: [], B: [] },
      });
      const started = this.#host.now();
      for (;;) {
        signal.throwIfAborted();
        const before = this.#host.now();
        const { report, memory } = await this.#engine.request('train-steps', { steps: 1 });
        const now = this.#host.now();
        seconds.push((now - before) / 1000);
        const enough = seconds.length >= STEPS.least && now - started >= TIME * 1000;
        if (!enough && seconds.length < STEPS.most && !report.over) continue;
        return {
          calibration: calibrationOf({ ...about(plan, record), seconds, memory }),
          failure: null,
        };
      }
    } catch (error) {
      const { code, detail } = failureOf(error);
      if (signal.aborted || !isDeath(code)) throw error;
      const values = { code, crop: smallerCrop(plan.settings.crop) };
      return { calibration: null, failure: { code: 'calibration-failed', values, detail } };
    }
  }
}

/** @param {import('./prepare.js').Plan} plan @param {import('./record.js').RunRecord} record */
function about({ settings, start, device }, { photos, previews }) {
  return {
    settings,
    scratch: start.kind === 'scratch',
    device,
    photosA: photos.A.length,
    photosB: photos.B.length,
    previews: Math.min(previews.A.length, 2) + Math.min(previews.B.length, 2),
  };
}

/** Steps of warm-up are shorter than the others. @param {string} config */
function withoutWarmUp(config) {
  return JSON.stringify({ ...JSON.parse(config), warm_up: 0 });
}
