/** What a code ends: the worker, a run of translations, or what the engine holds of a training. */

/** After these codes the worker is of no more use. */
export const FATAL = new Set(['engine-died', 'gpu-lost', 'engine-unavailable']);

/** After these codes the next photo would fare no better. */
const FINAL =
  /^(engine-unavailable|engine-keeps-dying|browser-unsupported|out-of-room|weights-.*|model-.*)$/;

/** Whether a run should stop here: the failure is none of the photo's. @param {string} code */
export const isFinal = (code) => FINAL.test(code);

/** After these codes the engine has ended, has no memory left, or left out part of its last work. */
const DEATHS = new Set([
  'engine-died',
  'gpu-lost',
  'gpu-refused',
  'engine-keeps-dying',
  'out-of-memory',
  'training-gone',
]);

/** @param {string} code */
export function isDeath(code) {
  return DEATHS.has(code);
}
