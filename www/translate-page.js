/**
 * The Translate view: the bar, the photos, the gallery, and what happens between them.
 */
import { mountCompare } from './compare.js';
import {
  addOwnModel,
  chosenModel,
  lockControls,
  removeChosenModel,
  renameChosenModel,
  settings,
  setUpControls,
} from './controls.js';
import { announce, button, byId, input, notify, swap } from './dom.js';
import { failureOf } from './failure.js';
import { MAX_PHOTOS } from './files.js';
import { Gallery } from './gallery.js';
import { listenForFiles, paintSamples } from './intake.js';
import { ModelLoader } from './loader.js';
import { marginIn } from './margin.js';
import { errorText, formatPercent, text } from './messages.js';
import { showProblems } from './problems.js';
import { hideProgress, resetProgress, showEnd, showLine, showProgress } from './progress.js';
import { saveOne, saveZip } from './results.js';
import { addPhotos, begin, cancel, clearItems, counts, createRun, removeItem } from './run.js';
import { showPrecision } from './status.js';
import { translateAll } from './translate.js';
import { Viewer } from './viewer.js';

/** @typedef {import('./zip.js').About} About */
/** @typedef {{ open: () => void, version: () => string }} Engine opens the device; says its version */

const run = createRun();
/** Ends the run that is going on. @type {AbortController | null} */
let stop = null;
/** How results are made since the last run began, for the manifest. @type {About | null} */
let about = null;
/** @type {import('./client.js').EngineClient} */
let engine;
/** @type {ModelLoader} */
let loader;
/** @type {Engine} */
let device;

const gallery = new Gallery(byId('gallery'), (action, id) => {
  if (action === 'open') viewer.open(id);
  if (action === 'save') save(id);
  if (action === 'remove') remove(id);
});
const viewer = new Viewer({
  items: () => [...run.items.values()].filter((item) => item.result),
  urls: (id) => gallery.urls(id),
  onSave: save,
  onClose: (id) => gallery.focus(id),
});

/**
 * @param {import('./client.js').EngineClient} client
 * @param {import('./store.js').WeightsStore} store
 * @param {Engine} opener
 */
export async function setUpTranslate(client, store, opener) {
  engine = client;
  device = opener;
  loader = new ModelLoader(engine, store);
  setUpControls(await ownWeights(store), refresh);
  mountCompare(byId('demo'));
  listenForFiles({
    room: () => MAX_PHOTOS - run.items.size,
    onPhotos: takePhotos,
    onWeights: takeWeights,
  });
  byId('controls').addEventListener('submit', (event) => {
    event.preventDefault();
    translate();
  });
  button('cancel').addEventListener('click', () => stop?.abort());
  button('clear').addEventListener('click', clear);
  button('samples').addEventListener('click', takeSamples);
  button('download').addEventListener('click', downloadAll);
  button('forget').addEventListener('click', forget);
  input('own-name').addEventListener('change', rename);
  refresh();
}

/** @param {import('./store.js').WeightsStore} store @returns {Promise<import('./controls.js').Own[]>} */
async function ownWeights(store) {
  const all = (await store.list()).map(async ({ name, size }) => {
    const file = await store.read(name).catch(() => new Blob());
    return { name, margin: await marginIn(file), bytes: size };
  });
  return Promise.all(all);
}

/** Brings the bar and the lists in line with the run. */
function refresh() {
  const { waiting, done, all } = counts(run);
  document.body.toggleAttribute('data-empty', all === 0 && run.ignored === 0);
  const again = waiting === 0 && all > 0;
  const go = button('translate');
  go.disabled = all === 0;
  go.textContent = text(again ? 'controls.again' : 'controls.translate');
  swap(go, button('cancel'), run.running);
  button('download').disabled = done === 0;
  lockControls(run.running);
  showProblems(run);
}

/** @param {AsyncGenerator<import('./files.js').Chunk>} chunks */
async function takePhotos(chunks) {
  notify('');
  let added = 0;
  let found = 0;
  for await (const { photos, ignored, problems } of chunks) {
    const items = addPhotos(run, [
      ...photos.map(({ path, file }) => ({ name: path, file })),
      ...problems.map(({ path, code }) => ({
        name: path,
        file: null,
        problem: { code, detail: '' },
      })),
    ]);
    added += photos.length;
    found += items.length + ignored;
    run.ignored += ignored;
    gallery.show(items);
    refresh();
    if (run.running) showProgress(run);
  }
  if (found === 0) notify(text('drop.nothing'));
  else announce(text('drop.added', { n: added }));
}

