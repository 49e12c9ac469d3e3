/**
 * What a training is for, and the settings that go with it. The weight of the cycles is the paper's for all, 10
 * (section 4). The identity loss, 0.5, is the paper's for paintings (section 5.2) and for photo enhancement (appendix
 * 7.1); for objects the paper has none, since it keeps colours that should change. For seasons it has none either, but
 * the authors' code, which made their published models, has 0.5 throughout. Sizes are relative to what the device is
 * given: the paper shrinks photos of objects until a piece shows all of them (256 pixels), and takes pieces of
 * paintings from the full picture, where strokes can be seen.
 */

/** @import { Preset, Settings } from './types.js' */

/** @typedef {Exclude<Preset, 'own'>} Named */

/**
 * Weights of the identity loss, and how large photos are against what is proposed.
 * @type {Record<Named, { lambdaIdentity: number, scale: number }>}
 */
const PRESETS = {
  season: { lambdaIdentity: 0.5, scale: 1 },
  painting: { lambdaIdentity: 0.5, scale: 1.5 },
  object: { lambdaIdentity: 0, scale: 0.5 },
  enhancement: { lambdaIdentity: 0.5, scale: 1 },
};

/** In the order in which they are offered. */
export const PRESET_NAMES = /** @type {Preset[]} */ ([...Object.keys(PRESETS), 'own']);

/** The settings that a preset decides. */
const DECIDED = /** @type {const} */ (['lambdaCycle', 'lambdaIdentity', 'preprocess', 'size']);

/** @param {Named} preset @param {Settings} proposed for the device @returns {Partial<Settings>} */
export function presetSettings(preset, proposed) {
  const { lambdaIdentity, scale } = PRESETS[preset];
  const size = Math.round(proposed.size * scale);
  return { lambdaCycle: 10, lambdaIdentity, preprocess: 'scale_and_crop', size };
}

/** Whether one of these settings is a preset's. @param {Partial<Settings>} settings */
export function isDecided(settings) {
  return DECIDED.some((name) => name in settings);
}

/** What is left to choose beside a preset. @param {Partial<Settings>} settings */
export function undecided(settings) {
  const left = { ...settings };
  for (const name of DECIDED) delete left[name];
  return left;
}
