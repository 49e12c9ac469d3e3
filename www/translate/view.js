/**
 * The Translate view: the bar, the photos, the gallery, and what happens between them.
 */
import { marginIn } from '../files/margin.js';
import { MAX_PHOTOS } from '../files/walk.js';
import { mountCompare } from '../page/compare.js';
import { confirmed } from '../page/confirm.js';
import { showPrecision } from '../page/device.js';
import { button, byId, input, swap } from '../page/dom.js';
import { askBeforeLeaving } from '../page/leaving.js';
import { formatPercent, formatTime, text } from '../page/messages.js';
import { announce, notify, tellFailure } from '../page/say.js';
import { isSlow } from '../page/support.js';
import {
  addOwnModel,
  chosenModel,
  lockControls,
  removeOwnModel,
  renameOwnModel,
  settings,
  setUpControls,
} from './controls.js';
import { Gallery } from './gallery.js';
import { listenForFiles, paintSamples } from './intake.js';
import { ModelLoader } from './loader.js';
import { translateAll } from './loop.js';
import { polish } from './polish.js';
import { showProblems } from './problems.js';
import { hideProgress, resetProgress, showEnd, showLine, showProgress } from './progress.js';
import {
  addPhotos,
  begin,
  cancel,
  clearItems,
  counts,
  createRun,
  removeItem,
  restoreItems,
  retry,
} from './queue.js';
import { saveOne, saveZip } from './results.js';
import { samplePhotos } from './sample-photos.js';
import { Viewer } from './viewer.js';

/** @import { EngineClient } from '../engine/client.js' */
/** @import { WeightsStore } from '../files/weights-store.js' */

/** @typedef {{ open: () => void, version: () => string }} Engine opens the device; says its version */

const run = createRun();
/** Ends the run that is going on. @type {AbortController | null} */
let stop = null;
/** A model is being polished; `stop` ends that. */
let polishing = false;
/** A run waits for the engine. */
let opening = false;
/** Weights that are being added, renamed or forgotten; no run begins meanwhile. */
let changing = Promise.resolve();
let changes = 0;
/** @typedef {{ items: import('./queue.js').Item[], ignored: number, endings: string[] }} Removed */
/** @type {Removed} */
const NOTHING = { items: [], ignored: 0, endings: [] };
/** What was taken out last, to be put back until the next run begins. */
let removed = NOTHING;
/** @type {EngineClient} */
let engine;
/** @type {ModelLoader} */
let loader;
/** @type {Engine} */
let device;

const gallery = new Gallery(byId('gallery'), (action, id) => {
  if (action === 'open') viewer.open(id);
  if (action === 'save') save(id);
  if (action === 'retry') translate(() => retry(run, id));
  if (action === 'remove') remove(id);
});
const viewer = new Viewer({
  items: () => [...run.items.values()].filter((item) => item.result),
  urls: (id) => gallery.urls(id),
  onSave: save,
  onClose: (id) => gallery.focus(id),
});

/** @param {EngineClient} client @param {WeightsStore} store @param {Engine} opener */
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
  button('clear').addEventListener('click', removeAll);
  button('undo').addEventListener('click', undo);
  button('retry').addEventListener('click', () => translate(() => retry(run)));
  button('sample-photos').addEventListener('click', () =>
    takeSamples('sample-photos', 'drop.fetching', samplePhotos),
  );
  button('samples').addEventListener('click', () =>
    takeSamples('samples', 'drop.painting', () => paintSamples(engine, chosenModel().seasons)),
  );
  button('download').addEventListener('click', downloadAll);
  button('forget').addEventListener('click', forget);
  button('polish').addEventListener('click', polishChosen);
  input('own-name').addEventListener('change', rename);
  refresh();
}

/** @param {WeightsStore} store @returns {Promise<import('./controls.js').Own[]>} */
async function ownWeights(store) {
  const all = (await store.list()).map(async ({ name, size }) => {
    const file = await store.read(name).catch(() => new Blob());
    return { name, margin: await marginIn(file), bytes: size };
  });
  return Promise.all(all);
}

/** Brings the bar and the lists in line with the run. */
function refresh() {
  const { waiting, results, all } = counts(run);
  document.body.toggleAttribute('data-empty', all === 0 && run.ignored === 0);
  const again = waiting === 0 && all > 0;
  const go = button('translate');
  go.disabled = all === 0;
  go.textContent = text(again ? 'controls.again' : 'controls.translate');
  swap(go, button('cancel'), run.running || polishing);
  button('download').disabled = results === 0;
  lockControls(run.running || changes > 0);
  showProblems(run);
  askBeforeLeaving(wouldLose());
}

