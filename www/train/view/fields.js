/** The settings of a run as fields, each with one line of explanation. */
import { byId, clone, part, write } from '../../page/dom.js';
import { text } from '../../page/messages.js';
import { CHOICES, CHOSEN } from '../plan/settings.js';
import { sentence } from './words.js';

/** @import { Settings } from '../plan/types.js' */

/** @typedef {{ name: keyof Settings, id: string, least?: number, most?: number, step?: number | 'any', first?: boolean, scratch?: boolean }} Field */

/** In order of importance; those that are `first` are outside the drawer. @type {Field[]} */
const FIELDS = [
  { name: 'size', id: 'size', least: 24, most: 2048, step: 1, first: true },
  { name: 'crop', id: 'crop', least: 24, most: 1024, step: 4, first: true },
  { name: 'length', id: 'steps', least: 1, step: 1, first: true },
  { name: 'preprocess', id: 'preprocess' },
  { name: 'unit', id: 'unit' },
  { name: 'lr', id: 'lr', step: 'any' },
  { name: 'rule', id: 'lr-rule' },
  { name: 'ema', id: 'ema' },
  { name: 'lambdaCycle', id: 'lambda-cycle', least: 0, step: 'any' },
  { name: 'lambdaIdentity', id: 'lambda-identity', least: 0, step: 'any' },
  { name: 'ganMode', id: 'gan-mode' },
  { name: 'augment', id: 'augment' },
  { name: 'ngf', id: 'ngf', least: 1, most: 256, step: 1, scratch: true },
  { name: 'blocks', id: 'blocks', least: 0, most: 32, step: 1, scratch: true },
  { name: 'up', id: 'up', scratch: true },
  { name: 'warmUp', id: 'warmup', least: 0, step: 1 },
  { name: 'polish', id: 'polish', least: 0, step: 1 },
  { name: 'previewEvery', id: 'preview-every', least: 1, step: 1 },
  { name: 'seed', id: 'seed', least: 0, step: 1 },
];

/** Choices of the settings that are not numbers. @type {Record<string, readonly string[] | undefined>} */
const CHOICES_OF = CHOICES;

/** @type {Map<Field, { row: HTMLElement, control: HTMLInputElement | HTMLSelectElement }>} */
const rows = new Map();

/** @param {(settings: Partial<Settings>) => void} onSet */
export function setUpFields(onSet) {
  for (const field of FIELDS) {
    const control = controlOf(field);
    const row = settingRow(field.name, control, `setting-${field.id}`);
    part(row, 'wrong').id = `${control.id}-wrong`;
    control.setAttribute('aria-describedby', `${control.id}-about ${control.id}-wrong`);
    const read = () => onSet({ [field.name]: readValue(field, control.value) });
    control.addEventListener('input', read);
    rows.set(field, { row, control });
    byId(field.first ? 'plan-fields' : 'settings').append(row);
  }
}

/**
 * A setting's row: its name, its control, and what it does.
 * @param {string} name
 * @param {HTMLElement} control
 * @param {string} id
 */
export function settingRow(name, control, id) {
  const row = clone('setting');
  control.id = id;
  control.dataset.testid = id;
  part(row, 'label').textContent = text(`setting.${name}`);
  part(row, 'label').after(control);
  part(row, 'about').textContent = text(`setting.${name}.about`);
  part(row, 'about').id = `${id}-about`;
  control.setAttribute('aria-describedby', `${id}-about`);
  return row;
}

/** @param {Field} field */
function controlOf({ name, least, most, step }) {
  const choices = CHOICES_OF[name];
  if (choices) {
    const list = document.createElement('select');
    for (const value of choices) list.add(new Option(text(`setting.${name}.${value}`), value));
    return list;
  }
  const box = document.createElement('input');
  box.type = 'number';
  if (least !== undefined) box.min = String(least);
  if (most !== undefined) box.max = String(most);
  box.step = String(step);
  box.inputMode = 'decimal';
  return box;
}

/** @param {Field} field @param {string} written */
function readValue({ name }, written) {
  if (CHOICES_OF[name]) return written;
  if (CHOSEN.has(name) && written.trim() === '') return null;
  // An empty field is not zero; the session reports the problem.
  return written.trim() === '' ? Number.NaN : Number(written);
}

/** @param {import('../snapshot.js').Snapshot} snapshot */
export function showFields({ settings, settingProblems, start, warmsUp, names }) {
  for (const [field, { row, control }] of rows) {
    const value = settings[field.name];
    const written = value === null || Number.isNaN(value) ? '' : String(value);
    // Leaves a field alone while someone is typing in it.
    if (document.activeElement !== control && control.value !== written) control.value = written;
    const problem = settingProblems.find(({ field: name }) => name === field.name);
    const wrong = part(row, 'wrong');
    wrong.hidden = !problem;
    write(wrong, problem ? sentence(problem, names) : '');
    control.setAttribute('aria-invalid', String(Boolean(problem)));
    // Weights determine their own network, and only fresh discriminators need warming up.
    if (field.scratch) row.hidden = start.kind !== 'scratch';
    if (field.name === 'warmUp') row.hidden = !warmsUp;
    if (field.name === 'size') row.hidden = settings.preprocess === 'crop';
  }
  const [length] = [...rows].filter(([{ name }]) => name === 'length').map(([, row]) => row);
  write(part(length.row, 'label'), text(`setting.length.${settings.unit}`));
}
