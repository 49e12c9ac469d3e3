/**
 * What is stored of a run, in the folder `training/<id>` of this site's private storage: types only.
 *
 * ```text
 * index-0.json index-1.json        RunIndex, written in turn: one of them is always whole
 * checkpoint-<n>.safetensors       the latest two; of a finished run only the last, if there is room
 * history-<n>.f32                  all steps up to that checkpoint
 * picture-A0-input.png …           photos to preview
 * picture-A0-<step>-back.png …     and their round trips, over time
 * best_A-<n>.safetensors best_B-<n>.…  the weights with the best scores
 * G_A-<n>.safetensors G_B-<n>.…    when the run is over
 * photos/A-00000 …                 small copies of the photos, while there is a checkpoint: copies.js
 * ```
 */
import type {
  DeviceKind,
  Judged,
  Losses,
  StepReport as Told,
  TrainReport,
} from '../../pkg/cyclegan_web.js';
import type { Domain } from '../gather/domains.js';
import type { Settings, StartChoice } from '../plan/types.js';

export interface StoredPhoto {
  name: string;
  hash: string;
  /** Its copy in `photos/`, as training crops it; null: not stored. */
  file: string | null;
  /** Its copy as previews show it, if it is previewed; absent: `file` shows it whole. */
  whole?: string;
  /** Why it cannot be opened, in which case it needs no copy. */
  problem?: string;
  /** Also trained on, although it is previewed. */
  seen?: boolean;
}

/** A preview with the names of its files. */
export type StoredPicture = Omit<Preview, 'name' | 'heldOut' | Shown> & Record<Shown, string>;

/** Everything about a run except its weights, steps and pictures. */
export interface RunRecord extends Omit<TrainReport, 'over' | 'polish'> {
  version: 1;
  id: string;
  state: 'running' | 'stopped' | 'finished';
  /** Milliseconds since 1970. */
  created: number;
  modified: number;
  names: Record<Domain, string>;
  settings: Settings;
  start: { kind: StartChoice['kind']; name: string };
  /** Version of the engine. */
  engine: string;
  device: DeviceKind;
  /** Seconds spent in steps. */
  seconds: number;
  /** Polishing steps at the end, included in `total`. Runs of earlier versions have none. */
  polish?: number;
  photos: Record<Domain, StoredPhoto[]>;
  previews: Record<Domain, StoredPhoto[]>;
  scores: Scores[];
  /** Scores of the best weights so far; absent: nothing was scored, or by an older version. */
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
  /** Counts the writes of the index. */
  sequence: number;
  record: RunRecord;
  /** Latest first; two at most. A finished run has one, or none: then it cannot learn on. */
  checkpoints: StoredCheckpoint[];
  /** All times that are kept, oldest first. */
  pictures: StoredPicture[];
  /** Files of the best weights, unless they are the result's. */
  best?: { A: string; B: string } | null;
  /** Files of the weights and the steps of a finished run. */
  result: { A: string; B: string; history: string } | null;
}

/** The pictures of a preview: the photo, its translation, and that translated back. */
type Shown = 'input' | 'translated' | 'back';

/** A photo there and back. */
export interface PreviewPictures extends Record<Shown, Blob> {
  width: number;
  height: number;
  /** Mean absolute difference between `back` and `input`. */
  error: number;
}

/** One held-out photo at one point in the run. */
export interface Preview extends PreviewPictures {
  domain: Domain;
  /** Index among the previewed photos of this domain. */
  index: number;
  name: string;
  /** False: the folder is too small to hold photos out, so this one is trained on too. */
  heldOut: boolean;
  step: number;
}

/** All previews at one point; over a long run every other set is dropped, the first and last stay. */
export interface PreviewSet {
  step: number;
  pictures: Preview[];
}

/** Not in older runs. */
type Later = 'gridA' | 'gridB' | 'merit';
/** What the generators were worth after a step. */
export type Scores = { step: number } & Omit<Judged, Later | 'better'> &
  Partial<Pick<Judged, Later>>;

/** Which weights of a run: the last, or those with the best scores, which may be the initial ones. */
export type Which = 'best' | 'last';

/** A photo for previews and scores. */
export interface PreviewPhoto {
  photo: Blob;
  /** What a preview shows if `photo` is a copy that shows less; null: `photo`. */
  whole: Blob | null;
}

/** Photos in the order of the run. Null: one that no longer exists. */
export interface TrainPhotos {
  photos: Record<Domain, (Blob | null)[]>;
  previews: Record<Domain, (PreviewPhoto | null)[]>;
}

export type LossName = keyof Losses;

/** One step, as reported by the engine; its skipped photos are reported together with those excluded. */
export type StepReport = Omit<Told, 'skipped'>;

/** A photo to copy into storage, as training crops it and, if requested, whole. */
export interface ToKeep {
  name: string;
  blob: Blob;
  whole: { name: string; longest: number } | null;
}

/** The result; without a copy, `problem` says why the photo cannot be opened. */
export interface Kept {
  copy: Blob | null;
  whole: Blob | null;
  problem: string | null;
}