/** Whether leaving the page would lose what took time. */
export function wouldLose() {
  return run.running || polishing || counts(run).unsaved > 0;
}

/** Folders that are still being read end with the photos that came before: counts how often. */
let walks = 0;

/** @param {AsyncGenerator<import('../files/walk.js').Chunk>} chunks */
async function takePhotos(chunks) {
  notify('');
  const mine = walks;
  let added = 0;
  let found = 0;
  for await (const { photos, ignored, problems } of chunks) {
    if (mine !== walks) return;
    const items = addPhotos(run, [
      ...photos.map(({ path, file }) => ({ name: path, file })),
      ...problems.map(({ path, code, values }) => ({
        name: path,
        file: null,
        problem: { code, detail: '', values },
      })),
    ]);
    added += photos.length;
    found += items.length + ignored.length;
    run.ignored += ignored.length;
    for (const ending of ignored) run.endings.add(ending);
    gallery.show(items);
    refresh();
    if (run.running) showProgress(run);
  }
  if (found === 0) notify(text('drop.nothing'));
  else announce(text('drop.added', { n: added }));
}

/**
 * @param {string} id of the button
 * @param {string} busy key of what it says meanwhile
 * @param {() => Promise<{ name: string, file: File }[]>} make
 */
async function takeSamples(id, busy, make) {
  const samples = button(id);
  if (samples.ariaBusy) return;
  notify('');
  samples.ariaBusy = 'true';
  const words = samples.textContent;
  samples.textContent = text(busy);
  try {
    gallery.show(addPhotos(run, await make()));
    refresh();
    translate();
  } catch (error) {
    tellFailure(error);
  } finally {
    samples.ariaBusy = null;
    samples.textContent = words;
  }
}

/**
 * Changes the models, one change after another, and never under a run.
 * @param {() => Promise<void>} change
 */
async function changeModels(change) {
  const attempt = async () => {
    if (run.running) return notify(text('models.wait'));
    await change().catch(tellFailure);
  };
  changes += 1;
  refresh();
  changing = changing.then(attempt);
  await changing;
  changes -= 1;
  refresh();
}

/**
 * Weights are checked by loading them; those that the engine takes are remembered and chosen.
 * @param {File} file
 */
export function takeWeights(file) {
  notify(''); // at once: of several files, the next one's turn leaves what is said of this
  return changeModels(async () => {
    showLine(text('models.checking', { name: file.name }));
    try {
      const { name, kept, network } = await loader.add(file);
      addOwnModel({ name, margin: await marginIn(file), bytes: file.size, network }, true);
      const words = text(kept === 'disk' ? 'models.added' : 'models.session', { name });
      showLine(words);
      announce(words);
    } catch (error) {
      hideProgress();
      throw error;
    }
  });
}

function rename() {
  const { name } = chosenModel();
  if (name === null) return;
  // Another model may be chosen, and its name stand there, before it is the turn of this.
  const wanted = input('own-name').value;
  if (!wanted.trim()) {
    input('own-name').value = name;
    return;
  }
  changeModels(async () => renameOwnModel(name, await loader.rename(name, wanted)));
}

async function forget() {
  const { name } = chosenModel();
  if (name === null) return;
  if (!(await confirmed(text('confirm.forget', { name }), text('confirm.delete')))) return;
  changeModels(async () => {
    removeOwnModel(name);
    await loader.forget(name);
  });
}

/** The chosen model learns on the photos that are here, and what comes of it is a model of its own. */
function polishChosen() {
  const photos = [...run.items.values()].flatMap(({ file }) => file ?? []);
  if (photos.length === 0) return notify(text('polish.photos'));
  notify('');
  /** @type {HTMLDetailsElement} */ (byId('more')).open = false;
  return changeModels(async () => {
    const stopped = new AbortController();
    stop = stopped;
    polishing = true;
    refresh();
    button('cancel').focus(); // the button that was pressed is out of sight
    try {
      await polishOn(photos, stopped.signal);
    } catch (error) {
      hideProgress();
      if (!stopped.signal.aborted) throw error;
    } finally {
      polishing = false;
      stop = null;
    }
  });
}

/** @param {Blob[]} photos @param {AbortSignal} signal */
async function polishOn(photos, signal) {
  const model = chosenModel();
  const name = model.name?.replace(/\.(pth|pt|safetensors)$/i, '') ?? text(`models.${model.value}`);
  showLine(text('device.opening'));
  const slow = isSlow(await engine.open());
  const weights = await loader.load(model, () => {}, signal);
  const made = await polish({
    engine,
    weights,
    photos,
    slow,
    signal,
    onProgress: ({ step, total, secondsLeft }) => {
      const time = formatTime(secondsLeft);
      showLine(text('polish.progress', { n: step, m: total, time }));
    },
  });
  const words = made
    ? await keepPolished(new File([made], text('polish.name', { name })), model)
    : text('polish.none');
  showLine(words);
  announce(words);
}

