/** What a run will consist of: two folders, settings, initial weights, and measurements. */
import { deviceMemory } from '../../page/device-memory.js';
import { Folders } from '../gather/folders.js';
import { paintScenes } from '../gather/samples.js';
import { configOf, stepsOf } from './config.js';
import { needOf } from './memory.js';
import { isDecided, presetSettings, undecided } from './presets.js';
import { defaultSettings, settingProblems, settingsWith } from './settings.js';

/** @import { FolderReport } from '../gather/dataset.js' */
/** @import { Domain } from '../gather/domains.js' */
/** @import { Calibration } from './estimate.js' */
/** @import { Runs, Source, Weights } from './start.js' */
/** @import { TrainNeed } from '../../pkg/cyclegan_web.js' */
/** @import { Network, Preset, Settings, StartChoice } from './types.js' */

/** @typedef {Awaited<ReturnType<Preparation['plan']>>} Plan */

export class Preparation {
  #engine;
  #source;
  #stored;
  #host;
  #onChange;
  /** The person's choices; everything else depends on the preset and the device. @type {Partial<Settings>} */
  #chosen = {};
  /** @type {Preset} */
  preset = 'season';
  /** The preset of all settings that were not chosen. @type {import('./presets.js').Named} */
  #basis = 'season';
  /** @type {import('../../engine/protocol.js').DeviceReport | null} */
  device = null;
  /** @type {StartChoice} */
  start = { kind: 'model', id: 'summer2winter' };
  /** Memory of a run with the current settings; null: not known yet. @type {TrainNeed | null} */
  need = null;
  #weighed = 0;
  /** For the current settings; dropped when they change. @type {Calibration | null} */
  calibration = null;

  /**
   * @param {object} parts
   * @param {import('../../engine/client.js').EngineClient} parts.engine
   * @param {Source} parts.source
   * @param {Runs} parts.stored
   * @param {import('../../page/host.js').Host} parts.host
   * @param {() => void} parts.onChange
   */
  constructor({ engine, source, stored, host, onChange }) {
    this.#engine = engine;
    this.#source = source;
    this.#stored = stored;
    this.#host = host;
    this.#onChange = onChange;
    this.folders = new Folders(host, onChange);
  }

  /** @returns {Settings} */
  get settings() {
    const proposed = defaultSettings(this.device, this.start, this.network);
    return settingsWith({ ...proposed, ...presetSettings(this.#basis, proposed) }, this.#chosen);
  }

  /** The network of the initial weights, if known. */
  get network() {
    return this.#source.network(this.start);
  }

  /** @param {Partial<Settings>} settings */
  set(settings) {
    if (isDecided(settings)) this.preset = 'own';
    this.#chosen = { ...this.#chosen, ...settings };
    this.#altered();
  }

  /** @param {Preset} preset */
  usePreset(preset) {
    this.preset = preset;
    if (preset !== 'own') {
      this.#basis = preset;
      this.#chosen = undecided(this.#chosen);
    }
    this.#altered();
  }

  /** @param {StartChoice} choice */
  startFrom(choice) {
    this.start = choice;
    this.#altered();
  }

  /** @param {Domain} domain @param {import('../gather/folders.js').Given} photos */
  async setFolder(domain, photos) {
    this.#altered();
    this.#openDevice();
    await this.folders.set(domain, photos);
    await this.#weigh(); // the number of photos determines the steps per epoch
  }

  /** @param {AbortSignal} signal */
  async useSamples(signal) {
    this.#altered();
    const summer = await paintScenes(this.#engine, 'summer', signal);
    const winter = await paintScenes(this.#engine, 'winter', signal);
    this.#openDevice();
    await Promise.all([this.folders.set('A', summer), this.folders.set('B', winter)]);
    await this.#weigh();
  }

  #altered() {
    this.calibration = null;
    this.#onChange();
    this.#weigh();
  }

  /** Asks the engine how much memory a run takes, so that one that is too large is refused before it starts. */
  async #weigh() {
    const { device, settings, start, folders } = this;
    this.#weighed += 1;
    this.need = null;
    if (!device || settingProblems(settings).length > 0) return;
    const mine = this.#weighed;
    const { A, B } = folders.reports;
    const steps = stepsOf(settings, A.training, B.training);
    const weigh = (/** @type {number} */ crop) => {
      const config = configOf({ ...settings, crop }, start, device, steps, this.network);
      return this.#engine.request('weigh-run', { config: JSON.stringify(config) });
    };
    // If it is unknown now, the start will report it.
    const need = await needOf(weigh, settings.crop, deviceMemory()).catch(() => null);
    if (mine !== this.#weighed) return;
    this.need = need;
    this.#onChange();
  }

  /** Opens the device to propose settings for it. A failure is reported when the device is needed. */
  async #openDevice() {
    this.device = await this.#engine.open().catch(() => this.device);
    this.#onChange();
    await this.#weigh();
  }

  /** Everything that a run consists of, including its weights. @param {AbortSignal} signal */
  async plan(signal) {
    this.device = await this.#engine.open(signal);
    const weights = await this.#source.read(this.start, this.#stored, signal);
    // They may have been removed to make room since they were chosen; new ones need a warm-up.
    if (this.start.kind === 'run' && !weights.checkpoint)
      this.start = { ...this.start, judges: false };
    return {
      folders: this.folders.reports,
      settings: this.settings,
      start: this.start,
      network: this.network,
      weights,
      device: this.device,
      date: this.#host.date(),
    };
  }
}
