/** The list of models: the page's, those beside it, and the visitor's own, in groups. */
import { select, shownName } from '../page/dom.js';
import { text } from '../page/messages.js';

/** @import { About } from '../files/about.js' */
/** @import { Model } from '../models/models.js' */

/** @type {Map<string, Model>} */
const models = new Map();

const list = () => select('model');

/** @returns {Model} */
export function chosenModel() {
  return /** @type {Model} */ (models.get(list().value));
}

/** @param {string} value */
export const modelOf = (value) => models.get(value);

/** In the order in which they are shown. */
export const allModels = () => [...list().options].flatMap(({ value }) => models.get(value) ?? []);

/**
 * The name of a model that says which looks it translates.
 * @param {Pick<About, 'from' | 'to'>} about
 * @returns {string | null}
 */
export const pairName = ({ from, to }) =>
  from && to ? text('train.direction', { from, to }) : null;

/** What a model is called. @param {Model} model */
export const nameOf = ({ name, value }) =>
  name === null ? text(`models.${value}`) : shownName(name);

/** Adds a model at the end of its group; one that is added again takes the place of the former. @param {Model} model */
export function addModel(model) {
  remove(model.value);
  models.set(model.value, model);
  groupOf(model).append(new Option(nameOf(model), model.value));
}

/** Whether it was the chosen one; then the first model is chosen instead. @param {string} value */
export function removeModel(value) {
  const chosen = list().value === value;
  remove(value);
  if (chosen) list().selectedIndex = 0;
  return chosen;
}

/** Another model, or another name for it, in the same place. @param {string} before its value @param {Model} model */
export function replaceModel(before, model) {
  const option = optionOf(before);
  models.delete(before);
  models.set(model.value, model);
  if (!option) return;
  option.value = model.value;
  option.textContent = nameOf(model);
}

/**
 * Selects a value, possibly from an earlier visit, if it still exists.
 * @param {HTMLSelectElement} choices
 * @param {string | null} value
 */
export function choose(choices, value) {
  if (value !== null && [...choices.options].some((option) => option.value === value))
    choices.value = value;
}

/** @param {Model} model @returns {HTMLElement} */
function groupOf({ card, hosted }) {
  if (card) return list();
  const id = hosted ? 'site' : 'own';
  const known = list().querySelector(`optgroup[data-of=${id}]`);
  if (known instanceof HTMLElement) return known;
  const group = document.createElement('optgroup');
  group.dataset.of = id;
  group.label = text(`models.${id}`);
  // The visitor's own stay last.
  if (hosted) list().insertBefore(group, list().querySelector('optgroup'));
  else list().append(group);
  return group;
}

/** @param {string} value */
function remove(value) {
  models.delete(value);
  const option = optionOf(value);
  const group = option?.parentElement;
  option?.remove();
  if (group instanceof HTMLOptGroupElement && group.children.length === 0) group.remove();
}

/** @param {string} value of a model */
function optionOf(value) {
  return [...list().options].find((option) => option.value === value);
}
