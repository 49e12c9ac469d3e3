/**
 * Puts the page together: the words, the engine, and the two views, Translate and Train.
 */
import { EngineClient } from './client.js';
import { proposeSize } from './controls.js';
import { warn } from './dom.js';
import { failureOf } from './failure.js';
import { translatePage } from './language.js';
import { errorText } from './messages.js';
import { spawnEngine } from './spawn.js';
import { showDevice, showNoDevice } from './status.js';
import { WeightsStore } from './store.js';
import { setUpTranslate, takeWeights } from './translate-page.js';
import { setUpViews, showView } from './views.js';
import { removeStale } from './zip.js';

const query = new URLSearchParams(location.search);
let version = '';

await translatePage(query);
setUpViews();

const weights = await WeightsStore.open();
const engine = new EngineClient(spawnEngine, deviceChoice(), knowDevice, undefined, precision());
await setUpTranslate(engine, weights, { open: openEngine, version: () => version });
const training = setUpTrain();
openEngine();
removeStale();
training.then((page) => page.open());

/** @param {import('./protocol.js').DeviceReport} report */
function knowDevice(report) {
  version = report.version;
  showDevice(report);
  proposeSize(report.defaultSize);
  if (report.warning) warn(errorText(report.warning));
  training.then((page) => page.knowDevice(report)).catch(() => {});
}

/** @returns {import('./protocol.js').DeviceChoice} */
function deviceChoice() {
  const asked = query.get('device');
  return asked === 'cpu' || asked === 'webgpu' ? asked : 'auto';
}

/** How translations shall be kept; training is float32 always. */
function precision() {
  const asked = query.get('precision');
  return asked === 'float32' || asked === 'float16' ? asked : null;
}

async function openEngine() {
  try {
    await engine.open();
  } catch (error) {
    const { code } = failureOf(error);
    if (code !== 'AbortError') showNoDevice(code);
  }
}

/** Training has an engine of its own, which starts when it is first needed. */
async function setUpTrain() {
  const { TrainPage } = await import('./train/view/page.js');
  return new TrainPage({
    engine: new EngineClient(spawnEngine, deviceChoice(), () => {}),
    query,
    store: weights,
    async onModels(files) {
      showView('translate');
      // The last one taken is the one that is chosen.
      for (const file of files) await takeWeights(file);
    },
  });
}
