/** Downloads the chosen model. What writes it is fetched when the page has started, or else when it is needed. */
import { CodedError } from '../failure.js';
import { button } from '../page/dom.js';
import { tellFailure } from '../page/say.js';

/** @import { Page } from './export-model.js' */

const fetchWriter = () => import('./export-model.js');

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
  const { downloadModel } = await fetchWriter().catch((error) => {
    throw new CodedError('engine-unavailable', String(error));
  });
  await downloadModel(pressed, page);
}
