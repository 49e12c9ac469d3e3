/**
 * What the page and the engine's worker say to each other: types only, no code.
 *
 * The page sends a {@link Request} with an `id`; the worker sends exactly one {@link Reply} with the
 * same `id`. Every `do` has its fields in {@link Commands} and the value of its reply in {@link Values}.
 *
 * Training is a pump: a run is made once, and goes on only as long as the page asks for steps.
 */

import type { Failure } from '../failure.js';
import type { Format } from '../files/names.js';
import type { Domain } from '../train/gather/domains.js';
import type { Losses } from '../train/keep/history.js';
import type { RunRecord, Scores, StoredPicture } from '../train/keep/record.js';
import type { MemoryUse } from '../train/plan/types.js';
import type { FaultKind } from '../train/run/faults.js';

declare global {
  /** Size of the engine's wasm in bytes, put in by the build: what a host says may be the packed size. */
  const WASM_BYTES: number;
}

export type DeviceChoice = 'auto' | 'webgpu' | 'cpu';
/** How weights, and the images between layers, are kept; sums are float32 in either. */
export type Precision = 'float32' | 'float16';
export type Season = 'summer' | 'winter';
/** Longest side of a result in pixels, or `'own'` for the photo's own. */
export type Longest = 256 | 512 | 1024 | 'own';

/** Passes over a photo, each with the network's lattice elsewhere, of which a result is the mean. */
export type Smooth = 1 | 4 | 16;

/** What the engine runs on, and why. */
export interface DeviceReport {
  device: 'webgpu' | 'cpu';
  /** Name of the adapter as the browser gives it; often empty. */
  adapter: string;
  /** A software adapter: WebGPU, but no graphics card behind it. */
  fallback: boolean;
  /** What translations begin with; a model that float16 does not hold goes on in float32. */
  precision: Precision;
  /** Why it is not WebGPU, as a code for the messages; null when it is, or when the CPU was asked for. */
  reason: string | null;
  /** What the person should know about this browser, as a code: `canvas-noise`, or null. */
  warning: string | null;
  /** Longest side proposed for this device. */
  defaultSize: 512 | 1024;
  /** Version of the engine. */
  version: string;
}

export interface ModelReport {
  ngf: number;
  blocks: number;
  /** How it brings an image back to its size. */
  up: 'transpose' | 'bilinear' | 'nearest';
  /** Whether its normalisations have weights and biases. */
  norm: 'instance' | 'instance_affine';
  parameters: number;
  /** Lower-case hexadecimal SHA-256 of the file. */
  sha256: string;
}

/** How a photo is translated. */
export interface Settings {
  size: Longest;
  /** Pixels of reflected border added before the network and cropped after, 0 to 256. */
  margin: number;
  smooth: Smooth;
  format: Format;
}

export interface TranslateJob extends Settings {
  file: Blob;
}

export interface Translated {
  /** The translation, at its full size. */
  after: Blob;
  /** The photo at the same size, to compare: exactly what the network saw. */
  before: Blob;
  width: number;
  height: number;
  /** Size of the photo itself, upright. */
  photoWidth: number;
  photoHeight: number;
  /** The photo was made smaller than was asked, because this device cannot hold more. */
  reduced: boolean;
  precision: Precision;
  /** What made it, as the engine knows it. */
  model: ModelReport;
  /** Seconds from file to result. */
  seconds: number;
}

/** Weights that a run starts from; null: new ones. */
export interface Start {
  /** The generator A to B, and that of B to A. */
  a: Blob | null;
  b: Blob | null;
  /** The discriminator that judges B, and that of A: weights of it alone, or with others. */
  dA: Blob | null;
  dB: Blob | null;
  /** Of the run from which both discriminators are taken instead. */
  checkpoint: Blob | null;
}

/** Where a run begins. */
export type TrainFrom =
  /** New networks, or weights; `config` is the engine's configuration as JSON. */
  | ({ kind: 'new'; config: string } & Start)
  /** The latest checkpoint in the run's folder, or the one before when that is damaged. */
  | { kind: 'stored' }
  | { kind: 'checkpoint'; bytes: Blob };

/** A photo to preview and to compute scores from. */
export interface PreviewPhoto {
  photo: Blob;
  /** What a preview shows, where `photo` is a copy that shows less; null: `photo`. */
  whole: Blob | null;
}

/** Photos in the order of the run. Null: one that is there no more. */
export interface TrainPhotos {
  photos: Record<Domain, (Blob | null)[]>;
  previews: Record<Domain, (PreviewPhoto | null)[]>;
}

/** A photo of which a copy is to be stored, as training crops it and, if asked, whole. */
export interface ToKeep {
  name: string;
  blob: Blob;
  whole: { name: string; longest: number } | null;
}

/** What was stored; without a copy `problem` says why the photo cannot be opened. */
export interface Kept {
  copy: Blob | null;
  whole: Blob | null;
  problem: string | null;
}

export interface TrainStart extends TrainPhotos {
  /** Folder in this site's private storage; null: nothing will be stored. */
  run: string | null;
  from: TrainFrom;
  /** Longest side of a preview in pixels. */
  previewSide: number;
}

/** What a run takes of the device's memory, in bytes. */
export interface TrainNeed {
  bytes: number;
  /** Of these so many can be used. */
  limit: number;
  /** The largest side of training pictures with which it fits; null: none. */
  crop: number | null;
}

export interface TrainReport {
  step: number;
  /** Steps of the whole run. */
  total: number;
  epoch: number;
  /** Null: the run's length is in steps. */
  epochs: number | null;
  over: boolean;
  /** The engine repeats this run to the bit on this device. */
  exact: boolean;
  /** Steps of warm-up in all. */
  warmUp: number;
  /** Steps of polish at the end, which `total` counts. */
  polish: number;
  config: string;
  parameters: number;
}

