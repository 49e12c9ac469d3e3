/**
 * The bar: which model, at what size, saved as what. Choices are kept between visits; until the visitor has
 * chosen a size, the device proposes one.
 */
import { shippedModels } from '../models/models.js';
import { button, byId, input, select } from '../page/dom.js';
import { recall, remember } from '../page/memory.js';
import { showCard } from './model-card.js';
import { addModel, choose, chosenModel, removeModel, replaceModel } from './model-list.js';

/** @import { Longest, Smooth, TranslateSettings } from '../engine/protocol.js' */
/** @import { Model } from '../models/models.js' */

/** The lists of the bar. */
const CHOICES = ['model', 'size', 'format', 'quality', 'smooth'];

/** @param {Model[]} own the visitor's models @param {() => void} onChange */
export function setUpControls(own, onChange) {
  for (const model of [...shippedModels(), ...own]) addModel(model);
  choose(select('model'), recall('model'));
  choose(select('size'), recall('size'));
  choose(select('format'), recall('format'));
  choose(select('quality'), recall('quality'));

  for (const name of CHOICES) {
    select(name).addEventListener('change', () => {
      remember(name, select(name).value);
      proposed ||= name === 'size';
      if (name === 'model') {
        chosenByHand = true;
        showModel();
      }
      if (name === 'format') showQuality();
      onChange();
    });
  }
  // A typed number is clamped to its range when the field loses the focus.
  input('margin').addEventListener('change', () => {
    input('margin').value = String(margin());
  });
  closeOutside(/** @type {HTMLDetailsElement} */ (byId('more')));
  showModel();
  showQuality();
}

/** @returns {TranslateSettings} */
export function settings() {
  const size = select('size').value;
  return {
    size: /** @type {Longest} */ (Number(size) || size),
    format: /** @type {import('../files/names.js').Format} */ (select('format').value),
    margin: margin(),
    smooth: /** @type {Smooth} */ (Number(select('smooth').value)),
    ...(isLossy() ? { quality: Number(select('quality').value) / 100 } : {}),
  };
}

const isLossy = () => select('format').value !== 'png';

function showQuality() {
  byId('quality-field').hidden = !isLossy();
}

/** Offers the formats that this browser writes. @param {import('../files/names.js').Format[]} formats */
export function offerFormats(formats) {
  const list = select('format');
  for (const format of formats) {
    const isThere = [...list.options].some(({ value }) => value === format);
    if (!isThere) list.add(new Option(NAMES[format], format));
  }
  choose(list, recall('format'));
  showQuality();
}

/** @type {Record<import('../files/names.js').Format, string>} */
const NAMES = { png: 'PNG', jpeg: 'JPEG', webp: 'WebP', avif: 'AVIF' };

let proposed = false;

/** @param {number} size the device's; a visitor's choice overrides it, also when the engine is replaced */
export function proposeSize(size) {
  if (!proposed && recall('size') === null) select('size').value = String(size);
  proposed = true;
}

/**
 * Adds models beside the page, of which the last visit may have chosen one.
 * @param {Model[]} hosted
 */
export function addSiteModels(hosted) {
  const { value } = select('model');
  for (const model of hosted) addModel(model);
  const wanted = recall('model');
  if (wanted?.startsWith('site:') && !chosenByHand) choose(select('model'), wanted);
  if (select('model').value !== value) showModel();
}

let chosenByHand = false;

/**
 * @param {Model} model in the list
 * @param {{ forGood?: boolean }} [how] forGood: as the visitor's choice, which the next visit finds again
 */
export function chooseModel({ value }, { forGood = true } = {}) {
  chosenByHand = true;
  select('model').value = value;
  if (forGood) remember('model', value);
  showModel();
}

/** Removes a model; if it was chosen, the first one is chosen instead. @param {Model} model */
export function dropModel({ value }) {
  if (!removeModel(value)) return;
  if (recall('model') === value) remember('model', select('model').value);
  showModel();
}

/**
 * Another name for a model, or more that is known of it. A margin that the visitor has changed stays.
 * @param {Model} before
 * @param {Model} model
 */
export function changeModel(before, model) {
  const isChosen = chosenModel().value === before.value;
  replaceModel(before.value, model);
  if (!isChosen) return;
  if (recall('model') === before.value) remember('model', model.value);
  const asked = margin();
  showModel();
  if (asked !== before.margin) input('margin').value = String(asked);
}

/** What had the focus before locking. @type {HTMLElement | null} */
let left = null;

/** Locks what must not change during a run, or while weights are added. @param {boolean} locked */
export function lockControls(locked) {
  const focused = document.activeElement;
  for (const name of CHOICES) select(name).disabled = locked;
  for (const name of ['margin', 'weights']) input(name).disabled = locked;
  input('own-name').readOnly = locked; // it keeps the focus while its weights are renamed
  for (const id of ['forget', 'polish', 'download-model']) button(id).disabled = locked;
  if (focused instanceof HTMLElement && focused.matches(':disabled')) {
    left = focused;
    button('cancel').focus(); // only shown during a run
  } else if (!locked && left) {
    // Disabled or hidden elements lose the focus at the next frame, not immediately.
    const lost = focused === document.body || focused === left;
    if (lost) (left.getClientRects().length > 0 ? left : select('model')).focus();
    left = null;
  }
}

/** Whole pixels, 0 to 64. */
function margin() {
  const pixels = Math.round(Number(input('margin').value));
  return Math.min(64, Math.max(0, pixels || 0));
}

/** The chosen model's card, margin and colours; and its smoothness, unless the visitor has chosen one. */
function showModel() {
  const model = chosenModel();
  document.body.dataset.direction = model.direction;
  input('margin').value = String(model.margin);
  choose(select('smooth'), String(model.smooth));
  choose(select('smooth'), recall('smooth'));
  const isOwn = model.file !== null;
  button('forget').hidden = !isOwn;
  byId('rename').hidden = !isOwn;
  input('own-name').value = isOwn ? (model.name ?? '') : '';
  showCard(model);
}

/**
 * Closes a disclosure when something else is clicked or focused, or with Escape.
 * @param {HTMLDetailsElement} details
 */
function closeOutside(details) {
  // A dialog about its contents still belongs to it.
  const inDialog = (/** @type {EventTarget | null} */ target) =>
    target instanceof Element && target.closest('dialog');
  const closeFor = (/** @type {EventTarget | null} */ other) => {
    if (other instanceof Element && !details.contains(other) && !inDialog(other))
      details.open = false;
  };
  document.addEventListener('pointerdown', ({ target }) => closeFor(target));
  details.addEventListener('focusout', ({ relatedTarget }) => closeFor(relatedTarget));
  // Wherever the focus is: a button in it that became disabled has lost it.
  document.addEventListener('keydown', ({ key, target }) => {
    if (key !== 'Escape' || !details.open || inDialog(target)) return;
    details.open = false;
    details.querySelector('summary')?.focus();
  });
}
