/** Models that lie beside the page: those that its host lists, and the one that a link names. */
import { aboutIn } from '../files/about.js';
import { hostedModels, linkedModel } from '../models/hosted.js';
import { siteModel } from '../models/models.js';
import { formatBytes, formatPercent, text } from '../page/messages.js';
import { announce, tellFailure } from '../page/say.js';
import { addSiteModels, changeModel, chooseModel, dropModel } from './controls.js';
import { addModel, modelOf, nameOf, pairName } from './model-list.js';
import { changeModels } from './own-models.js';
import { hideProgress, showLine } from './progress.js';

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
  const listed = hostedModels(address).then((all) => addSiteModels(all.map(named)));
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

/** @param {Hosted} hosted @returns {Model} */
function named(hosted) {
  return siteModel(hosted, pairName(hosted) ?? fileName(hosted));
}

/** @param {Hosted} hosted */
const fileName = ({ path }) => path.slice(path.lastIndexOf('/') + 1);

/** Fetches the model of a link, and chooses it for this visit. @param {Hosted} hosted @param {ModelLoader} loader */
async function follow(hosted, loader) {
  const known = modelOf(`site:${hosted.path}`);
  const model = known ?? named(hosted);
  if (!known) addModel(model);
  chooseModel(model, { forGood: false });
  try {
    const { signal } = new AbortController();
    await loader.load(model, (part, bytes) => showLine(loadingWords(part, bytes)), signal);
    const { value } = model;
    await learnAbout(model, loader);
    const words = text('models.added', { name: nameOf(modelOf(value) ?? model) });
    showLine(words);
    announce(words);
  } catch (error) {
    hideProgress();
    dropModel(model);
    throw error;
  }
}

/** Adds what the file of a fetched model says of itself. @param {Model} model @param {ModelLoader} loader */
export async function learnAbout(model, loader) {
  const { hosted } = model;
  if (!hosted) return;
  const file = await loader.file(model);
  const about = await aboutIn(file);
  const { from, to } = siteModel(hosted, '', about).about;
  const more = siteModel(hosted, pairName({ from, to }) ?? fileName(hosted), about);
  changeModel(model, { ...more, bytes: file.size });
}

/** @param {number | null} fraction null: it is not known how much there is @param {number} bytes */
export function loadingWords(fraction, bytes) {
  if (fraction === null) return text('models.loading.some', { size: formatBytes(bytes) });
  return text('models.loading', { percent: formatPercent(fraction) });
}
