/**
 * What the Train view sees of a training run: types only, no code.
 *
 * One {@link TrainSession} (`www/train/session.js`) holds everything. It is an `EventTarget` that fires
 * `change` whenever its {@link Snapshot} has changed; the view draws the snapshot and calls the methods.
 * No method throws for what a person may do: what went wrong stands in `snapshot.notices` and
 * `snapshot.state`. Methods that do not fit the present state do nothing ({@link Can} says which do).
 *
 * Training has a worker and a device of its own, so the Translate view goes on working while a run is
 * under way, more slowly; aborting a translation never costs a step of training, nor the other way round.
 */

import type { DeviceReport } from '../engine/protocol.js';
import type { Candidate, Chunk } from '../files/walk.js';
import type { Remark } from '../page/messages.js';
import type { Notice } from '../page/notices.js';
import type { DatasetReport, FolderReport } from './gather/dataset.js';
import type { Domain } from './gather/domains.js';

/**
 * - `empty`: at least one folder has no photos yet
 * - `checking`: photos are being looked at (`checked` says how far)
 * - `ready`: both folders are there; `dataset.refused` says whether they can be used
 * - `calibrating`: some steps are measured, on networks that are thrown away
 * - `calibrated`: ready, and `calibration` says how long the run would take
 * - `starting`: networks are being made, photos copied, a checkpoint read
 * - `training`
 * - `saving`: the run was halted and is being written, before `paused` or `finished`
 * - `paused`
 * - `recovering`: the engine died; a new one goes on from the last checkpoint
 * - `finished`: the run is over or was stopped; its weights are in `run` and, where possible, in `runs`
 * - `failed`: the run cannot go on by itself; `resume()` tries from the last checkpoint, `stop()` keeps
 *   what there is, `discard()` forgets it
 */
export type State =
  | 'empty'
  | 'checking'
  | 'ready'
  | 'calibrating'
  | 'calibrated'
  | 'starting'
  | 'training'
  | 'saving'
  | 'paused'
  | 'recovering'
  | 'finished'
  | 'failed';

export type StartChoice =
  /**
   * Weights that come with the page, `id` of a card in models/cards.json, which translates A to B; the way
   * back starts from the card of the other direction. Or `own:<name>`, a visitor's weights in the store.
   */
  | { kind: 'model'; id: string }
  /** A visitor's own weights: either direction or both, and the discriminators of what they make. */
  | { kind: 'files'; a: File | null; b: File | null; dA: File | null; dB: File | null }
  /** The weights of a run in `snapshot.runs`; `judges`: with its discriminators, which only one that `goesOn` has. */
  | { kind: 'run'; id: string; judges: boolean }
  | { kind: 'scratch' };

/** What a training is for: `presets.js`. `own`: a setting that goes with it was changed. */
export type Preset = 'season' | 'painting' | 'object' | 'enhancement' | 'own';

export interface Settings {
  /** How photos become training pictures, as the engine names it; all but the first are PyTorch's. */
  preprocess: 'scale_and_crop' | 'resize_and_crop' | 'scale_width_and_crop' | 'crop';
  /**
   * Pixels to which a photo's shorter side (or, as `preprocess` says, each side or its width) is brought before pieces
   * are taken: `crop` to 2048. `crop` alone takes them from the photo as it is.
   */
  size: number;
  /** Side of a training picture in pixels: 24 to 1024, a multiple of 4. */
  crop: number;
  /** Length of the run in this unit. */
  unit: 'steps' | 'epochs';
  length: number;
  /** Initial learning rate. */
  lr: number;
  rule: 'paper' | 'pytorch';
  /** The weight of both cycles. */
  lambdaCycle: number;
  /** Weight of the identity loss, relative to the cycle's; 0 switches it off. */
  lambdaIdentity: number;
  ganMode: 'lsgan' | 'vanilla';
  /** Whether the generators handed out are averages over the last tenth of the run. */
  ema: 'on' | 'off';
  /** How what the judges see is changed at random (differentiable augmentation). */
  augment: 'none' | 'colorTranslation' | 'all';
  /** Networks from scratch only; weights bring their own. */
  ngf: number;
  blocks: number;
  /** How a generator brings an image back to its size: by transposed convolutions, or enlarged before plain ones. */
  up: 'transpose' | 'bilinear';
  /** Steps in which fresh discriminators learn alone, for starts from weights without them; null: min(100, steps / 5). */
  warmUp: number | null;
  /** Steps of polish at the end; null: a tenth of the run's, at most 400. */
  polish: number | null;
  seed: number;
  /** Steps between previews. */
  previewEvery: number;
}

