/**
 * The engine's configuration, whose names are PyTorch's (`src/train/config.rs`): how settings become it, and
 * how long a run is with them.
 */
import { isSlow } from '../../page/support.js';

/** @import { Domain } from '../gather/domains.js' */
/** @import { LearnOn, Network, Rates, Settings, StartChoice } from './types.js' */

/** Steps of warm-up at most, and the part of a run that it is at most. */
const WARM_UP = { steps: 100, part: 5 };
/** Steps in which the generators' learning rate rises, at most: what the engine proposes. */
const LONGEST_RAMP = 1000;
/** Steps over which weights are averaged, at most. */
const LONGEST_AVERAGE = 1000;
/** Steps of polish: the part of a run, at least and at most, as `proposed` in src/train/polish.rs, which has the reasons. */
const POLISH = { part: 10, least: { steps: 60, part: 3 }, most: 400 };
/** How far a photo may be shown larger or smaller than its size says: the engine's own default. */
const ZOOM = 1.5;
/** What the discriminators are shown, as the engine names it. */
const AUGMENT = {
  none: '',
  colorTranslation: 'color,translation',
  all: 'color,translation,cutout',
};

/**
 * Steps of the whole run but for its polish.
 *
 * @param {Settings} settings
 * @param {number} photosA trained on
 * @param {number} photosB
 */
export function stepsOf(settings, photosA, photosB) {
  return settings.unit === 'steps'
    ? settings.length
    : settings.length * Math.max(photosA, photosB, 1);
}

/**
 * Whether discriminators learn alone at first: not from scratch, where all networks begin alike, nor where they
 * come with what the run starts from.
 *
 * @param {StartChoice} start
 * @param {Network | null} network of the weights to start from, where it is known
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
 * Steps of warm-up: always fewer than the run has.
 *
 * @param {Settings} settings
 * @param {StartChoice} start
 * @param {number} steps of the run
 * @param {Network | null} [network] of the weights to start from, where it is known
 */
export function warmUpOf(settings, start, steps, network = null) {
  if (!warmsUp(start, network)) return 0;
  const proposed = Math.min(WARM_UP.steps, Math.floor(steps / WARM_UP.part));
  return Math.min(settings.warmUp ?? proposed, steps - 1);
}

/**
 * Steps of polish behind those of the run: in them each generator learns to do without its grid. Where upsampling
 * leaves none they are not proposed.
 *
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
 * Steps in which the generators' learning rate rises behind the warm-up, so that they do not forget at once
 * what they know: the engine's own default, and in a short run half of what is left, or it would learn little. The
 * engine leaves out both where nothing was known.
 *
 * @param {number} warmUp
 * @param {number} steps of the run
 */
function rampOf(warmUp, steps) {
  return Math.min(LONGEST_RAMP, Math.floor((steps - warmUp) / 2));
}

/**
 * The decay of the average of the generators' weights, over about the last tenth of the run and at most 1000 steps: a
 * longer memory would still hold much of what the run began with, a shorter one evens out less. The very
 * numbers of the engine's `ema_for` (`src/train/config.rs`), which has the reasons.
 *
 * @param {number} steps of the run
 */
export function emaOf(steps) {
  return 1 - 1 / Math.min(Math.max(steps / 10, 1), LONGEST_AVERAGE);
}

/**
 * The engine's configuration.
 *
 * @param {Settings} settings without problems
 * @param {StartChoice} start
 * @param {import('../../page/support.js').Device} device
 * @param {number} steps of the run
 * @param {Network | null} [network] of the weights to start from, where it is known
 */
export function configOf(settings, start, device, steps, network = null) {
  const flat = Math.ceil(settings.length / 2);
  const scratch = start.kind === 'scratch';
  const warmUp = warmUpOf(settings, start, steps, network);
  return {
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
  };
}

/** What can be changed while a run is under way, as the engine names it. @param {Rates} rates */
export function ratesConfig({ lr, lambdaCycle, lambdaIdentity }) {
  return {
    lr,
    lambda_A: lambdaCycle,
    lambda_B: lambdaCycle,
    lambda_identity: lambdaIdentity,
  };
}

/**
 * What is proposed to a run that is over for learning on: half as many steps again, and the rate that it would have by
 * now, had it been planned so long, as the engine has it (`src/train/learn_on.rs`).
 *
 * @param {{ config: string, step: number, photos: Record<Domain, unknown[]> }} record
 * @param {number} [steps] more; without it they are proposed too
 * @returns {LearnOn}
 */
export function learnOnOf({ config, step, photos }, steps = Math.max(1, Math.round(step / 2))) {
  const { lr, lr_flat: flat, lr_decay: decay, lr_unit: unit } = JSON.parse(config);
  if (decay === 0) return { steps, lr };
  const pass = unit === 'epochs' ? Math.max(photos.A.length, photos.B.length) : 1;
  const fallsFrom = Math.min(step, flat * pass);
  return { steps, lr: Number(((lr * steps) / (step + steps - fallsFrom)).toPrecision(3)) };
}
