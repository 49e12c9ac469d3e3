/** Small ways to make and find elements. All markup stands in index.html, in templates. */
import { write } from '../../page/dom.js';

export { write };

/**
 * @param {string} id of a template with one element
 * @returns {HTMLElement}
 */
export function clone(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  return /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
}

/**
 * @param {ParentNode} root
 * @param {string} role
 * @returns {HTMLElement}
 */
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
 * Removes one of several lines. A focus in it goes on to the line after it, or the one before.
 * @param {HTMLElement} line
 * @param {string} goal what gets the focus there
 */
export function removeFocused(line, goal) {
  const other = line.nextElementSibling ?? line.previousElementSibling;
  const next = /** @type {HTMLElement | null | undefined} */ (other?.querySelector(goal));
  const focused = line.contains(document.activeElement);
  line.remove();
  if (focused) next?.focus();
}

/**
 * Writes lines, each in an element of its own; those that stay the same stay the same elements.
 * @param {HTMLElement} element
 * @param {string[]} lines
 * @param {'p' | 'li'} [tag]
 */
export function writeLines(element, lines, tag = 'p') {
  inOrder(element, lines, (i) => element.children[i] ?? document.createElement(tag), write);
}

/**
 * Brings what stands in an element in line with a list. What is in its place is not touched: it may have the
 * focus, or be under a pointer that is pressed.
 *
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
