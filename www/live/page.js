/**
 * The Live view: a source of pictures, the engine, and the pair on the stage, from the click that begins it to
 * its end. It stops at once when the view is left or the page hidden.
 */
import { EngineClient } from '../engine/client.js';
import { CodedError } from '../failure.js';
import { safeFileName } from '../files/names.js';
import { byId, downloadFile } from '../page/dom.js';
import { fillWords, text } from '../page/messages.js';
import { announce } from '../page/say.js';
import { currentView } from '../page/views.js';
import { settings } from '../translate/controls.js';
import { ModelLoader } from '../translate/loader.js';
import { loadingWords } from '../translate/site-models.js';
import { listenForFiles } from './drops.js';
import { Loop } from './loop.js';
import { buildLive } from './markup.js';
import { LiveModels } from './models.js';
import { Pace } from './pace.js';
import { Panel } from './panel.js';
import { Reel } from './reel.js';
import { SizeChoice } from './size-choice.js';
import { cameras, openCamera } from './source/camera.js';
import { openScenes, Passage } from './source/scenes.js';
import { openVideo } from './source/video.js';
import { Stage } from './stage.js';
import { loadLiveWords } from './words.js';

/** @import { Weights } from '../engine/client.js' */
/** @import { Trained } from '../models/models.js' */
/** @import { State } from './panel.js' */
/** @import { Heard, Source } from './source/source.js' */

/** @typedef {(heard: Heard, signal: AbortSignal) => Promise<Source>} Open opens a source, also again */

/** Milliseconds between two updates of the numbers. */
const TELL_EVERY = 1000;
const STILL = '(prefers-reduced-motion: reduce)';
/** Types of files that may be videos, besides those without a type. */
const PLAYABLE = /^(video|audio)\/|octet-stream|matroska|mp4|ogg/;

export class LivePage {
  #parts;
  #panel;
  #stage;
  #engine;
  #models;
  #sizes;
  #reel;
  #addModels;
  #pace = new Pace();
  #passage = new Passage();
  /** @type {State} */
  #state = 'idle';
  /** @type {Source | null} */
  #source = null;
  /** @type {Loop | null} */
  #loop = null;
  /** Ends what was begun. */
  #stop = new AbortController();
  /** Begins it again. @type {Open | null} */
  #open = null;
  /** @type {Weights | null} */
  #weights = null;
  /** Ends loading a model. */
  #loading = new AbortController();
  /** The name of the model whose weights are loaded, and of the one that made the picture on the stage. */
  #loaded = '';
  #maker = '';
  /** The scenes pass on by themselves when they are seen again. */
  #goesOn = false;

  /**
   * @param {object} page
   * @param {() => Worker} page.spawn
   * @param {import('../pkg/cyclegan_web.js').DeviceChoice} page.device
   * @param {import('../pkg/cyclegan_web.js').Precision | null} page.precision
   * @param {import('../files/weights-store.js').WeightsStore} page.weights
   * @param {(files: File[]) => Promise<string>} page.addModels adds them to Translate's, which chooses the first;
   *   what there is to say of that, or nothing if there is none
   * @param {(tell: (trained: Trained | null) => void) => void} page.watchTrained tells of the latest training,
   *   now and when it is another one
   */
  static async open(page) {
    await loadLiveWords();
    return new LivePage(page);
  }

