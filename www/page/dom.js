/** Short ways to find, make and change elements. All markup stands in index.html, in templates what comes later. */

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
 * Writes words only when they differ, so that a live region speaks of news alone, and whoever reads a place
 * is not thrown out of it.
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

/**
 * A file's name as it is shown: without the marks that would turn its letters round.
 * @param {string} name
 */
export function shownName(name) {
  return name.replace(/[\u202a-\u202e\u2066-\u2069]/g, '');
}

/**
 * Names an element for those who do not see it, and a button for those who point at it.
 * @param {Element} element
 * @param {string} words
 */
export function label(element, words) {
  if (element.getAttribute('aria-label') === words) return;
  element.setAttribute('aria-label', words);
  if (element instanceof HTMLButtonElement) element.title = words;
}

/** How long the browser may take to begin with a download, in milliseconds. What has begun goes on without its link. */
const BEGINNING = 60_000;

/**
 * Hands a file to the browser's downloads.
 * @param {Blob} file whose parts stay as long as it is linked to
 * @param {string} name
 */
export function downloadFile(file, name) {
  const url = URL.createObjectURL(file);
  download(url, name);
  setTimeout(() => URL.revokeObjectURL(url), BEGINNING);
}

/**
 * Hands what a link leads to to the browser's downloads.
 * @param {string} url
 * @param {string} name
 */
export function download(url, name) {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
}

/** Draws with the next frame; a hidden page gets none. @param {() => void} draw */
export function nextFrame(draw) {
  if (document.hidden) setTimeout(draw);
  else requestAnimationFrame(draw);
}

/**
 * Shows one of two buttons in the same place; the focus goes along.
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
