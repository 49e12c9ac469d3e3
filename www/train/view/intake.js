/**
 * Photos for the two folders: picked, or dropped on either; two folders dropped together, or one that
 * contains `trainA` and `trainB` as PyTorch's data sets do, fill both.
 */
import { fromDrop, fromInput } from '../../files/walk.js';
import { byId, inputPart } from '../../page/dom.js';

/** @import { Domain } from '../gather/domains.js' */
/** @import { TrainSession } from '../session.js' */

/** @param {Map<Domain, HTMLElement>} cards @param {TrainSession} session */
export function takeFolders(cards, session) {
  for (const [domain, card] of cards) {
    for (const role of ['files', 'folder']) {
      const field = inputPart(card, role);
      field.addEventListener('change', () => {
        const files = [...(field.files ?? [])];
        field.value = ''; // so that the same files can be picked again
        if (files.length) session.setFolder(domain, fromInput(files));
      });
    }
  }
  const view = byId('view-train');
  view.addEventListener('dragover', (event) => {
    const over = domainUnder(event.target) ?? emptyDomain(session);
    for (const [domain, card] of cards) card.toggleAttribute('data-over', domain === over);
  });
  for (const end of ['dragleave', 'drop']) {
    view.addEventListener(end, () => {
      for (const card of cards.values()) card.removeAttribute('data-over');
    });
  }
  // A drop anywhere in the window is meant for the current view.
  document.addEventListener('drop', (event) => {
    const data = event.dataTransfer;
    if (view.hidden || !data?.types.includes('Files') || !session.can.edit) return;
    const both = foldersIn(data);
    if (both) {
      session.setFolder('A', fromDrop(both[0]));
      session.setFolder('B', fromDrop(both[1]));
    } else session.setFolder(domainUnder(event.target) ?? emptyDomain(session), fromDrop(data));
  });
}

/** @param {EventTarget | null} target @returns {Domain | null} */
function domainUnder(target) {
  const card = target instanceof Element ? target.closest('.domain') : null;
  return /** @type {Domain | null} */ (card?.getAttribute('data-domain') ?? null);
}

/** @param {TrainSession} session @returns {Domain} the first one without photos */
function emptyDomain({ folders }) {
  return folders.A.usable === 0 ? 'A' : 'B';
}

/**
 * Two folders dropped together, sorted by name. Call it inside the event.
 * @param {DataTransfer} data
 * @returns {[DataTransfer, DataTransfer] | null}
 */
function foldersIn(data) {
  const items = [...data.items];
  const entries = items.map((item) => item.webkitGetAsEntry?.());
  if (items.length !== 2 || !entries.every((entry) => entry?.isDirectory)) return null;
  const inOrder = (entries[0]?.name ?? '') <= (entries[1]?.name ?? '') ? items : items.reverse();
  const [first, second] = inOrder.map((item) => /** @type {any} */ ({ items: [item] }));
  return [first, second];
}
