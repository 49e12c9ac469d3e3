/**
 * The cost of a step, in multiplications of the two generators and the two discriminators (paper, appendix
 * 7.2), which are nearly all of it. Only ratios matter; a device's speed is measured.
 */

/** @import { Config } from '../../pkg/cyclegan_web.js' */

/**
 * @typedef {object} Work what decides the cost
 * @property {number} crop
 * @property {number} ngf
 * @property {number} blocks
 * @property {number} ndf
 * @property {number} lambdaIdentity
 * @property {string} [up] how a generator enlarges; older runs do not say
 */

/** Aspect ratio of most photos, and the border around a preview, in pixels. */
const RATIO = 0.75;
const MARGIN = 32;
/** Training the scores' classifier (`src/train/scores/mod.rs`), once; its layers are too narrow to be fast. */
export const CLASSIFIER_COST = 2.5e11;
/** Side of the largest pictures for polishing, if crops are smaller. */
const POLISHED = 256;
/** Cost of a forward and backward pass relative to a forward pass. */
const LEARNT = 3;

/** @param {string} config of the engine, as JSON @returns {Work} */
export function workOf(config) {
  /** @type {Required<Config>} */
  const { crop_size: crop, lambda_identity: lambdaIdentity, ...networks } = JSON.parse(config);
  const { ngf, blocks, ndf, up = 'transpose' } = networks;
  return { crop, ngf, blocks, ndf, lambdaIdentity, up };
}

/** A forward pass of a generator, per pixel. @param {Work} size */
function generator({ ngf, blocks, up = 'transpose' }) {
  // Plain convolutions of an enlarged image cost four times as much as transposed ones.
  const enlarging = up === 'transpose' ? 0 : 27;
  return 294 * ngf + ngf * ngf * (18 * (blocks + 1) + enlarging);
}

/** A forward pass of a discriminator, per pixel. @param {Work} size */
const discriminator = ({ ndf }) => 14 * ndf + 12 * ndf * ndf;

/** Training both discriminators on a photo and a translation each. @param {Work} size */
const judging = (size) => 4 * LEARNT * discriminator(size);

/**
 * A whole step: there, back and, with an identity loss, the identity; including the discriminators.
 * @param {Work} size
 */
export function costOf(size) {
  const passes = size.lambdaIdentity === 0 ? 4 : 6;
  // When the generators are trained, the gradients of the discriminators' own weights are not needed.
  const judged = 2 * (LEARNT - 1) * discriminator(size);
  return size.crop ** 2 * (passes * LEARNT * generator(size) + judged + judging(size));
}

/** A warm-up step: two translations, on which only the discriminators are trained. @param {Work} size */
export function warmUpCostOf(size) {
  return size.crop ** 2 * (2 * generator(size) + judging(size));
}

/** A polishing step: four passes and one trained pass, of both generators. @param {Work} size */
export function polishCostOf(size) {
  // As in src/train/polish.rs: pictures twice as large, up to this.
  const side = Math.max(size.crop, Math.min(POLISHED, 2 * size.crop));
  return side ** 2 * 2 * (4 + LEARNT) * generator(size);
}

/** The round trip of one photo. @param {Work} size @param {number} side the longer one of the photo */
export function previewCostOf(size, side) {
  const seen = (side + 2 * MARGIN) * (RATIO * side + 2 * MARGIN);
  return seen * 2 * generator(size);
}
