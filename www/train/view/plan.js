/** Before a run: its initial weights, its settings, and how long it will take here. */
import { shippedModels } from '../../models/models.js';
import { button, byId, input, select, write, writeLines } from '../../page/dom.js';
import { formatClock, text } from '../../page/messages.js';
import { announce } from '../../page/say.js';
import { PRESET_NAMES } from '../plan/presets.js';
import { setUpFields, showFields } from './fields.js';
import { directionOf, estimateWords, pairOf, proposalWords, sentence } from './words.js';

/** @import { Preset, StartChoice } from '../plan/types.js' */
/** @import { Snapshot } from '../snapshot.js' */

/** The choices in the list, to detect changes. */
let listed = '';
/** Picked weights files of generators and discriminators. @type {Record<'a' | 'b' | 'dA' | 'dB', File | null>} */
const files = { a: null, b: null, dA: null, dB: null };
/** Their fields: the file that each picks, and the direction that it makes or judges. */
const FIELDS = /** @type {const} */ ([
  ['start-a', 'a', 'A', 'plan.file'],
  ['start-b', 'b', 'B', 'plan.file'],
  ['start-d-a', 'dA', 'A', 'plan.judge'],
  ['start-d-b', 'dB', 'B', 'plan.judge'],
]);

/** @param {import('../session.js').TrainSession} session */
export function setUpPlan(session) {
  setUpFields((settings) => session.set(settings));
  for (const name of PRESET_NAMES)
    select('preset').append(new Option(text(`preset.${name}`), name));
  select('preset').addEventListener('change', () => {
    const preset = /** @type {Preset} */ (select('preset').value);
    session.usePreset(preset);
    announce(text(`preset.${preset}.about`), 'preset');
  });
  select('start-from').addEventListener('change', () => {
    session.startFrom(choiceOf(select('start-from').value, session.snapshot.runs));
  });
  for (const [id, file] of FIELDS) {
    const field = input(id);
    field.addEventListener('change', () => {
      files[file] = field.files?.[0] ?? null;
      field.value = ''; // or the same file, changed meanwhile, could not be chosen again
      session.startFrom({ kind: 'files', ...files });
    });
  }
  button('calibrate').addEventListener('click', () => session.calibrate());
  button('propose').addEventListener('click', () => session.applyProposal());
  button('train-start').addEventListener('click', () => session.start());
}

/** @param {Snapshot} snapshot */
export function showPlan(snapshot) {
  const { can, preset, start, settingProblems, calibration, names } = snapshot;
  if (select('preset').value !== preset) select('preset').value = preset;
  write(byId('preset-about'), text(`preset.${preset}.about`));
  showChoices(snapshot);
  showFields(snapshot);
  byId('start-files').hidden = start.kind !== 'files';
  for (const [id, file, domain, words] of FIELDS) {
    const values = { direction: directionOf(names, domain) };
    write(byId(`${id}-name`), files[file]?.name ?? text(words, values));
  }
  const problem = settingProblems.find(({ field }) => field === 'start');
  byId('start-wrong').hidden = !problem;
  write(byId('start-wrong'), problem ? sentence(problem, names) : '');
  write(byId('start-about'), text(`plan.about.${start.kind}`));
  showEstimate(snapshot);
  button('calibrate').disabled = !can.calibrate;
  button('train-start').disabled = !can.start;
  const known = calibration !== null;
  button('calibrate').classList.toggle('primary', !known);
  button('train-start').classList.toggle('primary', known);
  write(button('calibrate'), text(known ? 'plan.recalibrate' : 'plan.calibrate'));
}

/** @param {Snapshot} snapshot */
function showEstimate({ state, calibration, steps, settings, settingProblems, dataset }) {
  const proposal = calibration?.proposal ?? null;
  button('propose').hidden = !proposal;
  const box = byId('calibrate-result');
  box.toggleAttribute('data-known', calibration !== null);
  /** @type {string[]} */
  let lines = [];
  if (settingProblems.length > 0) lines = [text('plan.wrong')];
  else if (state === 'calibrating') lines = [text('plan.calibrating')];
  else if (calibration) {
    lines = estimateWords(calibration, Date.now());
    if (proposal) lines.push(proposalWords(proposal));
  } else if (dataset && !dataset.refused && steps !== null) {
    lines = [text('plan.unknown', { n: steps, crop: settings.crop })];
  }
  // Time passes: an estimate is not announced again because a minute has passed.
  if (calibration && box.dataset.of === JSON.stringify(calibration)) return;
  box.dataset.of = calibration ? JSON.stringify(calibration) : '';
  writeLines(box, lines);
  // Text that changes with every key typed into a setting is not announced.
  if (calibration) for (const line of lines) announce(line);
}

/** @param {Snapshot} snapshot */
function showChoices({ runs, start }) {
  const key = runs.map(({ id, step }) => `${id} ${step}`).join();
  const list = select('start-from');
  if (key !== listed || list.options.length === 0) {
    listed = key;
    const models = shippedModels().map(
      ({ value }) => new Option(text(`models.${value}`), `model:${value}`),
    );
    const own = runs.map(({ id, names, step, when }) => {
      const values = { pair: pairOf(names), n: step, time: formatClock(when) };
      return new Option(text('plan.run', values), `run:${id}`);
    });
    list.replaceChildren(
      group(text('plan.group.shipped'), models),
      ...(own.length > 0 ? [group(text('plan.group.runs'), own)] : []),
      new Option(text('plan.files'), 'files'),
      new Option(text('plan.scratch'), 'scratch'),
    );
  }
  const value = 'id' in start ? `${start.kind}:${start.id}` : start.kind;
  if (document.activeElement !== list || list.value !== value) list.value = value;
}

/** @param {string} label @param {HTMLOptionElement[]} options */
function group(label, options) {
  const one = document.createElement('optgroup');
  one.label = label;
  one.append(...options);
  return one;
}

/** @param {string} value of the list @param {Snapshot['runs']} runs @returns {StartChoice} */
function choiceOf(value, runs) {
  const [kind, ...rest] = value.split(':');
  const id = rest.join(':');
  if (kind === 'model') return { kind, id };
  if (kind === 'run') {
    return { kind, id, judges: runs.some((run) => run.id === id && run.learnOn !== null) };
  }
  return kind === 'files' ? { kind, ...files } : { kind: 'scratch' };
}
