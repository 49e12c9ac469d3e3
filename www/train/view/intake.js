/**
 * Photos into the two folders: picked, or dropped on either; two folders dropped together, or one that has
 * `trainA` and `trainB` inside as PyTorch's data sets do, fill both.
 */
import { byId } from '../../dom.js';
import { fromDrop, fromInput } from '../../files.js';
import { showNothingIn } from './folders.js';
import { inputPart } from './parts.js';

/** @typedef {import('../types.js').Domain} Domain */
/** @typedef {import('../types.js').TrainSessionApi} Session */
/** @typedef {import('../../files.js').Candidate} Candidate */
/** @typedef {AsyncGenerator<import('../../files.js').Chunk>} Chunks */

/**
 * @param {Map<Domain, HTMLElement>} cards
 * @param {Session} session
 */
export function takeFolders(cards, session) {
  for (const [domain, card] of cards) {
    for (const role of ['files', 'folder']) {
      const field = inputPart(card, role);
      field.addEventListener('change', () => {
        const files = [...(field.files ?? [])];
        field.value = ''; // so that the same files can be picked again
        if (files.length) fill(session, domain, fromInput(files));
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
  // What is dropped anywhere in the window is meant for the view that is shown.
  document.addEventListener('drop', (event) => {
    const data = event.dataTransfer;
    if (view.hidden || !data?.types.includes('Files') || !session.snapshot.can.edit) return;
    const both = foldersIn(data);
    if (both) {
      fill(session, 'A', fromDrop(both[0]));
      fill(session, 'B', fromDrop(both[1]));
    } else fill(session, domainUnder(event.target) ?? emptyDomain(session), fromDrop(data));
  });
}

/** @param {EventTarget | null} target @returns {Domain | null} */
function domainUnder(target) {
  const card = target instanceof Element ? target.closest('.domain') : null;
  return /** @type {Domain | null} */ (card?.getAttribute('data-domain') ?? null);
}

/** @param {Session} session @returns {Domain} the first that has nothing yet */
function emptyDomain({ snapshot }) {
  return snapshot.folders.A.photos.length === 0 ? 'A' : 'B';
}

/**
 * Two folders that were dropped together, by name. To be called inside the event.
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

/**
 * @param {Session} session
 * @param {Domain} domain
 * @param {Chunks} chunks
 */
async function fill(session, domain, chunks) {
  /** @type {Candidate[]} */
  const photos = [];
  for await (const chunk of chunks) photos.push(...chunk.photos);
  const pair = splitPair(photos);
  if (pair) {
    await session.setFolder('A', pair.A);
    await session.setFolder('B', pair.B);
    return;
  }
  if (photos.length === 0) showNothingIn(domain);
  else {
    nameAfter(session, domain, photos);
    await session.setFolder(domain, photos);
  }
}

/** A folder's own name is a good one for its domain. @param {Session} session @param {Domain} domain @param {Candidate[]} photos */
function nameAfter(session, domain, photos) {
  const [folder, ...rest] = photos[0].path.split('/');
  if (rest.length > 0 && !session.snapshot.folders[domain].name) session.setName(domain, folder);
}

/**
 * The halves of a data set that is laid out as PyTorch's are.
 * @param {Candidate[]} photos
 * @returns {Record<Domain, Candidate[]> | null}
 */
export function splitPair(photos) {
  const half = (/** @type {Domain} */ domain) =>
    photos.filter(({ path }) => path.split('/').slice(0, -1).includes(`train${domain}`));
  const [A, B] = [half('A'), half('B')];
  return A.length > 0 && B.length > 0 ? { A, B } : null;
}
