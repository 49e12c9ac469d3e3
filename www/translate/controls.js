/**
 * The bar: which model, at what size, saved as what. Choices are kept between visits; until the visitor has
 * chosen a size, the device proposes one.
 */
import { ownModel, shippedModels } from '../models/models.js';
import { button, byId, input, made, select } from '../page/dom.js';
import { recall, remember } from '../page/memory.js';
import { formatBytes, formatSmall, text } from '../page/messages.js';

/** @import { ModelReport } from '../pkg/cyclegan_web.js' */
/** @import { Longest, Smooth, TranslateSettings } from '../engine/protocol.js' */
/** @import { Card, Model } from '../models/models.js' */

/** @typedef {{ name: string, margin: number, bytes: number, network?: ModelReport }} Own the visitor's own weights */

/** The lists of the bar. */
const CHOICES = ['model', 'size', 'format', 'smooth'];

/** @type {Map<string, Model>} */
const models = new Map();

/** @param {Own[]} own the visitor's weights @param {() => void} onChange */
export function setUpControls(own, onChange) {
  for (const model of shippedModels()) {
    addOption(select('model'), model, text(`models.${model.value}`));
  }
  for (const one of own) addOwnModel(one);
  choose(select('model'), recall('model'));
  choose(select('size'), recall('size'));
  choose(select('format'), recall('format'));

  for (const name of CHOICES) {
    select(name).addEventListener('change', () => {
      remember(name, select(name).value);
      proposed ||= name === 'size';
      if (name === 'model') showModel();
      onChange();
    });
  }
  // A typed number is clamped to its range when the field loses the focus.
  input('margin').addEventListener('change', () => {
    input('margin').value = String(margin());
  });
  closeOutside(/** @type {HTMLDetailsElement} */ (byId('more')));
  showModel();
}

/** @returns {Model} */
export function chosenModel() {
  return /** @type {Model} */ (models.get(select('model').value));
}

/** @returns {TranslateSettings} */
export function settings() {
  const size = select('size').value;
  return {
    size: size === 'own' ? 'own' : /** @type {Longest} */ (Number(size)),
    format: /** @type {import('../files/names.js').Format} */ (select('format').value),
    margin: margin(),
    smooth: /** @type {Smooth} */ (Number(select('smooth').value)),
  };
}

let proposed = false;

/** @param {number} size the device's; a visitor's choice overrides it, also when the engine is replaced */
export function proposeSize(size) {
  if (!proposed && recall('size') === null) select('size').value = String(size);
  proposed = true;
}

/** @param {Own} own @param {boolean} [chosen] select it, as the visitor's choice */
export function addOwnModel({ name, ...about }, chosen = false) {
  const model = ownModel(name, about);
  let group = select('model').querySelector('optgroup');
  if (!group) {
    group = document.createElement('optgroup');
    group.label = text('models.own');
    select('model').append(group);
  }
  addOption(group, model, name);
  if (!chosen) return;
  select('model').value = model.value;
  remember('model', model.value);
  showModel();
}

/**
 * Removes own weights from the select; if they were chosen, the first model is chosen instead.
 * @param {string} name
 */
export function removeOwnModel(name) {
  const chosen = chosenModel().name === name;
  const group = optionOf(`own:${name}`)?.parentElement;
  removeOption(`own:${name}`);
  if (group instanceof HTMLOptGroupElement && !group.children.length) group.remove();
  if (!chosen) return;
  select('model').selectedIndex = 0;
  remember('model', select('model').value);
  showModel();
}

/** @param {string} from name of own weights @param {string} name their new name */
export function renameOwnModel(from, name) {
  const chosen = chosenModel().name === from;
  const option = optionOf(`own:${from}`);
  const before = models.get(`own:${from}`);
  if (!option || !before) return;
  const model = ownModel(name, before);
  const margin = input('margin').value;
  models.delete(before.value);
  models.set(model.value, model);
  option.value = model.value;
  option.textContent = name;
  if (!chosen) return;
  remember('model', model.value);
  showModel();
  input('margin').value = margin;
}

/** What had the focus before locking. @type {HTMLElement | null} */
let left = null;

