/** A person's own models: weights that are added, renamed, forgotten, or made by polishing others. */
import { failureOf } from '../failure.js';
import { WEIGHTS_NAME } from '../files/weights-kind.js';
import { confirmed } from '../page/confirm.js';
import { button, byId, input, shownName } from '../page/dom.js';
import { formatTime, text } from '../page/messages.js';
import { announce, notify, tellFailure } from '../page/say.js';
import { isSlow } from '../page/support.js';
import { batchWords, earlierStates, inOrderOfUse } from './batch.js';
import { changeModel, chooseModel, dropModel } from './controls.js';
import { showLeft } from './left-models.js';
import { addModel, allModels, chosenModel, nameOf, pairName } from './model-list.js';
import { modelsIn, partsOf, rememberParts } from './own-record.js';
import { polish } from './polish.js';
import { hideProgress, showLine } from './progress.js';

/** @import { Weights } from '../engine/client.js' */
/** @import { Failure } from '../failure.js' */
/** @import { Candidate } from '../files/walk.js' */
/** @import { Model } from '../models/models.js' */
/** @import { Generator } from './loader.js' */

/**
 * @typedef {object} Page
 * @property {import('../engine/client.js').EngineClient} engine
 * @property {import('./loader.js').ModelLoader} loader
 * @property {() => Blob[]} photos currently on the page
 * @property {() => boolean} isRunning whether photos are being translated
 * @property {() => void} onChange
 */

/** @type {Page} */
let page;
/** The latest change to the models; no run starts until it is done. */
let changing = Promise.resolve();
let changes = 0;
/** Ends the current polishing. @type {AbortController | null} */
let polishing = null;

/** @param {Page} parts */
export function setUpOwnModels(parts) {
  page = parts;
  button('forget').addEventListener('click', forget);
  button('polish').addEventListener('click', polishChosen);
  input('own-name').addEventListener('change', rename);
}

/** @param {import('../files/weights-store.js').WeightsStore} store @returns {Promise<Model[]>} */
export async function ownWeights(store) {
  const all = (await store.list()).map(async ({ name }) =>
    modelsIn(name, await store.read(name).catch(() => new Blob())),
  );
  return (await Promise.all(all)).flat();
}

/**
 * Where the browser has forgotten which networks of a stored file are models, all of them are again.
 * @param {Model} model
 * @param {Weights} weights as which it was loaded
 * @returns {Promise<Model>} the one that was loaded
 */
export async function foundAgain(model, weights) {
  const { file, part } = model;
  if (file === null || part !== null || !weights.network) return model;
  const networks = await page.loader.generators(weights);
  const [first, ...others] = await remembered(file, await page.loader.file(model), networks);
  changeModel(model, first);
  for (const other of others) addModel(other);
  return first;
}

/**
 * The models of a stored file, from now on also on the next visit.
 * @param {string} name
 * @param {Blob} file
 * @param {Generator[]} parts
 * @param {number} [margin] otherwise the file's own
 */
function remembered(name, file, parts, margin) {
  rememberParts(name, parts);
  return modelsIn(name, file, { margin, parts });
}

export const areChanging = () => changes > 0;
export const isPolishing = () => polishing !== null;
export const stopPolishing = () => polishing?.abort();

/** Resolves when no model is being changed. */
export async function modelsChanged() {
  while (changes > 0) await changing;
}

/**
 * Changes the list of models, one change after another, and never during a run.
 * @param {() => Promise<void>} change
 */
export async function changeModels(change) {
  const attempt = async () => {
    if (page.isRunning()) return notify(text('models.wait'));
    await change().catch(tellFailure);
  };
  changes += 1;
  page.onChange();
  changing = changing.then(attempt);
  await changing;
  changes -= 1;
  page.onChange();
}

/**
 * Checks weights by loading them; accepted ones are remembered, and the first of them is chosen. One file that
 * is refused is a failure; of several, those that are left out are told in a line.
 * @param {Candidate[]} found
 * @param {boolean} [aside] there were photos too, and nobody may have meant to add models
 * @returns {Promise<string>} what was told of those that were accepted; empty: none was
 */
