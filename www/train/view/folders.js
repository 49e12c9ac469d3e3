/** The two folders of photos, A warm and B cool: what is in them, and which photos are held out. */
import {
  byId,
  clone,
  inputPart,
  label,
  part,
  shownName,
  write,
  writeLines,
} from '../../page/dom.js';
import { fillWords, text } from '../../page/messages.js';
import { Pictures } from '../../page/pictures.js';
import { announce } from '../../page/say.js';
import { DOMAINS, otherThan } from '../gather/domains.js';
import { takeFolders } from './intake.js';
import { leftOutLines } from './left-out.js';
import { folderSummary, nameOf, sentence } from './words.js';

/** @import { Snapshot } from '../snapshot.js' */

/** Photos shown per folder. */
const SHOWN = 8;

const pictures = new Pictures();
/** @type {Map<import('../gather/domains.js').Domain, HTMLElement>} */
const cards = new Map();
/** The photos drawn, to detect changes. */
let drawn = '';
/** Photos are being examined, so the result is news. */
let looking = false;

/** @param {import('../session.js').TrainSession} session */
export function setUpFolders(session) {
  for (const domain of DOMAINS) {
    const card = clone('domain');
    const letter = domain.toLowerCase();
    card.dataset.domain = domain;
    card.dataset.testid = `folder-${letter}`;
    fillWords(card);
    part(card, 'letter').textContent = domain;
    part(card, 'files').dataset.testid = `folder-${letter}-input`;
    part(card, 'folder').dataset.testid = `folder-${letter}-directory`;
    const name = inputPart(card, 'name');
    name.dataset.testid = `name-${letter}`;
    name.placeholder = text(`train.name.${letter}`);
    name.setAttribute('aria-label', text(`train.name.label.${letter}`));
    name.addEventListener('input', () => session.setName(domain, name.value));
    cards.set(domain, card);
  }
  byId('domains').replaceChildren(...cards.values());
  takeFolders(cards, session);
}

/** @param {Snapshot} snapshot */
export function showFolders(snapshot) {
  for (const [domain, card] of cards) {
    const folder = snapshot.folders[domain];
    const name = inputPart(card, 'name');
    if (document.activeElement !== name && name.value !== folder.name) name.value = folder.name;
    const filled = folder.photos.length > 0;
    card.toggleAttribute('data-filled', filled);
    write(
      part(card, 'title'),
      text(filled ? 'folder.again' : `folder.drop.${domain.toLowerCase()}`),
    );
    write(part(card, 'summary'), folderSummary(folder));
    part(card, 'kept').hidden = folder.heldOut === 0;
    for (const [role, key] of /** @type {const} */ ([
      ['folder', 'drop.folder'],
      ['files', 'drop.photos'],
    ])) {
      label(
        part(card, role),
        text('name.of', { what: text(key), name: nameOf(snapshot.names, domain) }),
      );
    }
  }
  showPhotos(snapshot);
  showReport(snapshot);
}

/** @param {Snapshot} snapshot */
function showPhotos({ folders, checked }) {
  // While photos are examined, this would change with every one.
  if (checked) return;
  const key = DOMAINS.flatMap((domain) => folders[domain].photos.map(({ hash }) => hash)).join();
  if (key === drawn) return;
  drawn = key;
  for (const [domain, card] of cards) {
    const good = folders[domain].photos.filter(({ problem }) => problem === null);
    part(card, 'photos').replaceChildren(
      ...good
        .filter(({ heldOut }) => !heldOut)
        .slice(0, SHOWN)
        .map(thumb),
    );
    part(card, 'held').replaceChildren(...good.filter(({ heldOut }) => heldOut).map(thumb));
  }
  pictures.sweep();
}

/** @param {import('../gather/dataset.js').Photo} photo */
function thumb({ file, name }) {
  const line = document.createElement('li');
  const image = pictures.image(file, shownName(name));
  image.addEventListener('error', () => line.remove());
  line.append(image);
  return line;
}

/** What both folders together allow. @param {Snapshot} snapshot */
function showReport({ dataset, folders, names, checked, steps }) {
  const report = byId('dataset-report');
  report.toggleAttribute('data-refused', Boolean(dataset?.refused));
  // The bar shows the progress and is not read aloud.
  looking ||= checked !== null;
  if (checked) return writeLines(report, [text('state.checking')]);
  const remarks = dataset ? [dataset.refused ?? [], dataset.warnings].flat() : [];
  const lines = remarks.map((remark) => sentence(remark, names));
  if (dataset && !dataset.refused && steps !== null) {
    const values = { a: nameOf(names, 'A'), b: nameOf(names, 'B') };
    lines.unshift(text('report.good', { ...values, m: folders.A.training, k: folders.B.training }));
  }
  if (!dataset) {
    const one = DOMAINS.find((domain) => folders[domain].photos.length > 0);
    if (one) lines.push(text('report.other', { name: nameOf(names, otherThan(one)) }));
  }
  for (const domain of DOMAINS) lines.push(...leftOutLines(folders[domain], nameOf(names, domain)));
  writeLines(report, lines);
  if (looking) for (const line of lines) announce(line);
  looking = false;
}