/**
 * What is wrong with a setting: `setting-range` {field, least, most}, `setting-multiple` {field, of},
 * `setting-choice` {field, choices}, `setting-memory` {bytes, limit, crop},
 * `setting-memory-never` {bytes, limit}; `start-no-file`: files to start from, and none was chosen.
 */
export interface SettingProblem extends Remark {
  field: keyof Settings | 'start';
}

export interface Calibration {
  /** Seconds of one step once everything is warm. */
  secondsPerStep: number;
  /** Steps that were measured. */
  measured: number;
  /** Seconds of the first step, in which shaders are compiled; with that of the warm-up, if there is one. */
  firstStep: number;
  /** Bytes; null where the device does not tell. */
  memory: Memory;
  /** Steps of the whole run with these settings. */
  steps: number;
  /** Seconds of the whole run with these settings, previews and scores included. */
  seconds: number;
  /** Whether the run is reasonable on this device: CPU under an hour, a graphics card under twelve. */
  feasible: boolean;
  /**
   * Settings that fit this device better; null: those chosen do. `why` is `slow` (the run would take
   * too long) or `fast` (the device can do more).
   */
  proposal: Proposal | null;
}

export interface Proposal {
  why: 'slow' | 'fast';
  settings: Partial<Settings>;
  /** Expected with the proposal; null where it cannot be told. */
  seconds: number | null;
  secondsPerStep: number | null;
}

export interface Memory {
  /** Bytes of wasm memory. */
  linear: number;
  deviceInUse: number | null;
  deviceReserved: number | null;
}

export type LossName = 'D_A' | 'G_A' | 'cycle_A' | 'idt_A' | 'D_B' | 'G_B' | 'cycle_B' | 'idt_B';
/** A loss that was not computed is NaN: those of the generators during warm-up. */
export type Losses = Record<LossName, number>;

/** The losses of the run, made few enough to draw: each point stands for `span` steps. NaN: not computed. */
export interface Chart {
  /** Last step of each point. */
  steps: number[];
  /** Steps in a point; the last point may stand for fewer. */
  span: number;
  /** Means. */
  mean: Record<LossName, number[]>;
  least: Record<LossName, number[]>;
  most: Record<LossName, number[]>;
}

/** One held-out photo at one time of the run. */
export interface Preview {
  domain: Domain;
  /** Counts the previewed photos of this domain. */
  index: number;
  name: string;
  /** False: the folder is too small to set photos aside, so this one is trained on too. */
  heldOut: boolean;
  step: number;
  width: number;
  height: number;
  input: Blob;
  translated: Blob;
  back: Blob;
  /** Mean absolute error of `back` against `input`. */
  error: number;
}

/** All previews of one time; over a long run every other time is dropped, the first and last stay. */
export interface PreviewSet {
  step: number;
  pictures: Preview[];
}

export interface Scores {
  step: number;
  /** Mean absolute error of the round trip. */
  roundTripA: number;
  roundTripB: number;
  /** Share of translated photos of A that a classifier takes for B, and the other way round. */
  takenForB: number;
  takenForA: number;
  /** The classifier's accuracy on real held-out photos. */
  ceiling: number;
  /** The pattern of the network's strides, relative to the photos: 1 is as there. Not in older runs. */
  gridA?: number;
  gridB?: number;
  /** All of them in one figure from 0 to 1, by which the engine tells what is better. Not in older runs. */
  merit?: number;
}

/** Which weights of a run: the best that were scored, which may be those it began with, or the last. */
export type Which = 'best' | 'last';

