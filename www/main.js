/** Assembles the page: its words, the engine, and the views: Translate, Train and Live. */
import diskUrl from './disk-worker.js?worker&url';
import { EngineClient } from './engine/client.js';
import { spawnWorker } from './engine/spawn.js';
import engineUrl from './engine-worker.js?worker&url';
import { failureOf } from './failure.js';
import { WeightsStore } from './files/weights-store.js';
import { showDevice, showLoading, showNoDevice, showStarting } from './page/device.js';
import { isSmall } from './page/device-memory.js';
import { button, byId } from './page/dom.js';
import { translatePage } from './page/language.js';
import { wouldLose } from './page/leaving.js';
import { errorText } from './page/messages.js';
import { notify, warn } from './page/say.js';
import { currentView, setUpViews, showView } from './page/views.js';
import { offerFormats, proposeSize } from './translate/controls.js';
import { takeModels } from './translate/own-models.js';
import { setUpTranslate, takeGiven, tellLoading } from './translate/view.js';

/** @import { DeviceChoice } from './pkg/cyclegan_web.js' */
/** @import { DeviceReport } from './engine/protocol.js' */

const spawn = () => spawnWorker(engineUrl, 'engine');
const query = new URLSearchParams(location.search);
/** Longest side of results that devices with little memory propose. */
const SMALL = 512;
/** The open device. @type {DeviceReport | null} */
let device = null;
/** The Live view is there, or is being fetched. */
let live = false;
/** The page is there: what it is told before then waits. */
let appear = () => {};
const appeared = new Promise((resolve) => {
  appear = () => resolve(undefined);
});
/** Not in development, where files have no versions. */
const offline = import.meta.env.PROD ? import('./offline/offline.js') : null;

const engine = new EngineClient(spawn, deviceChoice(), {
  precision: precision(),
  onOpen: (report) => appeared.then(() => knowDevice(report)),
  onLoading: (loading) => appeared.then(() => tellLoading(showLoading(loading))),
});
// Before the words, because it takes longest.
const opening = engine.open();
opening.catch(() => {}); // told below

await translatePage(query, wouldLose);
setUpViews();

const weights = await WeightsStore.open((name, file) => engine.request('keep', { name, file }));
const another = () => new EngineClient(spawn, 'cpu', { precision: precision() });
const opener = { open: () => openEngine(engine.open()), device: () => device, another };
const spawnDisk = () => spawnWorker(diskUrl, 'disk');
await setUpTranslate(engine, weights, opener, query.get('model') || null, spawnDisk);
const training = setUpTrain();
button('restart').addEventListener('click', () => {
  notify(''); // clears the message that it could not be loaded
  showStarting();
  openEngine(engine.open());
});
appear();
openEngine(opening);
training.then((page) => page.open(), noTraining);
addEventListener('hashchange', openLive);
openLive();
document.documentElement.dataset.started = '';
// The page works without it.
offline?.then(({ setUpOffline }) => setUpOffline(takeGiven)).catch(() => {});

/** @param {DeviceReport} report */
function knowDevice(report) {
  device = report;
  showDevice(report);
  proposeSize(isSmall() && report.defaultSize > SMALL ? SMALL : report.defaultSize);
  offerFormats(report.formats);
  if (report.warning) warn(errorText(report.warning));
  training.then((page) => page.knowDevice(report)).catch(() => {});
}

/** @returns {DeviceChoice} */
function deviceChoice() {
  const asked = query.get('device');
  return asked === 'cpu' || asked === 'webgpu' ? asked : 'auto';
}

/** The precision of translations; training is always float32. */
function precision() {
  const asked = query.get('precision');
  return asked === 'float32' || asked === 'float16' ? asked : null;
}

/** @param {Promise<DeviceReport>} opening */
async function openEngine(opening) {
  try {
    await opening;
  } catch (error) {
    const { code } = failureOf(error);
    if (code !== 'AbortError') showNoDevice(code);
  }
}

/** Part of the page could not be loaded. @param {unknown} error */
function noTraining(error) {
  console.warn(String(error));
  byId('train-missing').hidden = false;
  for (const id of ['train-bar', 'setup']) byId(id).hidden = true;
}

/** Training has its own engine, which starts when it is first needed. */
async function setUpTrain() {
  const { TrainPage } = await import('./train/view/page.js');
  return new TrainPage({
    engine: new EngineClient(spawn, deviceChoice(), { trains: true }),
    exporter: engine,
    query,
    async onModels(files) {
      showView('translate');
      await addModels(files);
    },
    onLive: () => showView('live'),
  });
}

/** @param {File[]} files */
function addModels(files) {
  return takeModels(files.map((file) => ({ file, path: file.name })));
}

/** Live comes when it is first shown, and has its own engine, which starts when something is begun. */
async function openLive() {
  if (live || currentView() !== 'live') return;
  live = true;
  byId('live-missing').hidden = true;
  try {
    const { LivePage } = await import('./live/page.js');
    await LivePage.open({
      spawn,
      device: deviceChoice(),
      precision: precision(),
      weights,
      addModels,
      watchTrained: (tell) => training.then((page) => page.watchTrained(tell)).catch(() => {}),
    });
  } catch (error) {
    console.warn(String(error));
    byId('live-missing').hidden = false;
    live = false; // it is fetched again when Live is shown again
  }
}
