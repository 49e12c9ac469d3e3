/** Short ways to reach the elements of index.html, which are all there from the start. */
import { Speaker } from './speaker.js';

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
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

const speaker = new Speaker((words) => write(byId('announce'), words));

/**
 * Says something to people who listen to the page, when they have a moment.
 * @param {string} words
 * @param {string} [topic] of which only the latest matters
 */
export function announce(words, topic) {
  speaker.say(words, topic);
}

/** What stays true of this browser, whatever else is said. */
let standing = '';

/**
 * Shows a problem of the whole page; an empty text takes it away.
 * @param {string} words
 */
export function notify(words) {
  const notice = byId('notice');
  write(notice, words || standing);
  notice.hidden = notice.textContent === '';
}

/**
 * Shows a warning for as long as there is nothing worse to say.
 * @param {string} words
 */
export function warn(words) {
  standing = words;
  notify('');
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
