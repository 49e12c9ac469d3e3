/** What a run will consist of, and how long it will take: types only. */
import type { Remark } from '../../page/messages.js';
import type { GanLoss, PreprocessMode, Rule, Unit, Up } from '../../pkg/cyclegan_web.js';

export type StartChoice =
  /**
   * Weights that come with the page, `id` of a card in models/cards.json, which translates A to B; the
   * opposite direction starts from the card of that direction.
   */
  | { kind: 'model'; id: string }
  /** A visitor's own weights for one or both directions, and the discriminators of their output. */
  | { kind: 'files'; a: File | null; b: File | null; dA: File | null; dB: File | null }
  /** The weights of a run in `snapshot.runs`; `judges`: with its discriminators, which only a run with a `learnOn` has. */
  | { kind: 'run'; id: string; judges: boolean }
  | { kind: 'scratch' };

/** The purpose of training: `presets.js`. `own`: one of its settings was changed. */
export type Preset = 'season' | 'painting' | 'object' | 'enhancement' | 'own';

export interface Settings {
  /** How photos become training pictures, by the engine's names; all except the first are PyTorch's. */
  preprocess: Exclude<PreprocessMode, 'none'>;
  /**
   * Pixels to which a photo's shorter side (or, depending on `preprocess`, each side or its width) is resized
   * before cropping: `crop` to 2048. `crop` alone crops the photo as it is.
   */
  size: number;
  /** Side of a training picture in pixels: 24 to 1024, a multiple of 4. */
  crop: number;
  /** Length of the run in this unit. */
  unit: Unit;
  length: number;
  /** Initial learning rate. */
  lr: number;
  rule: Rule;
  /** The weight of both cycles. */
  lambdaCycle: number;
  /** Weight of the identity loss, relative to the cycle's; 0 switches it off. */
  lambdaIdentity: number;
  ganMode: GanLoss;
  /** Whether exported generators are averages over the last tenth of the run. */
  ema: 'on' | 'off';
  /** How the discriminators' input is changed at random (differentiable augmentation). */
  augment: 'none' | 'colorTranslation' | 'all';
  /** Only for networks from scratch; weights determine their own. */
  ngf: number;
  blocks: number;
  /** How a generator enlarges an image: with transposed convolutions, or by upsampling before plain ones. */
  up: Exclude<Up, 'nearest' | 'blurred'>;
  /** Steps in which fresh discriminators are trained alone, if weights come without; null: min(100, steps / 5). */
  warmUp: number | null;
  /** Polishing steps at the end; null: a tenth of the run's, at most 400. */
  polish: number | null;
  seed: number;
  /** Steps between previews. */
  previewEvery: number;
}

/** A network of initial weights; `ndf` of both discriminators, if they are included. */
export interface Network {
  ngf: number;
  blocks: number;
  ndf?: number | null;
}

/**
 * A problem with a setting: `setting-range` {field, least, most}, `setting-multiple` {field, of},
 * `setting-choice` {field, choices}, `setting-memory` {bytes, limit, crop},
 * `setting-memory-never` {bytes, limit}; `start-no-file`: no file was chosen to start from.
 */
export interface SettingProblem extends Remark {
  field: keyof Settings | 'start';
}

/** `slow`: the run would take too long; `fast`: the device can do more. */
export interface Proposal {
  why: 'slow' | 'fast';
  settings: Partial<Settings>;
  /** Expected time with the proposal; null if unknown. */
  seconds: number | null;
  secondsPerStep: number | null;
}

/** The settings that can change during a run. */
export type Rates = Pick<Settings, 'lr' | 'lambdaCycle' | 'lambdaIdentity'>;

/** How a finished run can learn on. */
export interface LearnOn {
  /** Additional steps. */
  steps: number;
  /** Initial learning rate, which then falls to zero if it fell before. */
  lr: number;
}

/** Initial weights of a run; null: random ones. */
export interface Start {
  /** The generators A to B and B to A. */
  a: Blob | null;
  b: Blob | null;
  /** The discriminators of B and of A: weights of it alone, or together with others. */
  dA: Blob | null;
  dB: Blob | null;
  /** The checkpoint from which to take both discriminators instead. */
  checkpoint: Blob | null;
}
