/** Models that lie beside the page: those that its host lists, and the one that a link names. */
import { aboutIn } from '../files/about.js';
import { hostedModels, linkedModel } from '../models/hosted.js';
import { siteModel } from '../models/models.js';
import { formatBytes, formatPercent, text } from '../page/messages.js';
import { announce, tellFailure } from '../page/say.js';
import { addSiteModels, changeModel, chooseModel, dropModel } from './controls.js';
import { addModel, chosenModel, modelOf, nameOf, pairName } from './model-list.js';
import { changeModels } from './own-models.js';
import { hideProgress, showLine } from './progress.js';

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
  const listed = hostedModels(address).then((all) => addSiteModels(all.map((one) => named(one))));
  if (linked === null) return;
  try {
    const asked = linkedModel(linked, address);
    // The choice waits for the list, which may know more of it; translating waits for the choice.
    await changeModels(async () => {
      await listed;
      await follow(asked, loader);
    });
  } catch (error) {
    tellFailure(error);
  }
}

/** @param {Hosted} hosted @param {About} [about] what its file says, once it is there @returns {Model} */
function named(hosted, about) {
  const model = siteModel(hosted, about);
  return { ...model, name: pairName(model.about) ?? model.name };
}

/**
 * Fetches the model of a link, and chooses it for this visit. If that fails, all is as it was.
 * @param {Hosted} hosted
 * @param {ModelLoader} loader
 */
async function follow(hosted, loader) {
  const before = chosenModel();
  const listed = modelOf(`site:${hosted.path}`);
  const model = listed ?? named(hosted);
  if (!listed) addModel(model);
  chooseModel(model, { forGood: false });
  try {
    const { signal } = new AbortController();
    await loader.load(model, (part, bytes) => showLine(loadingWords(part, bytes)), signal);
    const words = text('models.added', { name: nameOf(await learnAbout(model, loader)) });
    showLine(words);
    announce(words);
  } catch (error) {
    hideProgress();
    chooseModel(before, { forGood: false });
    if (!listed) dropModel(model);
    throw error;
  }
}

/**
 * Adds what the file of a fetched model says of itself.
 * @param {Model} model
 * @param {ModelLoader} loader
 * @returns {Promise<Model>} with all that is known of it
 */
export async function learnAbout(model, loader) {
  const { hosted } = model;
  if (!hosted) return model;
  const file = await loader.file(model);
  const more = named(hosted, await aboutIn(file));
  const known = { ...more, bytes: file.size };
  changeModel(model, known);
  return known;
}

/** @param {number | null} fraction null: it is not known how much there is @param {number} bytes */
export function loadingWords(fraction, bytes) {
  if (fraction === null) return text('models.loading.some', { size: formatBytes(bytes) });
  return text('models.loading', { percent: formatPercent(fraction) });
}
