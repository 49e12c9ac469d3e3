/** Downloading a model, for this page, for PyTorch or for ONNX, with what is known of it. */
import { WEIGHTS_NAME } from '../files/weights-kind.js';
import { downloadAs } from '../page/export-dialog.js';
import { exported } from '../page/export-files.js';
import { text } from '../page/messages.js';
import { readerOf } from '../page/pth-reader.js';
import { base64, thumbnails } from '../page/thumbnail.js';
import { settings } from './controls.js';
import { allModels, chosenModel, nameOf } from './model-list.js';

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

/** @param {HTMLButtonElement} pressed @param {Page} page */
export async function downloadModel(pressed, page) {
  const model = chosenModel();
  const { margin } = settings();
  const back = oppositeOf(model);
  const all = allModels().filter((one) => one === model || one === back);
  const offer = {
    title: text('export.title', { name: nameOf(model) }),
    directions: all.map((one) => ({
      value: one.value,
      words: nameOf(one),
      ticked: one === model,
    })),
    judges: false,
    to: /** @type {const} */ ('safetensors'),
    reader: readerOf(all.map(({ card, network }) => card ?? network)),
  };
  await downloadAs(pressed, offer, async (choice) => {
    /** @type {Source[]} */
    const sources = [];
    for (const [i, one] of all.entries()) {
      if (!choice.directions.includes(one.value)) continue;
      sources.push({
        name: fileNameOf(one),
        network: i === 0 ? 'G_A' : 'G_B',
        weights: await page.loader.load(one, () => {}, new AbortController().signal),
        about: await aboutOf(one, one === model ? margin : one.margin, page.results()),
      });
    }
    return exported(page.engine, sources, choice, fileNameOf(model));
  });
}

/** The model of the way back, if it is known. @param {Model} model */
function oppositeOf(model) {
  const { file, hosted, part } = model;
  const [from, to] = looksOf(model);
  const others = allModels().filter((one) => one !== model && originOf(one) === originOf(model));
  const back = others.find((one) => {
    const [source, target] = looksOf(one);
    return from && to && source === to && target === from;
  });
  // Names such as G_A and G_B are equally long; that of an average is longer than what it is an average of.
  const beside = others.filter(
    (one) => one.file === file && one.hosted === hosted && one.part?.length === part?.length,
  );
  return back ?? (part !== null && beside.length === 1 ? beside[0] : undefined);
}

/** @param {Model} model */
const originOf = ({ card, hosted }) => (card && 'page') ?? (hosted && 'site') ?? 'own';

/** "Summer → winter" as `summer-to-winter`. @param {Model} model */
function fileNameOf(model) {
  const [from, to] = looksOf(model);
  if (from && to) return `${from}-to-${to}`;
  return nameOf(model).replace(WEIGHTS_NAME, '');
}

/** @param {Model} model @returns {(string | null)[]} */
function looksOf({ card, about }) {
  return card ? [card.source, card.target] : [about.from, about.to];
}

/**
 * @param {Model} model
 * @param {number} margin
 * @param {Result[]} results
 * @returns {Promise<About>}
 */
async function aboutOf(model, margin, results) {
  const { card, about } = model;
  const [from, to] = looksOf(model);
  const trained = /** @type {Record<string, string | number>} */ (card?.trained ?? {});
  const known = model.name ?? model.value;
  const result = results.find(({ made }) => made.model.name === known);
  const picture = await result?.open().catch(() => null);
  const own = about.thumbnails;
  return {
    from,
    to,
    margin,
    size: card?.size ?? about.size,
    trained_on: card ? text(`models.trained.${card.trained.on}`, trained) : about.trainedOn,
    thumbnails: own
      ? [await base64(own[0]), await base64(own[1])]
      : await thumbnails(picture?.before, picture?.after),
  };
}
