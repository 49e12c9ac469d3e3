/** Downloads the chosen model. What writes it is fetched when the page has started, or else when it is needed. */
import { notFetched } from '../failure.js';
import { button } from '../page/dom.js';
import { tellFailure } from '../page/say.js';

/** @import { Page } from './export-model.js' */

/** @typedef {typeof import('./export-model.js')} Writer */

/** @type {Writer | null} */
let writer = null;

/** @returns {Promise<Writer>} */
async function fetchWriter() {
  writer ??= await import('./export-model.js');
  return writer;
}

/** @param {Page} page */
export function setUpDownload(page) {
  const pressed = button('download-model');
  pressed.addEventListener('click', () => {
    if (!pressed.ariaBusy) download(pressed, page).catch(tellFailure);
  });
  fetchWriter().catch(() => {});
}

/** @param {HTMLButtonElement} pressed @param {Page} page */
async function download(pressed, page) {
  writer ??= await fetchWriter().catch(notFetched);
  await writer.downloadModel(pressed, page);
}