/** The run under way, or the one that has just ended. */
export interface RunView {
  id: string;
  names: Record<Domain, string>;
  step: number;
  total: number;
  epoch: number;
  /** Passes through the larger folder in all, the last of which may be cut short. */
  epochs: number;
  /** 0 to 1. */
  fraction: number;
  /** Learning rate of the last step. */
  rate: number;
  /** The last step taught the discriminators alone. */
  warmingUp: boolean;
  warmUp: number;
  /** The last step was one of polish: each generator learns to do without its grid. */
  polishing: boolean;
  /** Steps of polish at the end, which `total` counts. */
  polish: number;
  /** Seconds of a step lately, of the kind that is being done; null until known. */
  secondsPerStep: number | null;
  /** Seconds until the end, with previews, scores and saving; null until known. */
  secondsLeft: number | null;
  /** Seconds spent in steps, over all sittings. */
  secondsTrained: number;
  losses: Losses | null;
  memory: Memory | null;
  parameters: number;
  /** The engine may not repeat this run to the bit on this device. */
  exact: boolean;
  settings: Settings;
  /** Where a checkpoint is at, and where it is kept; null: none yet. */
  saved: {
    step: number;
    when: number;
    kept: 'disk' | 'memory';
    seconds: number;
    bytes: number;
  } | null;
  saving: boolean;
  /** Photos of which small copies have been stored, of how many; null: none are being. */
  copying: { done: number; total: number } | null;
  /** All photos of the run are stored, so that it can be continued after a reload. */
  photosKept: boolean;
  previews: PreviewSet[];
  scores: Scores[];
  /** Scores are being computed: of what the run starts from, or of what it has come to. */
  scoring: boolean;
  /** The best that was scored, which may be what it started from; null: nothing was. */
  best: { step: number; pictures: Preview[] } | null;
  /** It does not start from scratch. */
  given: boolean;
  /** Times that the engine died and was replaced. */
  recoveries: number;
  /** Rates that would help after `training-not-finite`; null otherwise. */
  proposal: Rates | null;
  /** The run was stopped before its end. */
  stopped: boolean;
  /** Where the weights of a run that is over are; `memory`: until the page is closed. Null: not over. */
  kept: 'disk' | 'memory' | null;
  /** Of a run that is over what is proposed for going on; null: what that takes is not kept. */
  learnOn: LearnOn | null;
}

/** How a run that is over can learn on. */
export interface LearnOn {
  /** More steps. */
  steps: number;
  /** Learning rate to begin with, which is then falling to zero if it fell before. */
  lr: number;
}

export interface Rates {
  lr: number;
  lambdaCycle: number;
  lambdaIdentity: number;
}

/** An unfinished run that was found in this site's storage. */
export interface Offer {
  id: string;
  names: Record<Domain, string>;
  step: number;
  total: number;
  /** Milliseconds since 1970. */
  when: number;
  /** The last preview of a photo of A: what went in, what came out; null: there was none yet. */
  input: Blob | null;
  picture: Blob | null;
  /** Copies of the photos are not stored: `acceptOffer` needs both folders first. */
  needsFolders: boolean;
  bytes: number;
}

/** A run that is over, in this site's storage. */
export interface StoredRun {
  id: string;
  names: Record<Domain, string>;
  step: number;
  total: number;
  stopped: boolean;
  when: number;
  bytes: number;
  settings: Settings;
  /** What is proposed for going on; null: what that takes is not kept, as by earlier versions of the page. */
  learnOn: LearnOn | null;
  input: Blob | null;
  picture: Blob | null;
}

/** A file to be saved by the person. */
export interface Export {
  name: string;
  blob: Blob;
}

/** A trained generator to be used in Translate: the name for the store and the weights. */
export interface TrainedModel extends Export {
  from: string;
  to: string;
}

/** Which methods would do something now. */
export interface Can {
  /** setFolder, setName, useSamples, settings, startFrom */
  edit: boolean;
  calibrate: boolean;
  start: boolean;
  pause: boolean;
  resume: boolean;
  step: boolean;
  /** Ends calibration, a start, or the run, whose weights are kept. */
  stop: boolean;
  discard: boolean;
  close: boolean;
  changeRates: boolean;
  acceptOffer: boolean;
  discardOffer: boolean;
  /** Of the run on the page, if it is over; where there is none, of one in `runs`. */
  learnOn: boolean;
  /** exportWeights, exportCurves, modelFor */
  export: boolean;
}