export async function takeModels(found, aside = false) {
  notify('');
  showLeft([]);
  let told = '';
  await changeModels(async () => {
    const { latest, earlier } = earlierStates(found);
    const taken = [];
    /** @type {(Failure & { name: string })[]} */
    const left = [];
    for (const { file } of inOrderOfUse(latest)) {
      showLine(text('models.checking', { name: shownName(file.name) }));
      try {
        taken.push(await added(file, { chosen: taken.length === 0 }));
      } catch (error) {
        const failure = failureOf(error);
        if (!failure.code.startsWith('weights-')) {
          hideProgress();
          throw error;
        }
        console.warn(`${file.name}: ${failure.code}: ${failure.detail}`);
        left.push({ ...failure, name: file.name });
      }
    }
    if (taken.length === 0 && !aside) {
      hideProgress();
      tellFailure(left[0], shownName(left[0].name));
    } else {
      const words = batchWords(taken, left, earlier);
      tellEnd(words);
      if (taken.length > 0) told = words;
    }
    if (taken.length > 0 || left.length > 1) showLeft(left);
  });
  return told;
}

/**
 * @param {File} file
 * @param {object} [how]
 * @param {string} [how.words] key of the text for where it is stored
 * @param {number} [how.margin] otherwise the file's own
 * @param {boolean} [how.chosen] its first model becomes the chosen one
 */
async function added(file, { words = 'models.added', margin, chosen = true } = {}) {
  const { name, kept, networks } = await page.loader.add(file);
  const models = await remembered(name, file, networks, margin);
  for (const model of models) addModel(model);
  if (chosen) chooseModel(models[0]);
  if (kept !== 'disk') return text('models.session', { name: nameOf(models[0]) });
  if (models.length > 1) return text('models.several', { n: models.length, name });
  return text(words, { name: nameOf(models[0]) });
}

/** @param {string} words */
function tellEnd(words) {
  showLine(words);
  announce(words);
}

function rename() {
  const model = chosenModel();
  if (model.file === null) return;
  // Another model may be chosen, and its name shown, before this one's turn.
  const wanted = input('own-name').value.trim();
  if (wanted) changeModels(() => renamed(model, wanted));
  else input('own-name').value = nameOf(model);
}

/** Renames its file, if it is the only model in it. @param {Model} model @param {string} wanted */
async function renamed(model, wanted) {
  const file = model.file ?? '';
  const alone = model.part === null;
  const now = alone ? await page.loader.rename(file, wanted) : file;
  const parts = alone
    ? [pairName(model.about) ? { part: null, name: wanted } : { part: null }]
    : partsOf(file).map((one) => (one.part === model.part ? { ...one, name: wanted } : one));
  if (now !== file) rememberParts(file, []);
  rememberParts(now, parts);
  const value = alone ? `own:${now}` : model.value;
  const name = alone && !pairName(model.about) ? now : wanted;
  changeModel(model, { ...model, value, file: now, name });
}

async function forget() {
  const model = chosenModel();
  const { file, part } = model;
  if (file === null) return;
  const question = text('confirm.forget', { name: nameOf(model) });
  if (!(await confirmed(question, text('confirm.delete')))) return;
  changeModels(async () => {
    dropModel(model);
    rememberParts(
      file,
      partsOf(file).filter((one) => one.part !== part),
    );
    // The file stays for the sake of its other models.
    if (!allModels().some((one) => one.file === file)) await page.loader.forget(file);
  });
}

/** Polishes the chosen model on the current photos; the result is a new model. */
function polishChosen() {
  const photos = page.photos();
  if (photos.length === 0) return notify(text('polish.photos'));
  notify('');
  /** @type {HTMLDetailsElement} */ (byId('more')).open = false;
  return changeModels(async () => {
    const stopped = new AbortController();
    polishing = stopped;
    page.onChange();
    button('cancel').focus(); // the button that was pressed is hidden
    try {
      await polishOn(photos, stopped.signal);
    } catch (error) {
      hideProgress();
      if (!stopped.signal.aborted) throw error;
    } finally {
      polishing = null;
    }
  });
}

/** @param {Blob[]} photos @param {AbortSignal} signal */
async function polishOn(photos, signal) {
  const model = chosenModel();
  const name = nameOf(model).replace(WEIGHTS_NAME, '');
  showLine(text('device.opening'));
  const slow = isSlow(await page.engine.open());
  const made = await polish({
    engine: page.engine,
    weights: await page.loader.load(model, () => {}, signal),
    photos,
    slow,
    signal,
    onProgress: ({ step, total, secondsLeft }) => {
      const time = formatTime(secondsLeft);
      showLine(text('polish.progress', { n: step, m: total, time }));
    },
  });
  if (!made) return tellEnd(text('polish.none'));
  const file = new File([made], text('polish.name', { name }));
  tellEnd(await added(file, { words: 'polish.done', margin: model.margin }));
}