  /** @param {Parameters<typeof LivePage.open>[0]} page */
  constructor({ spawn, device, precision, weights, addModels, watchTrained }) {
    const parts = buildLive(byId('live-bar'), byId('live-content'));
    this.#parts = parts;
    this.#panel = new Panel(parts);
    this.#engine = new EngineClient(spawn, device, { precision });
    this.#models = new LiveModels(parts.model, new ModelLoader(this.#engine, weights));
    this.#sizes = new SizeChoice(parts.size);
    this.#stage = new Stage(parts.stage);
    this.#reel = new Reel(parts, (extension) => this.#fileName(extension));
    this.#addModels = addModels;
    fillWords(byId('view-live'));
    this.#panel.say('');
    this.#panel.tellProblem(null);
    this.#listen();
    watchTrained((trained) => {
      this.#models.offer(trained);
      if (!this.#isRunning) this.#follow();
    });
    this.#arrive();
  }

  #listen() {
    const parts = this.#parts;
    /** @type {[HTMLElement, () => unknown][]} */
    const buttons = [
      [parts.useCamera, () => this.#useCamera(null)],
      [parts.scenes, () => this.#begin(this.#scenes)],
      [parts.again, () => this.#open && this.#begin(this.#open)],
      [parts.freeze, () => this.#freeze(this.#state === 'live')],
      [parts.save, () => this.#save()],
      [parts.record, () => this.#record()],
      [parts.end, () => this.#end()],
    ];
    for (const [button, act] of buttons) button.addEventListener('click', act);
    listenForFiles(parts.file, [parts.start, parts.stage], {
      onVideo: (file) => this.#useFile(file),
      onModels: (files) => this.#useModels(files),
    });
    parts.model.addEventListener('change', () => this.#changeModel());
    parts.size.addEventListener('change', () => this.#changeSize());
    parts.camera.addEventListener('change', () => this.#useCamera(parts.camera.value));
    navigator.mediaDevices?.addEventListener('devicechange', () => this.#listCameras());
    addEventListener('hashchange', () =>
      currentView() === 'live' ? this.#arrive() : this.#leave(),
    );
    document.addEventListener('visibilitychange', () => {
      if (currentView() !== 'live') return;
      if (document.hidden) this.#pause();
      else this.#arrive();
    });
    setInterval(() => {
      this.#panel.tellPace(this.#pace);
      if (this.#reel.isRunning) this.#reel.show();
    }, TELL_EVERY);
  }

  /** @type {Open} */
  #scenes = (_heard, signal) => {
    this.#panel.say(text('drop.painting'));
    return openScenes(this.#engine, this.#models.chosen.season, this.#passage, signal);
  };

  /** @param {string | null} id */
  #useCamera(id) {
    return this.#begin(async (heard, signal) => {
      this.#panel.say(text('live.asking'));
      const source = await openCamera(id, heard, signal);
      await this.#listCameras(source.id);
      return source;
    });
  }

  /** What can be no video leaves what is under way alone. @param {File} file */
  async #useFile(file) {
    const { type } = file;
    // A folder that was dropped cannot be read.
    const bytes = await file
      .slice(0, 1)
      .arrayBuffer()
      .catch(() => null);
    if (!bytes?.byteLength || (type && !PLAYABLE.test(type))) {
      this.#panel.note('');
      return this.#panel.tellProblem(new CodedError('video-unplayable', type));
    }
    const place = { time: 0 };
    return this.#begin((heard, signal) => {
      this.#panel.say(text('live.opening'));
      return openVideo(file, place, heard, signal);
    });
  }

  /** @param {Open} open */
  async #begin(open) {
    this.#halt();
    const stop = new AbortController();
    const { signal } = stop;
    const before = this.#open;
    this.#stop = stop;
    this.#open = open;
    this.#panel.tellProblem(null);
    this.#panel.note('');
    this.#panel.say(text('device.opening'));
    this.#set('starting');
    const heard = {
      onProblem: (/** @type {unknown} */ error) => !signal.aborted && this.#fail(error),
      onMute: (/** @type {boolean} */ muted) =>
        !signal.aborted && this.#panel.note(muted ? text('live.muted') : ''),
    };
    try {
      const opening = this.#engine.open(); // while the browser asks for the camera
      opening.catch(() => {});
      const source = await open(heard, signal);
      if (signal.aborted) return source.stop();
      this.#source = source;
      this.#panel.say(text('device.opening'));
      this.#sizes.propose(await opening);
      if (signal.aborted || !(await this.#loadLatest(signal))) return;
      this.#panel.say(text('live.first'));
      await this.#run(source, signal);
    } catch (error) {
      // Going on leads to what could be opened.
      if (!signal.aborted && !this.#source) this.#open = before;
      heard.onProblem(error);
    }
  }

  /** @param {Source} source @param {AbortSignal} signal */
  #run(source, signal) {
    const loop = new Loop({
      engine: this.#engine,
      source,
      stage: this.#stage,
      size: () => this.#sizes.size,
      weights: () => /** @type {Weights} */ (this.#weights),
      onPicture: (picture) => this.#shown(picture),
    });
    this.#loop = loop;
    this.#pace.reset();
    signal.addEventListener('abort', () => loop.end(), { once: true });
    return loop.run();
  }

  /** A pair is on the stage. @param {import('./pace.js').Picture} picture */
  #shown(picture) {
    this.#pace.add(picture);
    this.#maker = this.#loaded;
    this.#reel.add(this.#stage.after);
    if (this.#state === 'starting') this.#begun();
    if (this.#pace.isSlow) this.#shrink();
  }

  /** The first pair is on the stage. */
  #begun() {
    const kind = this.#source?.kind ?? 'scenes';
    this.#panel.say('');
    this.#set('live');
    announce(text(`live.on.${kind}`));
    // Nothing moves by itself for those who asked the system for that.
    if (kind === 'scenes' && matchMedia(STILL).matches) this.#freeze(true);
  }

  #shrink() {
    const video = this.#loop?.video;
    const n = video && this.#sizes.shrink(video);
    if (!n) return;
    this.#pace.reset();
    this.#panel.note(text('live.smaller', { n }));
  }

  /** @param {boolean} still */
  #freeze(still) {
    this.#source?.hold(still);
    this.#reel.pause(still);
    if (still) this.#loop?.hold();
    else this.#loop?.goOn();
    this.#pace.reset();
    this.#set(still ? 'frozen' : 'live');
    if (still) announce(text('live.frozen'));
  }

  #record() {
    if (this.#reel.isRunning) this.#reel.stop({ save: true });
    else this.#reel.start(this.#stage.after);
  }

  async #save() {
    const { format, quality } = settings();
    const type = `image/${format}`;
    const { after } = this.#stage;
    /** @type {Blob | null} */
    const picture = await new Promise((resolve) => after.toBlob(resolve, type, quality));
    this.#panel.tellProblem(null);
    // A browser without this encoder gives another type.
    if (picture?.type === type)
      downloadFile(picture, this.#fileName(format === 'jpeg' ? '.jpg' : `.${format}`));
    else this.#panel.tellProblem(new CodedError('encode-failed', `${picture?.type} for ${type}`));
  }

  /** "Summer → winter 2026-11-27 16.08.31.png". @param {string} extension */
  #fileName(extension) {
    const now = new Date(Date.now() - 60_000 * new Date().getTimezoneOffset()).toISOString();
    const time = now.slice(0, 19).replace('T', ' ').replaceAll(':', '.');
    return safeFileName(`${this.#maker} ${time}${extension}`);
  }

  #changeSize() {
    this.#sizes.keep();
    this.#panel.note('');
    this.#pace.reset();
    if (this.#state === 'frozen') this.#redo();
  }

  /** Goes on with the first of them. What cannot be used leaves what is under way alone. @param {File[]} files */
  async #useModels(files) {
    const { value } = this.#models.chosen;
    const words = await this.#addModels(files);
    if (!words) return; // the notice above all views says why
    this.#panel.tellProblem(null);
    this.#panel.note(words);
    if (this.#models.chosen.value !== value) return; // another one was chosen meanwhile
    this.#models.take();
    await this.#changeModel();
  }

  /** Another model for what is under way. */
  async #changeModel() {
    this.#panel.showModel(this.#models.chosen);
    const loop = this.#loop;
    if (!loop) return this.#loading.abort(); // whatever begins loads the other one
    loop.hold();
    try {
      if (!(await this.#load()) || loop !== this.#loop) return;
      this.#panel.say('');
      this.#pace.reset();
      if (this.#state === 'frozen') await this.#redo();
      else loop.goOn();
    } catch (error) {
      if (loop === this.#loop) this.#fail(error);
    }
  }

  /** The frozen picture with another model, or at another size. */
  async #redo() {
    const loop = this.#loop;
    await loop?.redo().catch((error) => loop === this.#loop && this.#fail(error));
    this.#pace.reset();
  }

  /**
   * Loads the chosen model, or the one that is chosen meanwhile.
   * @param {AbortSignal} signal
   * @returns {Promise<boolean>} whether it is still wanted
   */
  async #loadLatest(signal) {
    let loaded = false;
    while (!loaded && !signal.aborted) loaded = await this.#load();
    return !signal.aborted;
  }

  /** Loads the chosen model. @returns {Promise<boolean>} whether no other was chosen meanwhile */
  async #load() {
    this.#loading.abort();
    const loading = new AbortController();
    const { signal } = loading;
    const { name } = this.#models.chosen;
    this.#loading = loading;
    const onProgress = (/** @type {number | null} */ part, /** @type {number} */ bytes) => {
      if (!signal.aborted) this.#panel.say(loadingWords(part, bytes));
    };
    const weights = await this.#models.load(onProgress, signal).catch((error) => {
      if (!signal.aborted) throw error;
    });
    if (signal.aborted || !weights) return false;
    this.#weights = weights;
    this.#loaded = name;
    return true;
  }

  /** The person has seen enough. */
  #end() {
    this.#halt();
    this.#open = null;
    this.#panel.tellProblem(null);
    this.#set('idle');
  }

  /** The view is out of sight. */
  #pause() {
    if (!this.#isRunning) return;
    const kind = this.#source?.kind;
    this.#goesOn = kind === 'scenes' && this.#state !== 'frozen';
    this.#halt();
    const words = text(kind === 'camera' ? 'live.away.camera' : 'live.away');
    this.#panel.note(this.#goesOn ? '' : words);
    this.#set('stopped');
  }

  #leave() {
    this.#pause();
    this.#engine.close();
  }

  /** The view is in sight, again or for the first time. */
  #arrive() {
    if (currentView() !== 'live') return;
    if (!this.#isRunning) this.#follow();
    const goesOn = this.#goesOn;
    this.#goesOn = false;
    if (goesOn && this.#open) this.#begin(this.#open);
    else this.#set(this.#state);
  }

  #follow() {
    this.#models.follow();
    this.#panel.showModel(this.#models.chosen);
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#halt();
    this.#set('stopped');
    this.#panel.tellProblem(error);
  }

  /** Stops the source, whatever it is doing; a recording is kept. */
  #halt() {
    this.#stop.abort();
    this.#loading.abort();
    this.#source?.stop();
    this.#source = null;
    this.#loop = null;
    this.#reel.stop();
    this.#panel.say('');
  }

  get #isRunning() {
    return this.#state !== 'idle' && this.#state !== 'stopped';
  }

  async #listCameras(current = this.#parts.camera.value) {
    this.#panel.showCameras(await cameras(), current);
    this.#set(this.#state);
  }

  /** @param {State} state */
  #set(state) {
    this.#state = state;
    this.#panel.draw(state, {
      filled: this.#stage.filled,
      isCamera: this.#source?.kind === 'camera',
      canGoOn: this.#open !== null,
      reel: this.#reel,
    });
  }
}