/** Locks what must not change during a run, or while weights are added. @param {boolean} locked */
export function lockControls(locked) {
  const focused = document.activeElement;
  for (const name of CHOICES) select(name).disabled = locked;
  for (const name of ['margin', 'weights']) input(name).disabled = locked;
  input('own-name').readOnly = locked; // it keeps the focus while its weights are renamed
  button('forget').disabled = locked;
  button('polish').disabled = locked;
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

/** @param {HTMLElement} parent @param {Model} model @param {string} label */
function addOption(parent, model, label) {
  // Weights that are added again after being lost stay chosen.
  if (models.has(model.value)) removeOption(model.value);
  models.set(model.value, model);
  parent.append(new Option(label, model.value));
}

/** @param {string} value */
function removeOption(value) {
  models.delete(value);
  optionOf(value)?.remove();
}

/** @param {string} value of a model */
function optionOf(value) {
  return [...select('model').options].find((option) => option.value === value);
}

/**
 * Selects a value, possibly from an earlier visit, if it still exists.
 * @param {HTMLSelectElement} list
 * @param {string | null} value
 */
function choose(list, value) {
  if (value !== null && [...list.options].some((option) => option.value === value))
    list.value = value;
}

/** Whole pixels, 0 to 64. */
function margin() {
  const pixels = Math.round(Number(input('margin').value));
  return Math.min(64, Math.max(0, pixels || 0));
}

/** The chosen model's card, margin and colours; and its smoothness, unless the visitor has chosen one. */
function showModel() {
  const model = chosenModel();
  const { card, name, direction } = model;
  document.body.dataset.direction = direction;
  input('margin').value = String(model.margin);
  choose(select('smooth'), String(model.smooth));
  choose(select('smooth'), recall('smooth'));
  byId('card-title').textContent = name ?? text(`models.${model.value}`);
  byId('card-about').textContent = text(`models.about.${card ? card.id : 'own'}`);
  button('forget').hidden = card !== null;
  byId('rename').hidden = card !== null;
  input('own-name').value = name ?? '';
  const facts = card ? cardFacts(card) : ownFacts(model);
  byId('card-facts').replaceChildren(
    ...facts.flatMap(([term, fact]) => [made('dt', text(term)), made('dd', fact)]),
  );
}

/** @param {Card} card @returns {[string, string][]} key of the term, and the fact */
function cardFacts(card) {
  const trained = /** @type {Record<string, string | number>} */ (card.trained);
  return [
    ['models.trained', text(`models.trained.${card.trained.on}`, trained)],
    ['models.made', text('models.pixels', { n: card.size })],
    ...cardScores(card),
    ['models.network', networkWords(card)],
    ['models.margin', text('models.pixels', { n: card.margin })],
    ['models.bytes', formatBytes(card.bytes)],
    ['models.sha256', card.sha256],
  ];
}

/**
 * Its measured scores; the round trip only if there is a model for the way back.
 * @param {Card} card
 * @returns {[string, string][]}
 */
function cardScores({ back, grid }) {
  /** @type {[string, string][]} */
  const facts = [['models.grid', text('models.grid.value', { grid: formatSmall(grid) })]];
  if (back !== null)
    facts.unshift(['models.back', text('models.back.value', { back: formatSmall(back) })]);
  return facts;
}

/**
 * A network's properties, in one line.
 * @param {Pick<Card, 'blocks' | 'ngf' | 'parameters' | 'up' | 'norm'>} network
 */
function networkWords({ blocks, ngf, parameters, up, norm }) {
  let words = text('models.network.resnet', { blocks, ngf, parameters });
  if (up === 'bilinear') words += text('models.network.bilinear');
  if (up === 'nearest') words += text('models.network.nearest');
  if (norm === 'instance_affine') words += text('models.network.affine');
  return words;
}

/** @param {Model} own @returns {[string, string][]} */
function ownFacts({ margin, bytes, network }) {
  /** @type {[string, string][]} */
  const facts = [];
  if (network) facts.push(['models.network', networkWords(network)]);
  if (margin > 0) facts.push(['models.margin', text('models.pixels', { n: margin })]);
  if (bytes !== null) facts.push(['models.bytes', formatBytes(bytes)]);
  return facts;
}

/**
 * Closes a disclosure when something else is clicked or focused, or with Escape.
 * @param {HTMLDetailsElement} details
 */
function closeOutside(details) {
  const closeFor = (/** @type {EventTarget | null} */ other) => {
    // A dialog about its contents still belongs to it.
    if (other instanceof Element && !details.contains(other) && !other.closest('dialog'))
      details.open = false;
  };
  document.addEventListener('pointerdown', ({ target }) => closeFor(target));
  details.addEventListener('focusout', ({ relatedTarget }) => closeFor(relatedTarget));
  details.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !details.open) return;
    details.open = false;
    details.querySelector('summary')?.focus();
  });
}
