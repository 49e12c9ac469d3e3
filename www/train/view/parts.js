/** Small ways to make and find elements. All markup stands in index.html, in templates. */

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
 * Writes words only when they differ, so that a live region speaks of news alone.
 * @param {HTMLElement} element
 * @param {string} words
 */
export function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** @param {HTMLElement} element @param {string[]} lines one paragraph each */
export function writeLines(element, lines) {
  const shown = [...element.children].map(({ textContent }) => textContent);
  if (shown.length === lines.length && lines.every((line, i) => line === shown[i])) return;
  element.replaceChildren(...lines.map((line) => made('p', line)));
}
