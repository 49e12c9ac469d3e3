/** What a run will be made of, and how long it will take: types only. */
import type { Remark } from '../../page/messages.js';

export type StartChoice =
  /**
   * Weights that come with the page, `id` of a card in models/cards.json, which translates A to B; the way
   * back starts from the card of the other direction.
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

/** A network of weights to start from; `ndf` of both discriminators, if they come with it. */
export interface Network {
  ngf: number;
  blocks: number;
  ndf?: number | null;
}

/**
 * What is wrong with a setting: `setting-range` {field, least, most}, `setting-multiple` {field, of},
 * `setting-choice` {field, choices}, `setting-memory` {bytes, limit, crop},
 * `setting-memory-never` {bytes, limit}; `start-no-file`: files to start from, and none was chosen.
 */
export interface SettingProblem extends Remark {
  field: keyof Settings | 'start';
}

/** `slow`: the run would take too long; `fast`: the device can do more. */
export interface Proposal {
  why: 'slow' | 'fast';
  settings: Partial<Settings>;
  /** Expected with the proposal; null where it cannot be told. */
  seconds: number | null;
  secondsPerStep: number | null;
}

export interface MemoryUse {
  /** Bytes of wasm memory. */
  linear: number;
  deviceInUse: number | null;
  deviceReserved: number | null;
}

export interface Rates {
  lr: number;
  lambdaCycle: number;
  lambdaIdentity: number;
}

/** How a run that is over can learn on. */
export interface LearnOn {
  /** More steps. */
  steps: number;
  /** Learning rate to begin with, which is then falling to zero if it fell before. */
  lr: number;
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

/** What a run takes of the device's memory, in bytes. */
export interface TrainNeed {
  bytes: number;
  /** Of these so many can be used. */
  limit: number;
  /** The largest side of training pictures with which it fits; null: none. */
  crop: number | null;
}
