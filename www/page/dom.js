/** Helpers for finding, creating and changing elements. All markup is in index.html, partly in templates. */
import { unturned } from '../files/names.js';

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
}

/** @param {string} id */
export const button = (id) => /** @type {HTMLButtonElement} */ (byId(id));
/** @param {string} id */
export const input = (id) => /** @type {HTMLInputElement} */ (byId(id));
/** @param {string} id */
export const select = (id) => /** @type {HTMLSelectElement} */ (byId(id));

/**
 * Writes text only if it differs, so that a live region announces only news, and readers keep their place.
 * @param {Element} element
 * @param {string} words
 */
export function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** @param {string} id of a template with one element @returns {HTMLElement} */
export function clone(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  return /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
}

/** @param {ParentNode} root @param {string} role @returns {HTMLElement} */
export function part(root, role) {
  return /** @type {HTMLElement} */ (root.querySelector(`[data-role="${role}"]`));
}

/** @param {ParentNode} root @param {string} role */
export const inputPart = (root, role) => /** @type {HTMLInputElement} */ (part(root, role));

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} words
 * @param {string} [className]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function made(tag, words, className = '') {
  const element = document.createElement(tag);
  element.textContent = words;
  if (className) element.className = className;
  return element;
}

/**
 * Removes one of several lines. If it has the focus, the next line, or the previous one, gets it.
 * @param {HTMLElement} line
 * @param {string} goal the element that gets the focus there
 */
export function removeFocused(line, goal) {
  const other = line.nextElementSibling ?? line.previousElementSibling;
  const next = /** @type {HTMLElement | null | undefined} */ (other?.querySelector(goal));
  const focused = line.contains(document.activeElement);
  line.remove();
  if (focused) next?.focus();
}

/**
 * Writes lines, each in its own element; unchanged lines keep their elements.
 * @param {HTMLElement} element
 * @param {string[]} lines
 * @param {'p' | 'li'} [tag]
 */
export function writeLines(element, lines, tag = 'p') {
  inOrder(element, lines, (i) => element.children[i] ?? document.createElement(tag), write);
}

/**
 * Synchronises the children of an element with a list. Children already in place are not touched, because
 * they may have the focus, or be under a pressed pointer.
 * @template T
 * @template {Element} E
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {(i: number) => E} find the element of an item, old or new
 * @param {(element: E, item: T, i: number) => void} draw
 */
export function inOrder(parent, items, find, draw) {
  for (const [i, item] of items.entries()) {
    const element = find(i);
    draw(element, item, i);
    const there = parent.children[i] ?? null;
    if (there !== element) parent.insertBefore(element, there);
  }
  while (parent.children.length > items.length) parent.lastElementChild?.remove();
}

/** A file's name for display, without the marks that would reverse its letters. @param {string} name */
export const shownName = (name) => unturned(name) || '…';

/**
 * Gives an element an accessible name, and a button a tooltip.
 * @param {Element} element
 * @param {string} words
 */
export function label(element, words) {
  if (element.getAttribute('aria-label') === words) return;
  element.setAttribute('aria-label', words);
  if (element instanceof HTMLButtonElement) element.title = words;
}

/** How long the browser may take to start a download, in milliseconds. Once started, it no longer needs its link. */
const BEGINNING = 60_000;

/**
 * Passes a file to the browser's downloads.
 * @param {Blob} file whose parts stay alive as long as it is linked
 * @param {string} name
 */
export function downloadFile(file, name) {
  const url = URL.createObjectURL(file);
  download(url, name);
  setTimeout(() => URL.revokeObjectURL(url), BEGINNING);
}

/** Passes a link's target to the browser's downloads. @param {string} url @param {string} name */
export function download(url, name) {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
}

/** Draws with the next frame; a hidden page gets none, so it draws at once. @param {() => void} draw */
export function nextFrame(draw) {
  if (document.hidden) setTimeout(draw);
  else requestAnimationFrame(draw);
}

/**
 * Shows one of two buttons in the same place and moves the focus along.
 * @param {HTMLButtonElement} first
 * @param {HTMLButtonElement} second
 * @param {boolean} useSecond
 */
export function swap(first, second, useSecond) {
  const [shown, gone] = useSecond ? [second, first] : [first, second];
  const focused = document.activeElement === gone;
  shown.hidden = false;
  gone.hidden = true;
  if (focused) shown.focus();
}