/** @param {File} file @param {import('../models/models.js').Model} model that it was made from @returns {Promise<string>} what to say */
async function keepPolished(file, { margin }) {
  const { name, kept, network } = await loader.add(file);
  addOwnModel({ name, margin, bytes: file.size, network }, true);
  return text(kept === 'disk' ? 'polish.done' : 'models.session', { name });
}

/**
 * Translates all that waits, or everything again.
 * @param {() => boolean} [start] says which photos, and whether there are any
 */
async function translate(start = () => begin(run)) {
  while (changes > 0) await changing;
  const joining = run.running;
  if (!start()) return;
  gallery.show([...run.items.values()]);
  refresh();
  if (joining) return;
  const cancelled = new AbortController();
  stop = cancelled;
  offerUndo(NOTHING); // the room is needed
  notify('');
  resetProgress();
  try {
    const how = await prepare(cancelled.signal);
    showProgress(run);
    const problem = await translateAll(run, {
      ...how,
      engine,
      signal: cancelled.signal,
      onItem(item) {
        gallery.update(item);
        if (item.state === 'done' && item.result) showPrecision(item.result.picture.precision);
        if (run.running) showProgress(run);
        refresh();
      },
    });
    if (problem) tellFailure(problem);
  } catch (error) {
    cancel(run);
    if (!cancelled.signal.aborted) tellFailure(error);
  }
  stop = null;
  gallery.show([...run.items.values()]);
  // Before the first photo, what went wrong is all that there is to say.
  if (run.items.size > 0 && (run.finished > 0 || cancelled.signal.aborted))
    showEnd(run, cancelled.signal.aborted);
  else hideProgress();
  refresh();
  // A photo that was cut short took its worker along: have the next one ready.
  if (cancelled.signal.aborted) device.open();
}

/**
 * What holds for the whole run. The size is the one that the device proposes, if the visitor chose none.
 * @param {AbortSignal} signal
 */
async function prepare(signal) {
  const model = chosenModel();
  showLine(text('device.opening'));
  opening = true;
  // Whoever cancels does not wait for an engine that is on its way, and does not stop it either.
  await Promise.race([engine.open(), aborted(signal)]).finally(() => {
    opening = false;
  });
  const weights = await loader.load(
    model,
    (fraction) => showLine(text('models.loading', { percent: formatPercent(fraction) })),
    signal,
  );
  return { model, weights, settings: settings(), version: device.version() };
}

/** How much of the engine has come, for those who have pressed Translate. @param {string} words */
export function tellLoading(words) {
  if (opening) showLine(`${text('device.opening')} ${words}`);
}

/** @param {AbortSignal} signal @returns {Promise<never>} rejects when it is aborted */
function aborted(signal) {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
}

/** @param {number} id */
function remove(id) {
  if (run.items.size === 1) return clear();
  offerUndo({ ...NOTHING, items: removeItem(run, id) });
  gallery.remove(id);
  refresh();
}

function removeAll() {
  walks += 1;
  clear();
}

function clear() {
  stop?.abort();
  const { ignored, endings } = run;
  offerUndo({ ignored, endings: [...endings], items: clearItems(run) });
  gallery.clear();
  hideProgress();
  refresh();
  input('photos').focus({ preventScroll: true }); // the buttons that were there are gone
}

/** @param {Removed} what was taken out; what was before is gone for good */
function offerUndo(what) {
  removed = what;
  const count = what.items.length;
  const words = text('drop.removed', { n: count });
  byId('removed').hidden = count === 0;
  byId('removed-words').textContent = words;
  if (count > 0) announce(words);
}

function undo() {
  const { items, ignored, endings } = removed;
  restoreItems(run, items);
  run.ignored += ignored;
  for (const ending of endings) run.endings.add(ending);
  gallery.show(items);
  offerUndo(NOTHING);
  refresh();
  button('translate').focus({ preventScroll: true });
}

/** @param {number} id */
function save(id) {
  const item = run.items.get(id);
  const urls = gallery.urls(id);
  if (item && urls) saveOne(item, urls.after);
  askBeforeLeaving(wouldLose());
}

async function downloadAll() {
  const all = button('download');
  if (all.ariaBusy) return;
  all.ariaBusy = 'true';
  all.textContent = text('controls.downloading');
  try {
    await saveZip(run);
    announce(text('progress.packed'));
  } catch (error) {
    tellFailure(error);
  }
  all.ariaBusy = null;
  all.textContent = text('controls.download');
  askBeforeLeaving(wouldLose());
}
