/**
 * What a step costs, in multiplications: the two generators and the two discriminators (paper, appendix
 * 7.2), which are nearly all of it. Only proportions matter; how fast a device multiplies is measured.
 */

/**
 * @typedef {object} Work what decides the cost
 * @property {number} crop
 * @property {number} ngf
 * @property {number} blocks
 * @property {number} ndf
 * @property {number} lambdaIdentity
 * @property {string} [up] how a generator enlarges; runs of before do not say
 */

/** Proportions of most photos, and the border that a preview has around it, in pixels. */
const RATIO = 0.75;
const MARGIN = 32;
/** Of the classifier of the scores (`src/train/scores.rs`), which learns once and whose layers are too narrow to be quick. */
export const CLASSIFIER_COST = 2.5e11;
/** Side of the largest pictures that are learnt from in polishing, if crops are smaller. */
const POLISHED = 256;
/** A pass there and back through a network costs three times the way there. */
const LEARNT = 3;

/** @param {string} config of the engine, as JSON @returns {Work} */
export function workOf(config) {
  const { crop_size: crop, lambda_identity: lambdaIdentity, ...networks } = JSON.parse(config);
  const { ngf, blocks, ndf, up = 'transpose' } = networks;
  return { crop, ngf, blocks, ndf, lambdaIdentity, up };
}

/** Of a way through a generator, for each pixel. @param {Work} size */
function generator({ ngf, blocks, up = 'transpose' }) {
  // Plain convolutions of an enlarged image take four times as much as transposed ones.
  const enlarging = up === 'transpose' ? 0 : 27;
  return 294 * ngf + ngf * ngf * (18 * (blocks + 1) + enlarging);
}

/** Of a way through a discriminator, for each pixel. @param {Work} size */
function discriminator({ ndf }) {
  return 14 * ndf + 12 * ndf * ndf;
}

/** Both discriminators learn from a photo and a translation each. @param {Work} size */
function judging(size) {
  return 4 * LEARNT * discriminator(size);
}

/**
 * Of a whole step: there, back and, with an identity loss, left alone; judged on the way.
 * @param {Work} size
 */
export function costOf(size) {
  const passes = size.lambdaIdentity === 0 ? 4 : 6;
  // Where the generators learn, the gradients of the discriminators' own weights are not needed.
  const judged = 2 * (LEARNT - 1) * discriminator(size);
  return size.crop ** 2 * (passes * LEARNT * generator(size) + judged + judging(size));
}

/** Of a step of warm-up: two translations, from which only the discriminators learn. @param {Work} size */
export function warmUpCostOf(size) {
  return size.crop ** 2 * (2 * generator(size) + judging(size));
}

/** Of a step of polish: four passes, and one learnt from, of both generators. @param {Work} size */
export function polishCostOf(size) {
  // As in src/train/polish.rs: on pictures twice as large, but not beyond this.
  const side = Math.max(size.crop, Math.min(POLISHED, 2 * size.crop));
  return side ** 2 * 2 * (4 + LEARNT) * generator(size);
}

/** Of one photo there and back. @param {Work} size @param {number} side the longer one of the photo */
export function previewCostOf(size, side) {
  const seen = (side + 2 * MARGIN) * (RATIO * side + 2 * MARGIN);
  return seen * 2 * generator(size);
}
