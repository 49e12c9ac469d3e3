/** What this browser stores: an unfinished run to continue, finished runs, and the space they take. */
import { confirmed } from '../../page/confirm.js';
import { button, byId, clone, inOrder, label, part, removeFocused, write } from '../../page/dom.js';
import { fillWords, formatBytes, formatClock, text } from '../../page/messages.js';
import { Pictures } from '../../page/pictures.js';
import { tellFailure } from '../../page/say.js';
import { save, useTrained } from './after.js';
import { exportRun } from './export.js';
import { directionOf, pairOf } from './words.js';

/** @import { StoredRun } from '../keep/stored-runs.js' */
/** @import { TrainSession } from '../session.js' */
/** @import { Snapshot } from '../snapshot.js' */

const pictures = new Pictures();
/** @type {Map<string, HTMLElement>} */
const lines = new Map();
/** @type {{ session: TrainSession, onModels: (files: File[]) => unknown }} */
let page;

/** @param {typeof page} parts */
export function setUpStored(parts) {
  page = parts;
  const { session } = page;
  byId('offer-accept').addEventListener('click', () => session.acceptOffer().catch(tellFailure));
  byId('offer-discard').addEventListener('click', async () => {
    if (await confirmed(text('confirm.offer'), text('confirm.delete')))
      await session.discardOffer();
  });
}

/** @param {Snapshot} snapshot */
export function showStored(snapshot) {
  showOffer(snapshot);
  const { space } = snapshot;
  // The run on the page is already shown.
  const runs = snapshot.runs.filter(({ id }) => id !== snapshot.run?.id);
  byId('runs').hidden = runs.length === 0;
  for (const [id, line] of lines) {
    if (runs.some((run) => run.id === id)) continue;
    removeFocused(line, '[data-role=delete]');
    lines.delete(id);
  }
  const lineAt = (/** @type {number} */ i) => lines.get(runs[i].id) ?? lineOf(runs[i].id);
  inOrder(byId('runs-items'), runs, lineAt, (line, run) => drawRun(line, run, snapshot));
  pictures.sweep();
  byId('space').hidden = !space;
  if (!space) return;
  const values = { used: formatBytes(space.usage), all: formatBytes(space.quota) };
  const kept = space.persisted ? 'runs.space.kept' : 'runs.space.loose';
  const any = snapshot.runs.length > 0 || snapshot.offer || snapshot.run;
  write(byId('space'), text(any ? kept : 'runs.space', values));
}

/** @param {Snapshot} snapshot */
function showOffer({ offer, can }) {
  const shown = offer !== null && (can.acceptOffer || can.discardOffer || offer.needsFolders);
  byId('offer').hidden = !shown;
  if (!shown) return;
  const { names, step, total, when, bytes } = offer;
  byId('offer').dataset.step = String(step);
  drawPair(byId('offer-pair'), offer);
  const values = { pair: pairOf(names), n: step, m: total, time: formatClock(when) };
  write(byId('offer-about'), text('offer.about', { ...values, size: formatBytes(bytes) }));
  write(byId('offer-accept'), text('offer.accept', { n: step }));
  byId('offer-folders').hidden = !offer.needsFolders;
  button('offer-accept').disabled = !can.acceptOffer;
  button('offer-discard').disabled = !can.discardOffer;
}

/** The contents of each pair: files read again are other objects with the same pictures. @type {WeakMap<HTMLElement, { key: string, blobs: Blob[] }>} */
const pairs = new WeakMap();

/** @param {HTMLElement} pair @param {{ id: string, input: Blob | null, picture: Blob | null }} of */
function drawPair(pair, { id, input, picture }) {
  const blobs = [input, picture].filter((blob) => blob !== null);
  const key = `${id} ${blobs.map(nameOfFile)}`;
  const shown = pairs.get(pair);
  if (shown?.key === key) {
    for (const blob of shown.blobs) pictures.url(blob); // still in use
    return;
  }
  pairs.set(pair, { key, blobs });
  pair.replaceChildren(...blobs.map((blob) => pictures.image(blob, '')));
}

/** @param {Blob} file */
function nameOfFile(file) {
  const { name = '', lastModified = 0 } = /** @type {Partial<File>} */ (file);
  return `${name} ${file.size} ${lastModified}`;
}

/** @param {string} id */
function lineOf(id) {
  const { session, onModels } = page;
  const line = clone('stored-run');
  fillWords(line);
  line.dataset.id = id;
  line.dataset.testid = 'stored-run';
  /** @param {string} role @param {() => Promise<unknown>} action */
  const on = (role, action) => {
    part(line, role).dataset.testid = `run-${role}`;
    part(line, role).addEventListener('click', () => action().catch(tellFailure));
  };
  on('use', () => useTrained(session, onModels, id));
  on('learn', async () => {
    const run = session.snapshot.runs.find((one) => one.id === id);
    if (run?.learnOn) await session.learnOn({ ...run.learnOn, lr: null }, id);
  });
  on('a', () => save(session.exportWeights('A', id)));
  on('b', () => save(session.exportWeights('B', id)));
  const as = /** @type {HTMLButtonElement} */ (part(line, 'export'));
  on('export', () => exportRun(session, as, id));
  on('curves', () => save(session.exportCurves(id)));
  on('delete', async () => {
    const words = text('confirm.run', { name: part(line, 'title').textContent ?? '' });
    if (await confirmed(words, text('confirm.delete'))) await session.deleteRun(id);
  });
  lines.set(id, line);
  return line;
}

/** @param {HTMLElement} line @param {StoredRun} run @param {Snapshot} snapshot */
function drawRun(line, run, { can, run: onPage }) {
  const { names, step, total, stopped, when, bytes, learnOn } = run;
  drawPair(part(line, 'pair'), run);
  write(part(line, 'title'), pairOf(names));
  const values = { n: step, m: total, time: formatClock(when), size: formatBytes(bytes) };
  write(part(line, 'about'), text(stopped ? 'runs.about.stopped' : 'runs.about', values));
  write(part(line, 'a'), text('after.weights', { direction: directionOf(names, 'A') }));
  write(part(line, 'b'), text('after.weights', { direction: directionOf(names, 'B') }));
  part(line, 'learn').hidden = !learnOn;
  part(line, 'never').hidden = learnOn !== null;
  /** @type {HTMLButtonElement} */ (part(line, 'learn')).disabled = !can.learnOn || onPage !== null;
  if (learnOn) write(part(line, 'learn'), text('learn.for', { n: learnOn.steps }));
  const name = text('plan.run', { pair: pairOf(names), n: step, time: formatClock(when) });
  for (const one of line.querySelectorAll('button')) {
    label(one, text('name.of', { what: one.textContent ?? '', name }));
  }
}
