/** The Translate view: the bar, the photos, the gallery, and how they interact. */
import { CodedError, notFetched } from '../failure.js';
import { fromInput, MAX_PHOTOS } from '../files/walk.js';
import { mountCompare } from '../page/compare.js';
import { showPrecision } from '../page/device.js';
import { button, byId, input, swap, write } from '../page/dom.js';
import { askBeforeLeaving } from '../page/leaving.js';
import { text } from '../page/messages.js';
import { announce, notify, tellFailure } from '../page/say.js';
import { lockControls, settings, setUpControls } from './controls.js';
import { setUpDownload } from './download-button.js';
import { Expected } from './expected.js';
import { Gallery } from './gallery.js';
import { listenForFiles, paintSamples } from './intake.js';
import { intoFolder, setUpFolder } from './into-folder.js';
import { beginKeeping, note, reopened, setUpKept, showKept, store } from './kept.js';
import { showLeft } from './left-models.js';
import { ModelLoader } from './loader.js';
import { chosenModel } from './model-list.js';
import {
  areChanging,
  foundAgain,
  isPolishing,
  modelsChanged,
  ownWeights,
  setUpOwnModels,
  stopPolishing,
  takeModels,
} from './own-models.js';
import { showProblems } from './problems.js';
import { hideProgress, resetProgress, showEnd, showLine, showProgress } from './progress.js';
import {
  addPhotos,
  begin,
  cancel,
  createRun,
  failed,
  pause,
  reopen,
  retry,
  unfinished,
} from './queue.js';
import { Removal } from './removal.js';
import { samplePhotos } from './sample-photos.js';
import { save, saveAll } from './saving.js';
import { learnAbout, loadingWords, setUpSiteModels } from './site-models.js';
import { counts } from './tally.js';
import { Viewer } from './viewer.js';

/** @import { EngineClient } from '../engine/client.js' */
/** @import { DeviceReport } from '../engine/protocol.js' */
/** @import { Candidate } from '../files/walk.js' */
/** @import { WeightsStore } from '../files/weights-store.js' */
/** @import { Item } from './queue.js' */

/**
 * @typedef {object} Engine
 * @property {() => void} open opens the device
 * @property {() => DeviceReport | null} device the open one
 * @property {() => EngineClient} another with a worker of its own, on the CPU
 */

const run = createRun();
/** Ends the current run. @type {AbortController | null} */
let stop = null;
/** A run is waiting for the engine. */
let opening = false;
/** What to start as soon as photos are there that were asked for again. @type {(() => boolean) | null} */
let asked = null;
/** There was no room for a result: the run pauses. */
let full = false;
/** @type {EngineClient} */
let engine;
/** @type {ModelLoader} */
let loader;
/** @type {Engine} */
let device;
/** @type {Expected} */
let expected;
/** The workers of batches. @type {import('./lanes.js').Lanes | null} */
let lanes = null;

const gallery = new Gallery(byId('gallery'), (action, id) => {
  if (action === 'open') viewer.open(id);
  if (action === 'save') saveResult(id);
  if (action === 'retry') retryFailed(id);
  if (action === 'remove') remove(id);
});
const removal = new Removal(run, gallery);
const viewer = new Viewer({
  items: () => [...run.items.values()].filter((item) => item.result),
  onSave: saveResult,
  onShare: (id) => saveResult(id, 'shareOne'),
  onClose: (id) => gallery.focus(id),
});

/**
 * @param {EngineClient} client
 * @param {WeightsStore} weights
 * @param {Engine} opener
 * @param {string | null} linked the model that the page's address names
 * @param {() => Worker} spawnDisk starts the worker that stores results
 */
export async function setUpTranslate(client, weights, opener, linked, spawnDisk) {
  engine = client;
  device = opener;
  loader = new ModelLoader(engine, weights);
  const test = () => engine.request('speed', {});
  expected = new Expected(run, { device: device.device, test });
  setUpControls(await ownWeights(weights), refresh);
  setUpKept({
    run,
    spawn: spawnDisk,
    onReopen(items) {
      reopen(run, items);
      gallery.show(items);
      refresh();
    },
    onFull() {
      full = true;
      pause(run);
    },
    onChange: refresh,
    onFree() {
      clear();
      removal.forget();
    },
  });
  mountCompare(byId('demo'));
  listenForFiles({
    room,
    onFiles: takeFiles,
    onModels: takeModels,
  });
  byId('controls').addEventListener('submit', (event) => {
    event.preventDefault();
    translate();
  });
  // Not the second click of a double one, whose first has put Cancel under the pointer.
  button('cancel').addEventListener('click', ({ detail }) => detail < 2 && stopAll());
  button('clear').addEventListener('click', removeAll);
  button('undo').addEventListener('click', undo);
  button('retry').addEventListener('click', () => retryFailed());
  button('sample-photos').addEventListener('click', () =>
    takeSamples('sample-photos', 'drop.fetching', samplePhotos),
  );
  button('samples').addEventListener('click', () =>
    takeSamples('samples', 'drop.painting', () => paintSamples(engine, chosenModel().seasons)),
  );
  button('download').addEventListener('click', () => saveAll(run, saved));
  setUpOwnModels({
    engine,
    loader,
    photos: () => [...run.items.values()].flatMap(({ file }) => file ?? []),
    isRunning: () => run.running,
    onChange: refresh,
  });
  setUpDownload({
    engine,
    loader,
    results: () => [...run.items.values()].flatMap(({ result }) => result ?? []),
  });
  setUpSiteModels({ loader, linked });
  setUpFolder(run, saved);
  refresh();
}