async function takeSamples() {
  const samples = button('samples');
  if (samples.ariaBusy) return;
  notify('');
  samples.ariaBusy = 'true';
  samples.textContent = text('drop.painting');
  try {
    gallery.show(addPhotos(run, await paintSamples(engine, chosenModel().seasons)));
    refresh();
    translate();
  } catch (error) {
    tell(error);
  } finally {
    samples.ariaBusy = null;
    samples.textContent = text('drop.samples');
  }
}

/**
 * Weights are checked by loading them; those that the engine takes are remembered and chosen.
 * @param {File} file
 */
export async function takeWeights(file) {
  notify(run.running ? text('models.wait') : '');
  if (run.running) return;
  showLine(text('models.checking', { name: file.name }));
  try {
    const { name, kept } = await loader.add(file);
    addOwnModel({ name, margin: await marginIn(file), bytes: file.size }, true);
    const words = text(kept === 'disk' ? 'models.added' : 'models.session', { name });
    showLine(words);
    announce(words);
  } catch (error) {
    hideProgress();
    tell(error);
  }
  refresh();
}

async function rename() {
  const { name } = chosenModel();
  if (name === null) return;
  try {
    renameChosenModel(await loader.rename(name, input('own-name').value));
  } catch (error) {
    tell(error);
  }
}

async function forget() {
  const { name } = chosenModel();
  if (name === null) return;
  removeChosenModel();
  await loader.forget(name);
}

/** Translates all that waits, or everything again. */
async function translate() {
  if (!begin(run)) return;
  const cancelled = new AbortController();
  stop = cancelled;
  notify('');
  resetProgress();
  gallery.show([...run.items.values()]);
  refresh();
  try {
    about = await prepare(cancelled.signal);
    showProgress(run);
    const problem = await translateAll(run, {
      engine,
      made: about,
      direction: chosenModel().direction,
      signal: cancelled.signal,
      onItem(item) {
        gallery.update(item);
        if (item.state === 'done' && item.result) showPrecision(item.result.picture.precision);
        if (run.running) showProgress(run);
        refresh();
      },
    });
    if (problem) tell(problem);
  } catch (error) {
    cancel(run);
    if (!cancelled.signal.aborted) tell(error);
  }
  stop = null;
  gallery.show([...run.items.values()]);
  if (run.items.size > 0) showEnd(run, cancelled.signal.aborted);
  else hideProgress();
  refresh();
  // A photo that was cut short took its worker along: have the next one ready.
  if (cancelled.signal.aborted) device.open();
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<About>} how the coming results are made
 */
async function prepare(signal) {
  const chosen = settings();
  const model = chosenModel();
  const { sha256, ngf, blocks } = await loader.load(
    model,
    (fraction) => showLine(text('models.loading', { percent: formatPercent(fraction) })),
    signal,
  );
  const name = model.name ?? model.value;
  return { version: device.version(), model: { name, sha256, ngf, blocks }, settings: chosen };
}

/** @param {number} id */
function remove(id) {
  removeItem(run, id);
  gallery.remove(id);
  if (run.items.size === 0) clear();
  refresh();
}

function clear() {
  stop?.abort();
  clearItems(run);
  gallery.clear();
  hideProgress();
  refresh();
  input('photos').focus({ preventScroll: true }); // the buttons that were there are gone
}

/** @param {number} id */
function save(id) {
  const item = run.items.get(id);
  const urls = gallery.urls(id);
  if (item && urls) saveOne(item, urls.after);
}

async function downloadAll() {
  const all = button('download');
  if (!about || all.ariaBusy) return;
  all.ariaBusy = 'true';
  all.textContent = text('controls.downloading');
  try {
    await saveZip(run, about);
    announce(text('progress.packed'));
  } catch (error) {
    tell(error);
  }
  all.ariaBusy = null;
  all.textContent = text('controls.download');
}

/** @param {unknown} error */
function tell(error) {
  const { code, detail } =
    error instanceof Error
      ? failureOf(error)
      : /** @type {import('./protocol.js').Failure} */ (error);
  console.warn(`${code}: ${detail}`);
  notify(errorText(code));
}
