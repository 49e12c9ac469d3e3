/** Downloading a model, for this page, for PyTorch or for ONNX, with what is known of it. */
import { shippedModels } from '../models/models.js';
import { button, downloadFile, input } from '../page/dom.js';
import { askExport, busy } from '../page/export-dialog.js';
import { exported } from '../page/export-files.js';
import { text } from '../page/messages.js';
import { tellFailure } from '../page/say.js';
import { base64, thumbnails } from '../page/thumbnail.js';
import { chosenModel, modelsOf, nameOf } from './model-list.js';

/** @import { EngineClient } from '../engine/client.js' */
/** @import { Model } from '../models/models.js' */
/** @import { Source } from '../page/export-files.js' */
/** @import { About } from '../pkg/cyclegan_web.js' */
/** @import { Result } from './queue.js' */

/**
 * @typedef {object} Page
 * @property {Pick<EngineClient, 'export'>} engine
 * @property {import('./loader.js').ModelLoader} loader
 * @property {() => Result[]} results on the page
 */

/** @param {Page} page */
export function setUpExport(page) {
  button('download-model').addEventListener('click', () => download(page).catch(tellFailure));
}

/** @param {Page} page */
async function download(page) {
  const model = chosenModel();
  const back = oppositeOf(model);
  const all = back ? [model, back] : [model];
  const choice = await askExport({
    title: text('export.title', { name: nameOf(model) }),
    directions: all.map((one) => ({
      value: one.value,
      words: nameOf(one),
      ticked: one === model,
    })),
    judges: false,
    to: 'safetensors',
  });
  if (!choice) return;
  await busy(button('download-model'), async () => {
    const chosen = all.filter(({ value }) => choice.directions.includes(value));
    /** @type {Source[]} */
    const sources = [];
    for (const one of chosen) {
      sources.push({
        name: fileNameOf(one),
        network: one === model ? 'G_A' : 'G_B',
        weights: await page.loader.load(one, () => {}, new AbortController().signal),
        about: await aboutOf(one, page),
      });
    }
    const { name, blob } = await exported(page.engine, sources, choice, fileNameOf(model));
    downloadFile(blob, name);
  });
}

/** The model of the way back, if it is known. @param {Model} model */
function oppositeOf({ card, file, value }) {
  if (card) {
    return shippedModels().find(
      (one) => one.card?.source === card.target && one.card.target === card.source,
    );
  }
  const others = file ? modelsOf(file).filter((one) => one.value !== value) : [];
  return others.length === 1 ? others[0] : undefined;
}

/** "Summer → winter" as `summer-to-winter`. @param {Model} model */
function fileNameOf(model) {
  const [from, to] = looksOf(model);
  if (from && to) return `${from}-to-${to}`;
  return nameOf(model).replace(/\.(safetensors|pth|pt|ckpt|bin)(\.tar)?$/i, '');
}

/** @param {Model} model @returns {(string | null)[]} */
function looksOf({ card, about }) {
  return card ? [card.source, card.target] : [about.from, about.to];
}

/** @param {Model} model @param {Page} page @returns {Promise<About>} */
async function aboutOf(model, { results }) {
  const { card, about } = model;
  const [from, to] = looksOf(model);
  const trained = /** @type {Record<string, string | number>} */ (card?.trained ?? {});
  const known = model.name ?? model.value;
  const picture = results().find(({ made }) => made.model.name === known)?.picture;
  const own = about.thumbnails;
  return {
    from,
    to,
    margin: model === chosenModel() ? Number(input('margin').value) : model.margin,
    size: card?.size ?? about.size,
    trained_on: card ? text(`models.trained.${card.trained.on}`, trained) : about.trainedOn,
    thumbnails: own
      ? [await base64(own[0]), await base64(own[1])]
      : await thumbnails(picture?.before, picture?.after),
  };
}