/** Updates the bar and the lists from the run. */
function refresh() {
  const { left, absent, results, all } = counts(run);
  document.body.toggleAttribute('data-empty', all === 0 && run.ignored === 0);
  const again = left === 0 && all > 0;
  const go = button('translate');
  go.disabled = all === 0;
  const goesOn = left > 0 && run.interrupted;
  go.textContent = text(
    again ? 'controls.again' : goesOn ? 'controls.continue' : 'controls.translate',
  );
  byId('absent').hidden = absent === 0;
  write(byId('absent-words'), text('absent.words', { n: absent }));
  swap(go, button('cancel'), run.running || isPolishing());
  button('download').disabled = results === 0;
  lockControls(run.running || areChanging());
  showProblems(run);
  showKept();
  expected.soon();
  askBeforeLeaving(wouldLose(), 'results');
}

/** Whether leaving the page would lose something that took time. */
function wouldLose() {
  return run.running || isPolishing() || counts(run).unsaved > 0;
}

/** Counts cleared galleries: folders still being read then belong to an earlier one. */
let walks = 0;

/** How many more photos may come. Those from before a reload are expected again. */
const room = () => MAX_PHOTOS - [...run.items.values()].filter(({ file }) => file).length;

/** Photos and models that came another way than by the page's fields. @param {File[]} files */
export const takeGiven = (files) => takeFiles(fromInput(files, room()));

/** @param {AsyncGenerator<import('../files/walk.js').Chunk>} chunks */
async function takeFiles(chunks) {
  notify('');
  showLeft([]);
  const mine = walks;
  await reopened();
  const found = { photos: 0, there: 0, all: 0, models: /** @type {Candidate[]} */ ([]) };
  for await (const { photos, models, ignored, problems } of chunks) {
    if (mine !== walks) return;
    found.models.push(...models);
    const items = addPhotos(run, [
      ...photos.map(({ path, file }) => ({ name: path, file })),
      ...problems.map(({ path, code, values }) => ({
        name: path,
        file: null,
        problem: { code, detail: '', values },
      })),
    ]);
    const there = photos.length + problems.length - items.length;
    found.there += there;
    found.photos += photos.length - there;
    found.all += photos.length + problems.length + ignored.length;
    run.ignored += ignored.length;
    for (const ending of ignored) run.endings.add(ending);
    gallery.show(items);
    note(items);
    refresh();
    if (run.running) showProgress(run);
  }
  const start = asked;
  asked = null;
  if (start) translate(start);
  const { models } = found;
  if (found.photos > 0 || (found.all > 0 && found.there === 0 && models.length === 0))
    announce(text('drop.added', { n: found.photos }));
  if (found.there > 0) notify(text('drop.there', { n: found.there }));
  if (models.length > 0) takeModels(models, found.photos > 0);
  else if (found.all === 0) notify(text('drop.nothing'));
}

/**
 * @param {string} id of the button
 * @param {string} busy key of its text in the meantime
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
    const made = await make();
    await reopened();
    const items = addPhotos(run, made);
    gallery.show(items);
    note(items);
    refresh();
    translate();
  } catch (error) {
    tellFailure(error);
  } finally {
    samples.ariaBusy = null;
    samples.textContent = words;
  }
}

/** @param {number} [id] of one; otherwise all that failed */
function retryFailed(id) {
  translate(
    () => retry(run, id),
    () => failed(run, id),
  );
}

/**
 * Translates everything that is left, or everything again. If the files of all these are from before a
 * reload, the person chooses them again, and then it starts.
 * @param {() => boolean} [start] selects the photos; returns whether there are any
 * @param {() => Item[]} [wanted] what it selects, files or not
 */
