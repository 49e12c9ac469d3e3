/** Measures a few steps, on networks that are then discarded, and estimates the run. */
import { isDeath } from '../../engine/codes.js';
import { failureOf } from '../../failure.js';
import { isSlow } from '../../page/support.js';
import { workOf } from '../plan/cost.js';
import { calibrationOf } from '../plan/estimate.js';
import { previewsOf, smallerCrop } from '../plan/settings.js';
import { prepare } from './prepare.js';

/** @import { Remark } from '../../page/messages.js' */
/** @import { Calibration } from '../plan/estimate.js' */
/** @import { Plan } from '../plan/preparation.js' */

/** Photos of each folder that the engine scores on a slow device, at most: `src/web/photos.rs`. */
const SCORED_SLOW = 4;

/** Seconds to measure, if that gives enough steps; and how many steps are enough and plenty. */
const TIME = 8;
const STEPS = { least: 2, most: 12 };
/** Warm-up steps to measure, if the run has any: a cold one and a typical one. */
const WARM_UP = 2;

/**
 * @param {Pick<import('../../engine/client.js').EngineClient, 'request'>} engine
 * @param {Pick<import('../../page/host.js').Host, 'now'>} host
 * @param {Plan} plan
 * @param {AbortSignal} signal
 * @returns {Promise<{ calibration: Calibration | null, failure: (Remark & { detail: string }) | null }>} a
 *   failure when the device cannot do these steps
 * @throws failures that are not the device's fault
 */
export async function calibrate(engine, host, plan, signal) {
  const { record, from, photos } = prepare(plan);
  const whole = JSON.parse(from.config);
  // The time of a polishing step is derived.
  const config = { ...whole, warm_up: Math.min(WARM_UP, whole.warm_up), polish: 0 };
  /** @type {{ warmUp: number[], full: number[] }} */
  const seconds = { warmUp: [], full: [] };
  try {
    await engine.request('train-start', {
      run: null,
      from: { ...from, config: JSON.stringify(config) },
      photos,
      previews: { A: [], B: [] },
      previewSide: 0,
    });
    const started = host.now();
    for (;;) {
      signal.throwIfAborted();
      const before = host.now();
      const { report, steps, memory } = await engine.request('train-steps', { steps: 1 });
      const now = host.now();
      seconds[steps[0]?.warmingUp ? 'warmUp' : 'full'].push((now - before) / 1000);
      const count = seconds.full.length;
      const enough = count >= STEPS.least && now - started >= TIME * 1000;
      if ((enough || count >= STEPS.most || report.over) && count > 0) {
        const size = workOf(report.config);
        const calibration = calibrationOf({ ...about(plan, record), size, seconds, memory });
        return { calibration, failure: null };
      }
    }
  } catch (error) {
    const { code, detail } = failureOf(error);
    if (signal.aborted || !isDeath(code)) throw error;
    const values = { code, crop: smallerCrop(plan.settings.crop) };
    return { calibration: null, failure: { code: 'calibration-failed', values, detail } };
  }
}

/** @param {Plan} plan @param {import('../keep/record.js').RunRecord} record */
function about({ settings, start, network, device }, { photos, previews }) {
  const slow = isSlow(device);
  const { photos: shown } = previewsOf(settings, slow);
  const scored = slow ? SCORED_SLOW : Number.POSITIVE_INFINITY;
  return {
    settings,
    start,
    network,
    device,
    photosA: photos.A.length,
    photosB: photos.B.length,
    previews: Math.min(previews.A.length, shown) + Math.min(previews.B.length, shown),
    scored: Math.min(previews.A.length, scored) + Math.min(previews.B.length, scored),
  };
}
