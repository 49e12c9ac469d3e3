/** What the view draws, made of what the session holds: no page, no engine. */
import {
  lengthProblems,
  memoryProblems,
  settingProblems,
  startProblems,
  stepsOf,
  warmsUp,
} from './plan/settings.js';

/** @import { Can, Snapshot, State } from './types.js' */

/** In these states the device computes. */
const BUSY = new Set(['calibrating', 'starting', 'training', 'saving', 'recovering']);

/**
 * @typedef {object} Parts
 * @property {State | null} doing null: a run is prepared
 * @property {Pick<import('./plan/preparation.js').Preparation, 'device' | 'folders' | 'preset' | 'settings' | 'start' | 'network' | 'need' | 'calibration'>} next
 * @property {import('./run/run.js').TrainRun | null} run
 * @property {Pick<import('./keep/library.js').Library, 'offers' | 'runs' | 'space'>} library
 * @property {boolean} held
 * @property {Snapshot['notices']} notices
 */

/** @param {Parts} parts @returns {Snapshot} */
export function snapshotOf(parts) {
  const { held, notices } = parts;
  const { runs, space } = parts.library;
  // What another tab is at is not on offer, nor what is on the page already.
  const offers = parts.library.offers.filter(({ id }) => !held && id !== parts.run?.record.id);
  const { folders, preset, settings, start, network, device, need, calibration } = parts.next;
  const { reports, both, checked } = folders;
  const looked = both && checked === null;
  const steps = looked ? stepsOf(settings, reports.A.training, reports.B.training) : null;
  const problems = settingProblems(settings);
  if (problems.length === 0) problems.push(...memoryProblems(settings, need));
  if (problems.length === 0 && steps !== null) {
    problems.push(...lengthProblems(settings, start, steps, network));
  }
  problems.push(...startProblems(start));
  const dataset = looked ? folders.dataset(settings.crop) : null;
  const state = parts.doing ?? preparing(parts.next, checked !== null, both);
  const usable = dataset !== null && dataset.refused === null && problems.length === 0;
  return {
    state,
    can: canDo(state, usable, { held, offer: offers.length > 0 }),
    busy: BUSY.has(state),
    device,
    folders: reports,
    checked,
    dataset,
    preset,
    settings,
    settingProblems: problems,
    start,
    warmsUp: warmsUp(start, network),
    steps,
    calibration,
    run: parts.run?.view() ?? null,
    offer: offers[0] ?? null,
    runs,
    space,
    held,
    notices,
  };
}

/** @param {Pick<Parts['next'], 'calibration'>} next @param {boolean} checking @param {boolean} both @returns {State} */
function preparing({ calibration }, checking, both) {
  if (checking) return 'checking';
  if (!both) return 'empty';
  return calibration ? 'calibrated' : 'ready';
}

/**
 * @param {State} state
 * @param {boolean} usable folders and settings are
 * @param {{ held: boolean, offer: boolean }} found
 * @returns {Can}
 */
function canDo(state, usable, { held, offer }) {
  const is = (/** @type {State[]} */ ...states) => states.includes(state);
  const preparing = is('empty', 'checking', 'ready', 'calibrated');
  const begin = is('ready', 'calibrated') && usable && !held;
  const hasRun = is('training', 'paused', 'failed');
  return {
    edit: preparing,
    calibrate: begin,
    start: begin,
    pause: is('training', 'recovering'),
    resume: is('paused', 'failed'),
    step: is('paused'),
    stop: hasRun || is('calibrating', 'starting', 'recovering'),
    discard: hasRun || is('recovering', 'finished', 'saving'),
    close: is('paused', 'failed', 'finished'),
    changeRates: is('training', 'paused'),
    learnOn: (is('finished') || (preparing && state !== 'checking')) && !held,
    acceptOffer: preparing && state !== 'checking' && offer && !held,
    discardOffer: preparing && offer && !held,
    export: is('training', 'paused', 'finished'),
  };
}