async function translate(start = () => begin(run), wanted = () => unfinished(run)) {
  await modelsChanged();
  const joining = run.running;
  if (!start()) {
    if (!joining) askForFiles(wanted(), start);
    return;
  }
  gallery.show([...run.items.values()]);
  refresh();
  if (joining) return;
  const cancelled = new AbortController();
  stop = cancelled;
  full = false;
  removal.forget(); // the space is needed
  notify('');
  showLeft([]);
  resetProgress();
  try {
    const { translateAll, ...how } = await prepare(cancelled.signal);
    await beginKeeping();
    showProgress(run);
    const problem = await translateAll(run, {
      ...how,
      engine,
      store,
      signal: cancelled.signal,
      onItem(item) {
        gallery.update(item);
        if (item.problem) note([item]);
        else if (!item.active && item.state === 'done' && item.result) {
          intoFolder(item);
          showPrecision(item.result.picture.precision);
          expected.learn(item.result, how.settings.smooth);
        }
        if (run.running) showProgress(run);
        refresh();
      },
    });
    if (problem) tellFailure(problem);
    else if (full) tellFailure(new CodedError('out-of-room', 'storage is full'));
  } catch (error) {
    cancel(run);
    if (!cancelled.signal.aborted) tellFailure(error);
  }
  stop = null;
  gallery.show([...run.items.values()]);
  // Before the first photo, the failure is all there is to say.
  if (run.items.size > 0 && (run.finished > 0 || cancelled.signal.aborted))
    showEnd(run, cancelled.signal.aborted || full);
  else hideProgress();
  refresh();
  expected.later();
  // Aborting a photo terminated its worker: prepare the next one.
  if (cancelled.signal.aborted) device.open();
}

/**
 * What applies to the whole run. The size is the device's, if the visitor chose none.
 * @param {AbortSignal} signal
 */
async function prepare(signal) {
  const chosen = chosenModel();
  showLine(text('device.opening'));
  opening = true;
  const onProgress = (/** @type {number | null} */ fraction, /** @type {number} */ bytes) => {
    if (!opening) showLine(loadingWords(fraction, bytes));
  };
  const coming = loader.fetch(chosen, onProgress, signal);
  coming.catch(() => {}); // told below
  // Cancelling does not wait for an engine that is starting, and does not stop it either.
  const report = await Promise.race([engine.open(), aborted(signal)]).finally(() => {
    opening = false;
  });
  await coming;
  const first = await loader.load(chosen, onProgress, signal);
  const model = await learnAbout(await foundAgain(chosen, first), loader, first);
  const weights = model.part === chosen.part ? first : await loader.load(model, onProgress, signal);
  const { translateAll, Lanes } = await import('./loop.js').catch(notFetched);
  const how = { model, weights, settings: settings(), version: report.version, translateAll };
  if (report.device !== 'cpu') return how;
  lanes ??= new Lanes(device.another);
  await lanes.prepare([model.value, how.settings], weights, engine, run.queue.length);
  return { ...how, lanes };
}

/** Shows how much of the engine has been downloaded, after Translate was pressed. @param {string} words */
export function tellLoading(words) {
  if (opening) showLine(`${text('device.opening')} ${words}`);
}

/** @param {AbortSignal} signal @returns {Promise<never>} rejects when it is aborted */
function aborted(signal) {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
}

function stopAll() {
  stop?.abort();
  stopPolishing();
}

/**
 * @param {Item[]} items
 * @param {() => boolean} start what to do then
 */
function askForFiles(items, start) {
  const [first] = items.filter(({ file, origin }) => !file && origin);
  if (!first) return;
  asked = start;
  const picker = input(first.origin?.path.includes('/') ? 'folder' : 'photos');
  const changedMind = () => {
    asked = null;
  };
  picker.addEventListener('cancel', changedMind, { once: true });
  picker.click();
}

/** @param {number} id */
function remove(id) {
  if (run.items.size === 1) return clear();
  removal.remove(id);
  refresh();
}

function removeAll() {
  walks += 1;
  clear();
}

function clear() {
  stopAll();
  removal.removeAll();
  hideProgress();
  refresh();
  input('photos').focus({ preventScroll: true }); // the previous buttons are gone
}

function undo() {
  removal.undo();
  refresh();
  button('translate').focus({ preventScroll: true });
}

/** @param {number} id @param {'saveOne' | 'shareOne'} [how] */
function saveResult(id, how = 'saveOne') {
  const item = run.items.get(id);
  if (item) save(item, how, saved);
}

/** @param {Item[]} items whose results are saved now */
function saved(items) {
  note(items);
  askBeforeLeaving(wouldLose(), 'results');
}
