/** What the view draws, derived from the session's state: no page, no engine. */
import { stepsOf, warmsUp } from './plan/config.js';
import { lengthProblems, memoryProblems, settingProblems, startProblems } from './plan/settings.js';

/** @import { Preparation } from './plan/preparation.js' */

/**
 * The current state:
 *
 * - `empty`: at least one folder has no photos yet
 * - `checking`: photos are being examined (`checked` says how far)
 * - `ready`: both folders are there; `dataset.refused` says whether they can be used
 * - `calibrating`: some steps are being measured, on networks that are then discarded
 * - `calibrated`: ready, and `calibration` says how long the run would take
 * - `starting`: networks are being created, photos copied, a checkpoint read
 * - `training`
 * - `saving`: the run was halted and is being written, before `paused` or `finished`
 * - `paused`
 * - `recovering`: the engine died; a new one continues from the last checkpoint
 * - `finished`: the run is over or was stopped; its weights are in `run` and, if possible, in `runs`
 * - `failed`: the run cannot continue by itself; `resume()` tries from the last checkpoint, `stop()` keeps
 *   what there is, `discard()` forgets it
 * @typedef {'empty' | 'checking' | 'ready' | 'calibrating' | 'calibrated' | 'starting' | 'training' | 'saving' | 'paused' | 'recovering' | 'finished' | 'failed'}
 *   State
 */

/**
 * @typedef {object} Sources
 * @property {State | null} doing null: a run is in preparation
 * @property {Pick<Preparation, 'folders' | 'preset' | 'settings' | 'start' | 'network' | 'need' | 'calibration'>}
 *   next
 * @property {import('./run/run.js').TrainRun | null} run
 * @property {Pick<import('./keep/library.js').Library, 'offers' | 'runs' | 'space'>} library
 * @property {boolean} held another tab of this browser is training
 * @property {import('../page/notices.js').Notice[]} notices latest last
 */

/** @typedef {ReturnType<typeof snapshotOf>} Snapshot */

/** @param {Sources} parts */
export function snapshotOf(parts) {
  const { next, library, run, held, notices } = parts;
  const { folders, preset, settings, start, network, calibration } = next;
  const now = standing(parts);
  return {
    ...now,
    can: canDo(parts, now),
    /** The person's names for the domains. */
    names: run?.record.names ?? { A: folders.reports.A.name, B: folders.reports.B.name },
    folders: folders.reports,
    /** How many photos have been examined, of how many; null: none are being examined. */
    checked: folders.checked,
    preset,
    settings,
    start,
    /** Whether discriminators are first trained alone, so that the warm-up can be set. */
    warmsUp: warmsUp(start, network),
    calibration,
    run: run?.view() ?? null,
    runs: library.runs,
    /** Bytes that this site uses and may use; null if the browser does not say. */
    space: library.space,
    held,
    notices,
  };
}

/** The state, and what determines the possible actions. @param {Sources} parts */
function standing({ doing, next, library, run, held }) {
  const { folders, settings, start, network, need, calibration } = next;
  const { reports, both, checked } = folders;
  const looked = both && checked === null;
  const steps = looked ? stepsOf(settings, reports.A.training, reports.B.training) : null;
  const problems = settingProblems(settings);
  if (problems.length === 0) problems.push(...memoryProblems(settings, need));
  if (problems.length === 0 && steps !== null) {
    problems.push(...lengthProblems(settings, start, steps, network));
  }
  problems.push(...startProblems(start));
  // Runs that another tab is working on, or that are already on the page, are not on offer.
  const offers = library.offers.filter(({ id }) => !held && id !== run?.record.id);
  return {
    state: doing ?? preparing(calibration !== null, checked !== null, both),
    /** Steps of the whole run with these settings and folders; null until both folders are there. */
    steps,
    settingProblems: problems,
    /** Null until both folders have been examined. */
    dataset: looked ? folders.dataset(settings.crop) : null,
    /** An unfinished run to continue. */
    offer: offers.at(0) ?? null,
  };
}

/** @param {boolean} calibrated @param {boolean} checking @param {boolean} both @returns {State} */
function preparing(calibrated, checking, both) {
  if (checking) return 'checking';
  if (!both) return 'empty';
  return calibrated ? 'calibrated' : 'ready';
}

/**
 * Which methods of the session would do something now.
 * @param {Sources} parts
 * @param {ReturnType<typeof standing>} [now]
 */
export function canDo(parts, now = standing(parts)) {
  const { state, dataset, settingProblems: problems, offer } = now;
  const { held } = parts;
  const is = (/** @type {State[]} */ ...states) => states.includes(state);
  const preparing = is('empty', 'checking', 'ready', 'calibrated');
  const usable = dataset !== null && dataset.refused === null && problems.length === 0;
  const begin = is('ready', 'calibrated') && usable && !held;
  const hasRun = is('training', 'paused', 'failed');
  return {
    /** setFolder, setName, useSamples, set, startFrom, usePreset */
    edit: preparing,
    calibrate: begin,
    start: begin,
    pause: is('training', 'recovering'),
    resume: is('paused', 'failed'),
    step: is('paused'),
    /** Ends calibration, a start, or the run, whose weights are kept. */
    stop: hasRun || is('calibrating', 'starting', 'recovering'),
    discard: hasRun || is('recovering', 'finished', 'saving'),
    close: is('paused', 'failed', 'finished'),
    changeRates: is('training', 'paused'),
    /** For the finished run on the page; if there is none, for one in `runs`. */
    learnOn: (is('finished') || (preparing && state !== 'checking')) && !held,
    acceptOffer: preparing && state !== 'checking' && offer !== null && !held,
    discardOffer: preparing && offer !== null && !held,
    /** exportWeights, exportCurves */
    export: is('training', 'paused', 'finished'),
  };
}
