/**
 * The purposes of training, and their settings. The weight of the cycles is the paper's for all, 10 (section
 * 4). The identity loss, 0.5, is the paper's for paintings (section 5.2) and for photo enhancement (appendix
 * 7.1). For objects the paper has none, because it preserves colours that should change. For seasons the
 * paper has none either, but the authors' code, which made their published models, uses 0.5 throughout. Sizes
 * are relative to the device's: the paper shrinks photos of objects until a crop shows all of them (256
 * pixels), and crops paintings at full size, where brush strokes are visible.
 */

/** @import { Preset, Settings } from './types.js' */

/** @typedef {Exclude<Preset, 'own'>} Named */

/**
 * Weight of the identity loss, and size of photos relative to the proposed one.
 * @type {Record<Named, { lambdaIdentity: number, scale: number }>}
 */
const PRESETS = {
  season: { lambdaIdentity: 0.5, scale: 1 },
  painting: { lambdaIdentity: 0.5, scale: 1.5 },
  object: { lambdaIdentity: 0, scale: 0.5 },
  enhancement: { lambdaIdentity: 0.5, scale: 1 },
};

/** In the order of the list. */
export const PRESET_NAMES = /** @type {Preset[]} */ ([...Object.keys(PRESETS), 'own']);

/** The settings that a preset determines. */
const DECIDED = /** @type {const} */ (['lambdaCycle', 'lambdaIdentity', 'preprocess', 'size']);

/** @param {Named} preset @param {Settings} proposed for the device @returns {Partial<Settings>} */
export function presetSettings(preset, proposed) {
  const { lambdaIdentity, scale } = PRESETS[preset];
  const size = Math.round(proposed.size * scale);
  return { lambdaCycle: 10, lambdaIdentity, preprocess: 'scale_and_crop', size };
}

/** Whether any of these settings belongs to a preset. @param {Partial<Settings>} settings */
export function isDecided(settings) {
  return DECIDED.some((name) => name in settings);
}

/** The settings that a preset leaves open. @param {Partial<Settings>} settings */
export function undecided(settings) {
  const left = { ...settings };
  for (const name of DECIDED) delete left[name];
  return left;
}