export interface TrainStarted {
  report: TrainReport;
  /** The newest checkpoint could not be used, the one before was. */
  older: boolean;
  /** Of each photo to preview, whether it can be. */
  previews: Record<Domain, boolean[]>;
}

/** One step, as the engine tells it. */
export interface StepReport {
  step: number;
  epoch: number;
  rate: number;
  seconds: number;
  images: number;
  warmingUp: boolean;
  polishing: boolean;
  losses: Losses;
  /** In a step of polishing: how far each generator is from its mean over four shifts. */
  polish: Record<Domain, number> | null;
}

/** A photo that cannot be used, and why. */
export interface Excluded {
  domain: Domain;
  index: number;
  code: string;
}

export interface TrainSteps {
  /** Fewer than were asked for at the end of the run. */
  steps: StepReport[];
  excluded: Excluded[];
  report: TrainReport;
  memory: MemoryUse;
}

export interface PreviewPictures {
  width: number;
  height: number;
  input: Blob;
  translated: Blob;
  back: Blob;
  error: number;
}

/** Scores, and if they surpass the best so far the weights that they are of. */
export interface TrainScored extends Omit<Scores, 'step'> {
  best: Record<Domain, Blob> | null;
}

/** What is stored with a checkpoint or a result. Pictures and the best weights null: as before. */
export interface TrainStored {
  record: RunRecord;
  history: ArrayBuffer;
  best: Record<Domain, Blob> | null;
  pictures: { list: StoredPicture[]; files: { name: string; blob: Blob }[] } | null;
}

export interface TrainSaved {
  step: number;
  seconds: number;
  bytes: number;
  /** Null: it is on disk. Otherwise why it is not, and the checkpoint itself. */
  unsaved: { problem: Failure; checkpoint: Blob } | null;
}

export interface TrainFinished {
  a: Blob;
  b: Blob;
  /** Why the result is not on disk; null: it is. */
  problem: Failure | null;
  /** What the run could go on from, where the disk has no room for it; null: it is on disk. */
  checkpoint: Blob | null;
}

/** How far a model is in being polished. */
export interface Polished {
  step: number;
  total: number;
  /** To the mean of four shifts, of the model as it learns and as it was. */
  polished: number;
  unpolished: number;
}

export interface Commands {
  /** First. Opens the device; may be sent once in a worker's life. */
  open: { device: DeviceChoice; precision: Precision | null };
  /** Reads weights and makes them the model of the next translations. Refused if `sha256` is given and differs. */
  load: { bytes: ArrayBuffer; sha256: string | null };
  translate: TranslateJob;
  /** Stores weights in this site's private storage. */
  keep: { name: string; file: Blob };
  /** Begins to polish weights, on photos of at most `size` pixels a side. */
  'polish-start': { bytes: ArrayBuffer; steps: number; size: number };
  /** A step of it, on a photo. */
  'polish-photo': { file: Blob };
  /** Ends it. */
  'polish-finish': Record<never, never>;
  /** A painted landscape as PNG. */
  paint: { season: Season; seed: number; width: number; height: number };
  'weigh-run': { config: string };
  /** Makes a run, or goes on with one; the run before is forgotten. */
  'train-start': TrainStart;
  /** Stores small copies of photos in the run's folder. */
  'train-keep': { run: string; photos: ToKeep[] };
  /** Photos to train on from now on, which give the same numbers. */
  'train-photos': { photos: TrainPhotos['photos'] };
  'train-steps': { steps: number };
  'train-preview': { domain: Domain; index: number };
  /** Trains what tells A from B, which scores need. */
  'train-classifier': Record<never, never>;
  /** `best` is the merit to surpass. */
  'train-scores': { best: number | null; given: boolean };
  'train-change': { config: string };
  /** More steps than were planned; at the rate `lr`, or null: as if they had been planned. */
  'train-learn-on': { steps: number; lr: number | null };
  'train-save': TrainStored;
  'train-finish': TrainStored;
  'train-weights': { direction: Domain };
  /** See train/run/faults.js. */
  'train-fault': { kind: FaultKind; step: number };
}

export interface Values {
  open: DeviceReport;
  load: ModelReport;
  translate: Translated;
  keep: undefined;
  'polish-start': null;
  'polish-photo': Polished;
  /** Null: the weights have not become better. */
  'polish-finish': Blob | null;
  paint: Blob;
  'weigh-run': TrainNeed;
  'train-start': TrainStarted;
  'train-keep': Kept[];
  'train-photos': null;
  'train-steps': TrainSteps;
  'train-preview': PreviewPictures;
  'train-classifier': null;
  'train-scores': TrainScored;
  'train-change': null;
  'train-learn-on': TrainReport;
  'train-save': TrainSaved;
  'train-finish': TrainFinished;
  'train-weights': Blob;
  'train-fault': null;
}

export type Name = keyof Commands;
export type Request = { [K in Name]: { id: number; do: K } & Commands[K] }[Name];

export type Reply = { id: number; value: Values[Name] } | { id: number; failure: Failure };

/** How much of the engine has come, in bytes as they are unpacked. */
export interface Loading {
  loaded: number;
  total: number;
}

/** How many of several passes over a photo are behind; a graphics card has them all at once. */
export interface Passed {
  passed: number;
}

/**
 * What the worker says unasked: how far its engine has come, or the photo that it is at; once, that it
 * can take requests; or that it is of no more use, because it could not start (`engine-unavailable`,
 * `browser-unsupported`) or broke down between requests (`engine-died`).
 */
export type Notice = Loading | Passed | { ready: true } | { crash: Failure };
