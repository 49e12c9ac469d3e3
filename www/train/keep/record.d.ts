/**
 * What is stored of a run, in the folder `training/<id>` of this site's private storage: types only.
 *
 * ```text
 * index-0.json index-1.json        RunIndex, written in turn: one of them is always whole
 * checkpoint-<n>.safetensors       the two latest; when the run is over the last, where there is room
 * history-<n>.f32                  all steps up to that checkpoint
 * picture-A0-input.png …           photos to preview
 * picture-A0-<step>-back.png …     and what became of them, over time
 * best_A-<n>.safetensors best_B-<n>.…  the best that were scored
 * G_A-<n>.safetensors G_B-<n>.…    when the run is over
 * photos/A-00000 …                 small copies of the photos, while there is a checkpoint: copies.js
 * ```
 */
import type { Domain } from '../gather/domains.js';
import type { Settings, StartChoice } from '../plan/types.js';

export interface StoredPhoto {
  name: string;
  hash: string;
  /** Its copy in `photos/`, as training crops it; null: none is stored. */
  file: string | null;
  /** Its copy as previews show it, of one that is previewed; not there: `file` shows it whole. */
  whole?: string;
  /** Why it cannot be opened, so that no copy is missed. */
  problem?: string;
  /** Trained on as well, though it is previewed. */
  seen?: boolean;
}

export interface StoredPicture {
  domain: Domain;
  index: number;
  step: number;
  width: number;
  height: number;
  error: number;
  input: string;
  translated: string;
  back: string;
}

/** Everything about a run but its weights, steps and pictures. */
export interface RunRecord {
  version: 1;
  id: string;
  state: 'running' | 'stopped' | 'finished';
  /** Milliseconds since 1970. */
  created: number;
  modified: number;
  names: Record<Domain, string>;
  settings: Settings;
  start: { kind: StartChoice['kind']; name: string };
  /** The engine's configuration, as JSON. */
  config: string;
  engine: string;
  device: 'webgpu' | 'cpu';
  step: number;
  total: number;
  epoch: number;
  /** Null: the run's length is in steps. */
  epochs: number | null;
  /** Seconds spent in steps. */
  seconds: number;
  parameters: number;
  exact: boolean;
  warmUp: number;
  /** Steps of polish at the end, which `total` counts. Runs of earlier versions have none. */
  polish?: number;
  photos: Record<Domain, StoredPhoto[]>;
  previews: Record<Domain, StoredPhoto[]>;
  scores: Scores[];
  /** Those of the best weights so far; not there: nothing was scored, or by an older version. */
  best?: Scores;
  recoveries: number;
}

export interface StoredCheckpoint {
  step: number;
  checkpoint: string;
  history: string;
  bytes: number;
}

export interface RunIndex {
  /** Counts the writings of the index. */
  sequence: number;
  record: RunRecord;
  /** The latest first; two at most. Of a run that is over one, or none: then it cannot learn on. */
  checkpoints: StoredCheckpoint[];
  /** Of all times that are kept, the oldest first. */
  pictures: StoredPicture[];
  /** Files of the best weights, where those of the result are others or there is none yet. */
  best?: { A: string; B: string } | null;
  /** Files of the weights and the steps of a run that is over. */
  result: { A: string; B: string; history: string } | null;
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

export type LossName = 'D_A' | 'G_A' | 'cycle_A' | 'idt_A' | 'D_B' | 'G_B' | 'cycle_B' | 'idt_B';
/** A loss that was not computed is NaN: those of the generators during warm-up. */
export type Losses = Record<LossName, number>;

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
