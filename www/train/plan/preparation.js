/** What a run will be made of: two folders, settings, weights to start from, and what was measured. */
import { Folders } from '../gather/folders.js';
import { paintScenes } from '../gather/samples.js';
import { configOf, stepsOf } from './config.js';
import { isDecided, presetSettings, undecided } from './presets.js';
import { defaultSettings, settingProblems, settingsWith } from './settings.js';

/** @import { FolderReport } from '../gather/dataset.js' */
/** @import { Domain } from '../gather/domains.js' */
/** @import { Calibration } from './estimate.js' */
/** @import { Runs, Source, Weights } from './start.js' */
/** @import { Network, Preset, Settings, StartChoice, TrainNeed } from './types.js' */

/** @typedef {Awaited<ReturnType<Preparation['plan']>>} Plan */

export class Preparation {
  #engine;
  #source;
  #stored;
  #host;
  #onChange;
  /** What the person chose; the rest goes with the preset and the device. @type {Partial<Settings>} */
  #chosen = {};
  /** @type {Preset} */
  preset = 'season';
  /** The one that settings go with which were not chosen. @type {import('./presets.js').Named} */
  #basis = 'season';
  /** @type {import('../../engine/protocol.js').DeviceReport | null} */
  device = null;
  /** @type {StartChoice} */
  start = { kind: 'model', id: 'summer2winter' };
  /** Memory of a run as it stands here; null: not known yet. @type {TrainNeed | null} */
  need = null;
  #weighed = 0;
  /** Of what stands here now; forgotten as soon as that changes. @type {Calibration | null} */
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

  /** Of the weights to start from, as far as it is known. */
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
    await this.#weigh(); // how many there are decides how many steps a round has
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

  /** Asks the engine what a run takes, so that one that is too large is refused before it starts. */
  async #weigh() {
    const { device, settings, start, folders } = this;
    this.#weighed += 1;
    this.need = null;
    if (!device || settingProblems(settings).length > 0) return;
    const mine = this.#weighed;
    const { A, B } = folders.reports;
    const steps = stepsOf(settings, A.training, B.training);
    const config = JSON.stringify(configOf(settings, start, device, steps, this.network));
    // If it cannot be told now, the start tells it.
    const need = await this.#engine.request('weigh-run', { config }).catch(() => null);
    if (mine !== this.#weighed) return;
    this.need = need;
    this.#onChange();
  }

  /** So that settings can be proposed for the device. Its failure is told when it is needed. */
  async #openDevice() {
    this.device = await this.#engine.open().catch(() => this.device);
    this.#onChange();
    await this.#weigh();
  }

  /**
   * Everything that a run is made of, with its weights.
   * @param {AbortSignal} signal
   */
  async plan(signal) {
    this.device = await this.#engine.open(signal);
    const weights = await this.#source.read(this.start, this.#stored, signal);
    // They may have made room for another run since they were chosen, and new ones warm up.
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