export interface Snapshot {
  state: State;
  can: Can;
  /** The device computes for the training now. */
  busy: boolean;
  /** Of the device for training; null until it is known. */
  device: DeviceReport | null;
  folders: Record<Domain, FolderReport>;
  /** How many photos of how many have been looked at; null when none are being. */
  checked: { done: number; total: number } | null;
  /** Null until both folders have been looked at. */
  dataset: DatasetReport | null;
  preset: Preset;
  settings: Settings;
  settingProblems: SettingProblem[];
  start: StartChoice;
  /** Discriminators learn alone at first: the warm-up can be set. */
  warmsUp: boolean;
  /** Steps of the whole run with these settings and folders; null until both folders are there. */
  steps: number | null;
  calibration: Calibration | null;
  run: RunView | null;
  offer: Offer | null;
  runs: StoredRun[];
  /** What this site uses of what it may, in bytes; null where the browser does not tell. */
  space: { usage: number; quota: number; persisted: boolean } | null;
  /** Another tab of this browser trains. */
  held: boolean;
  /** The latest last; at most 20. */
  notices: Notice[];
}

/** What `new TrainSession(...)` takes. */
export interface SessionOptions {
  /** `new EngineClient(spawnEngine, device, onOpen)`, made for training alone. */
  engine: import('../engine/client.js').EngineClient;
  /** The page's URL parameters: `fault=panic@12`. */
  query?: URLSearchParams;
  /** `new WeightsSource(store)` of plan/start.js: where weights to start from are read. */
  source: import('./plan/start.js').WeightsSource;
  /** Everything of the browser that tests replace. */
  host?: import('../page/host.js').Host;
}

/** The methods of `TrainSession`, which is made with {@link SessionOptions}. */
export interface TrainSessionApi extends EventTarget {
  /** Looks for an unfinished run, stored runs and other tabs. To be called once. */
  open(): Promise<void>;
  readonly snapshot: Snapshot;
  /** What settings are proposed for until the run's own engine is open. */
  knowDevice(device: DeviceReport): void;

  /** Of two that are given for one place the later counts. Photos in `trainA` and `trainB` fill both. */
  setFolder(domain: Domain, photos: (File | Candidate)[] | AsyncIterable<Chunk>): Promise<void>;
  setName(domain: Domain, name: string): void;
  /** Painted summer and winter scenes in place of folders. */
  useSamples(): Promise<void>;
  /** Replaces some settings; what is wrong with them stands in `settingProblems`. */
  set(settings: Partial<Settings>): void;
  startFrom(choice: StartChoice): void;
  /** Settings that suit a purpose, in place of those of them that were chosen. */
  usePreset(preset: Preset): void;
  applyProposal(): void;

  calibrate(): Promise<void>;
  start(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  step(): Promise<void>;
  stop(): Promise<void>;
  discard(): Promise<void>;
  changeRates(rates: Partial<Rates>): Promise<void>;
  /** A run that is over goes on: the one on the page, or a stored one. `lr` null: as proposed. */
  learnOn(how: { steps: number; lr: number | null }, id?: string): Promise<void>;
  /** Rates for going on for so many steps. */
  proposeLearnOn(steps: number): LearnOn | null;
  /** Takes the run off the page (it stays stored) so that another can be prepared. */
  close(): Promise<void>;

  acceptOffer(): Promise<void>;
  discardOffer(): Promise<void>;
  deleteRun(id: string): Promise<void>;

  /** The losses, in at most this many points. */
  chart(points?: number): Chart;
  /** Of the run on the page, or of a stored one; the best unless the last are asked for. */
  exportWeights(direction: Domain, id?: string, which?: Which): Promise<Export>;
  /** Settings, all losses, scores: JSON. */
  exportCurves(id?: string): Promise<Export>;
  modelFor(direction: Domain, id?: string, which?: Which): Promise<TrainedModel>;

  dismiss(notice: number): void;
}
