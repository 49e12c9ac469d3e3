/** What a failure code ends: the worker, a run of translations, or the engine's state of a training run. */

/** After these codes the worker is unusable. */
export const FATAL = new Set(['engine-died', 'gpu-lost', 'engine-unavailable']);

/** After these codes the next photo would fail too. */
const FINAL =
  /^(engine-unavailable|engine-keeps-dying|browser-unsupported|out-of-room|weights-.*|model-.*)$/;

/** Whether a run should stop here, because the failure is not the photo's fault. @param {string} code */
export const isFinal = (code) => FINAL.test(code);

/** Whether a photo is skipped, not failed; a missing file may come back. @param {string} code */
export const isPhotosFault = (code) => code.startsWith('image-');

/** After these codes the engine has ended, is out of memory, or has skipped part of its last work. */
const DEATHS = new Set([
  'engine-died',
  'gpu-lost',
  'gpu-refused',
  'engine-keeps-dying',
  'out-of-memory',
  'training-gone',
]);

/** @param {string} code */
export const isDeath = (code) => DEATHS.has(code);
