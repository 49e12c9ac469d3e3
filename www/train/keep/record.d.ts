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
import type { Scores, Settings, StartChoice } from '../types.js';

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
