/** Asks as what models are to be downloaded, and downloads them. */
import { button, byId, downloadFile, input, made } from './dom.js';
import { text } from './messages.js';
import { announce, notify } from './say.js';

/** @import { Reader } from './pth-reader.js' */
/** @import { ExportFormat } from '../pkg/cyclegan_web.js' */

/**
 * @typedef {object} ExportChoice
 * @property {ExportFormat} to
 * @property {boolean} half half the size
 * @property {string[]} directions values of those that were ticked
 * @property {boolean} judges
 */

/**
 * @typedef {object} Offer
 * @property {string} title
 * @property {{ value: string, words: string, ticked: boolean }[]} directions one: there is no choice
 * @property {boolean} judges whether there are any
 * @property {ExportFormat} to what is chosen at first
 * @property {Reader} reader of the file for PyTorch
 */

const FORMATS = /** @type {const} */ (['safetensors', 'pth', 'onnx']);

/**
 * The button says that it is busy while the file is made.
 * @param {HTMLButtonElement} pressed
 * @param {Offer} offer
 * @param {(choice: ExportChoice) => Promise<{ name: string, blob: Blob }>} make
 */
export async function downloadAs(pressed, offer, make) {
  notify('');
  const choice = await ask(offer);
  if (!choice) return;
  pressed.ariaBusy = 'true';
  const words = pressed.textContent;
  pressed.textContent = text('controls.downloading');
  try {
    const { name, blob } = await make(choice);
    downloadFile(blob, name);
    announce(text('models.added', { name }));
  } finally {
    pressed.ariaBusy = null;
    pressed.textContent = words;
  }
}

/** @param {Offer} offer @returns {Promise<ExportChoice | null>} null: nothing is to be downloaded */
function ask({ title, directions, judges, to, reader }) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('export'));
  if (dialog.open) return Promise.resolve(null);
  byId('export-title').textContent = title;
  byId('export-pth-about').textContent = text(`export.pth.${reader}`);
  for (const format of FORMATS) input(`export-${format}`).checked = format === to;
  input('export-half').checked = false;
  input('export-judges').checked = false;
  byId('export-directions').hidden = directions.length < 2;
  byId('export-boxes').replaceChildren(...directions.map(boxOf));
  const boxes = /** @type {HTMLInputElement[]} */ ([
    ...byId('export-boxes').querySelectorAll('input'),
  ]);
  const ticked = () => boxes.filter(({ checked }) => checked).map(({ value }) => value);
  const format = () => FORMATS.find((name) => input(`export-${name}`).checked) ?? to;
  const update = () => {
    byId('export-judges-row').hidden = !judges || format() !== 'pth';
    button('export-yes').disabled = ticked().length === 0;
  };
  dialog.onchange = update;
  update();
  button('export-no').onclick = () => dialog.close('no');
  button('export-yes').onclick = () => dialog.close('yes');
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    const answer = () => {
      if (dialog.returnValue !== 'yes') return resolve(null);
      const withJudges = input('export-judges').checked && !byId('export-judges-row').hidden;
      const half = input('export-half').checked;
      resolve({ to: format(), half, directions: ticked(), judges: withJudges });
    };
    dialog.addEventListener('close', answer, { once: true });
  });
}

/** @param {{ value: string, words: string, ticked: boolean }} direction */
function boxOf({ value, words, ticked }) {
  const label = document.createElement('label');
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.value = value;
  box.checked = ticked;
  label.append(box, made('span', words));
  return label;
}
