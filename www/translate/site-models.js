/** Models that lie beside the page: those that its host lists, and the one that a link names. */
import { aboutIn } from '../files/about.js';
import { hostedModels, linkedModel } from '../models/hosted.js';
import { siteModel } from '../models/models.js';
import { recall } from '../page/memory.js';
import { formatBytes, formatPercent, text } from '../page/messages.js';
import { announce, tellFailure } from '../page/say.js';
import { addSiteModels, changeModel, chooseModel, dropModel } from './controls.js';
import { addModel, allModels, chosenModel, modelOf, nameOf, pairName } from './model-list.js';
import { changeModels } from './own-models.js';
import { hideProgress, showLine } from './progress.js';

/** @import { Weights } from '../engine/client.js' */
/** @import { About } from '../files/about.js' */
/** @import { Hosted } from '../models/hosted.js' */
/** @import { Model } from '../models/models.js' */
/** @import { ModelLoader } from './loader.js' */

/**
 * @param {object} page
 * @param {ModelLoader} page.loader
 * @param {string | null} page.linked
 */
export async function setUpSiteModels({ loader, linked }) {
  const address = new URL(location.href);
  const listed = hostedModels(address).then((all) => addSiteModels(all.map(asLastTime)));
  if (linked === null) return;
  try {
    const asked = linkedModel(linked, address, address.searchParams.get('network'));
    // The choice waits for the list, which may know more of it; translating waits for the choice.
    await changeModels(async () => {
      await listed;
      await follow(asked, loader);
    });
  } catch (error) {
    tellFailure(error);
  }
}

/** The network of its file that the last visit chose is known before the file is. @param {Hosted} hosted */
function asLastTime(hosted) {
  const before = `site:${hosted.path}/`;
  const wanted = recall('model');
  if (hosted.network !== null || !wanted?.startsWith(before)) return named(hosted);
  return named(hosted, undefined, { part: wanted.slice(before.length) });
}

/**
 * @param {Hosted} hosted
 * @param {About} [about] what its file says, once it is there
 * @param {Partial<Pick<Model, 'part' | 'network'>>} [facts]
 * @returns {Model}
 */
function named(hosted, about, facts) {
  const model = siteModel(hosted, about, facts);
  return { ...model, name: pairName(model.about) ?? model.name };
}

/**
 * Fetches the model of a link, and chooses it for this visit. If that fails, all is as it was.
 * @param {Hosted} hosted
 * @param {ModelLoader} loader
 */
async function follow(hosted, loader) {
  const before = chosenModel();
  const wanted = named(hosted);
  const listed = modelOf(wanted.value);
  const model = listed ?? wanted;
  if (!listed) addModel(model);
  chooseModel(model, { forGood: false });
  try {
    const { signal } = new AbortController();
    const onProgress = (/** @type {number | null} */ part, /** @type {number} */ bytes) =>
      showLine(loadingWords(part, bytes));
    const known = await learnAbout(model, loader, await loader.load(model, onProgress, signal));
    const all = allModels().filter((one) => one.hosted === known.hosted);
    const words =
      all.length > 1
        ? text('models.several', {
            n: all.length,
            name: siteModel(hosted, undefined, WHOLE).name ?? '',
          })
        : text('models.added', { name: nameOf(known) });
    showLine(words);
    announce(words);
  } catch (error) {
    hideProgress();
    chooseModel(before, { forGood: false });
    if (!listed) dropModel(model);
    throw error;
  }
}

/** Of a file, and not of one network in it. */
const WHOLE = { part: null };

/**
 * Adds what the file of a fetched model says of itself, and the other models in it.
 * @param {Model} model
 * @param {ModelLoader} loader
 * @param {Weights} weights as which it was loaded
 * @returns {Promise<Model>} the one that was loaded, with all that is known of it
 */
export async function learnAbout(model, loader, weights) {
  const { hosted } = model;
  if (!hosted || model.network) return model;
  const file = await loader.file(model);
  const about = await aboutIn(file);
  const found = await loader.generators(weights);
  const all = found.map((one) => ({ ...named(hosted, about, one), bytes: file.size }));
  const known = all.find(({ part }) => part === (weights.network ?? null)) ?? all[0];
  changeModel(model, known);
  // A list that names the network of a file wants no other.
  if (hosted.network === null) for (const one of all) if (one !== known) addModel(one);
  return known;
}

/** @param {number | null} fraction null: it is not known how much there is @param {number} bytes */
export function loadingWords(fraction, bytes) {
  if (fraction === null) return text('models.loading.some', { size: formatBytes(bytes) });
  return text('models.loading', { percent: formatPercent(fraction) });
}
