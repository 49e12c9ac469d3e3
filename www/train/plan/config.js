/**
 * The engine's configuration, whose names are PyTorch's (`src/train/config/mod.rs`): how settings become it, and
 * how long a run is with them.
 */
import { isSlow } from '../../page/support.js';

/** @import { Config, RatesChange } from '../../pkg/cyclegan_web.js' */
/** @import { Domain } from '../gather/domains.js' */
/** @import { LearnOn, Network, Rates, Settings, StartChoice } from './types.js' */

/** Maximum steps of warm-up, and its maximum share of a run (one in this many). */
const WARM_UP = { steps: 100, part: 5 };
/** Maximum steps in which the generators' learning rate rises: the engine's default. */
const LONGEST_RAMP = 1000;
/** Maximum steps over which weights are averaged. */
const LONGEST_AVERAGE = 1000;
/** Polishing steps: share of a run, minimum and maximum, as `proposed` in src/train/polish.rs, which explains them. */
const POLISH = { part: 10, least: { steps: 60, part: 3 }, most: 400 };
/** How much larger or smaller than its size a photo may be shown: the engine's default. */
const ZOOM = 1.5;
/** Augmentations for the discriminators, by the engine's names. */
const AUGMENT = {
  none: '',
  colorTranslation: 'color,translation',
  all: 'color,translation,cutout',
};

/**
 * Steps of the whole run except polishing.
 * @param {Settings} settings
 * @param {number} photosA number of training photos
 * @param {number} photosB
 */
export function stepsOf(settings, photosA, photosB) {
  return settings.unit === 'steps'
    ? settings.length
    : settings.length * Math.max(photosA, photosB, 1);
}

/**
 * Whether discriminators are first trained alone: not from scratch, where all networks are new, nor if they
 * are included in the initial weights.
 * @param {StartChoice} start
 * @param {Network | null} network of the initial weights
 */
export function warmsUp(start, network) {
  switch (start.kind) {
    case 'scratch':
      return false;
    case 'model':
      return !network?.ndf;
    case 'files':
      return !(start.dA && start.dB);
    case 'run':
      return !start.judges;
  }
}

/**
 * Warm-up steps: always fewer than the run has.
 * @param {Settings} settings
 * @param {StartChoice} start
 * @param {number} steps of the run
 * @param {Network | null} [network] of the initial weights, if known
 */
export function warmUpOf(settings, start, steps, network = null) {
  if (!warmsUp(start, network)) return 0;
  const proposed = Math.min(WARM_UP.steps, Math.floor(steps / WARM_UP.part));
  return Math.min(settings.warmUp ?? proposed, steps - 1);
}

/**
 * Polishing steps after those of the run, in which each generator learns to avoid its grid. If upsampling
 * leaves no grid, none are proposed.
 * @param {Settings} settings
 * @param {StartChoice} start
 * @param {number} steps of the run
 */
export function polishOf({ polish, up }, start, steps) {
  const { part, least, most } = POLISH;
  if (start.kind === 'scratch' && up === 'bilinear') return polish ?? 0;
  const enough = Math.min(least.steps, Math.floor(steps / least.part));
  return polish ?? Math.min(Math.max(Math.floor(steps / part), enough), most);
}

/**
 * Steps after the warm-up in which the generators' learning rate rises, so that they do not immediately
 * forget what they know: the engine's default, but in a short run half of the rest, or it would learn little.
 * The engine skips both for untrained generators.
 * @param {number} warmUp
 * @param {number} steps of the run
 */
function rampOf(warmUp, steps) {
  return Math.min(LONGEST_RAMP, Math.floor((steps - warmUp) / 2));
}

/**
 * The decay of the average of the generators' weights, over about the last tenth of the run and at most 1000
 * steps: a longer memory would still contain much of the initial weights, a shorter one smooths less. Exactly
 * the values of the engine's `ema_for` (`src/train/config/mod.rs`), which explains them.
 * @param {number} steps of the run
 */
export function emaOf(steps) {
  return 1 - 1 / Math.min(Math.max(steps / 10, 1), LONGEST_AVERAGE);
}

/**
 * The engine's configuration.
 * @param {Settings} settings without problems
 * @param {StartChoice} start
 * @param {import('../../page/support.js').Device} device
 * @param {number} steps of the run
 * @param {Network | null} [network] of the initial weights, if known
 */
export function configOf(settings, start, device, steps, network = null) {
  const flat = Math.ceil(settings.length / 2);
  const scratch = start.kind === 'scratch';
  const warmUp = warmUpOf(settings, start, steps, network);
  return /** @satisfies {Config} */ ({
    ngf: settings.ngf,
    blocks: settings.blocks,
    up: scratch ? settings.up : 'transpose',
    ndf: network?.ndf ?? (scratch ? settings.ngf : isSlow(device) ? 32 : 64),
    lambda_A: settings.lambdaCycle,
    lambda_B: settings.lambdaCycle,
    lambda_identity: settings.lambdaIdentity,
    gan_mode: settings.ganMode,
    diff_augment: AUGMENT[settings.augment],
    lr: settings.lr,
    lr_rule: settings.rule,
    lr_unit: settings.unit,
    lr_flat: flat,
    lr_decay: settings.length - flat,
    seed: settings.seed,
    preprocess: settings.preprocess,
    load_size: settings.size,
    crop_size: settings.crop,
    zoom: ZOOM,
    warm_up: warmUp,
    lr_ramp: rampOf(warmUp, steps),
    ema: settings.ema === 'on' ? emaOf(steps) : 0,
    polish: polishOf(settings, start, steps),
  });
}

/** The settings that can change during a run, by the engine's names. @param {Rates} rates @returns {RatesChange} */
export function ratesConfig({ lr, lambdaCycle, lambdaIdentity }) {
  return {
    lr,
    lambda_A: lambdaCycle,
    lambda_B: lambdaCycle,
    lambda_identity: lambdaIdentity,
  };
}

/**
 * The proposal for learning on after a finished run: half as many steps again, at the rate it would have now
 * if it had been planned that long, as in the engine (`src/train/run/learn_on.rs`).
 * @param {{ config: string, step: number, photos: Record<Domain, unknown[]> }} record
 * @param {number} [steps] additional steps; proposed if absent
 * @returns {LearnOn}
 */
export function learnOnProposal(
  { config, step, photos },
  steps = Math.max(1, Math.round(step / 2)),
) {
  /** @type {Required<Config>} */
  const { lr, lr_flat: flat, lr_decay: decay, lr_unit: unit } = JSON.parse(config);
  if (decay === 0) return { steps, lr };
  const pass = unit === 'epochs' ? Math.max(photos.A.length, photos.B.length) : 1;
  const fallsFrom = Math.min(step, flat * pass);
  return { steps, lr: Number(((lr * steps) / (step + steps - fallsFrom)).toPrecision(3)) };
}
