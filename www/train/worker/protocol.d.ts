/**
 * The messages about training between the page and the engine's worker: types only, no code.
 *
 * A run is created once, and proceeds only as long as the page requests steps.
 */
import type { Failure } from '../../failure.js';
import type { MemoryUse, Skipped, TrainNeed, TrainReport } from '../../pkg/cyclegan_web.js';
import type { Domain } from '../gather/domains.js';
import type {
  Kept,
  PreviewPictures,
  RunRecord,
  Scores,
  StepReport,
  StoredPicture,
  ToKeep,
  TrainPhotos,
} from '../keep/record.js';
import type { Start } from '../plan/types.js';

/** An artificial fault: see `faults.js` of the run. */
export type FaultKind = 'panic' | 'lost' | 'quota' | 'nan';

/** Where a run starts. */
export type TrainFrom =
  /** Random networks, or weights; `config` is the engine's configuration as JSON. */
  | ({ kind: 'new'; config: string } & Start)
  /** The latest checkpoint in the run's folder, or the previous one if that is damaged. */
  | { kind: 'stored' }
  | { kind: 'checkpoint'; bytes: Blob };

export interface TrainStart extends TrainPhotos {
  /** Folder in this site's private storage; null: nothing will be stored. */
  run: string | null;
  from: TrainFrom;
  /** Longest side of a preview in pixels. */
  previewSide: number;
}

export interface TrainStarted {
  report: TrainReport;
  /** The newest checkpoint could not be used, but the previous one could. */
  older: boolean;
  /** For each photo to preview, whether it can be. */
  previews: Record<Domain, boolean[]>;
}

export interface TrainSteps {
  /** Fewer than requested at the end of the run. */
  steps: StepReport[];
  excluded: Skipped[];
  report: TrainReport;
  memory: MemoryUse;
}

/** Scores and, if they surpass the best so far, the scored weights. */
export interface TrainScored extends Omit<Scores, 'step'> {
  best: Record<Domain, Blob> | null;
}

/** What to store with a checkpoint or a result. Pictures and the best weights null: unchanged. */
export interface TrainStored {
  record: RunRecord;
  history: ArrayBuffer;
  best: Record<Domain, Blob> | null;
  pictures: { pictures: StoredPicture[]; files: { name: string; content: Blob }[] } | null;
}

export interface TrainSaved {
  step: number;
  seconds: number;
  bytes: number;
  /** Null: it is on disk. Otherwise the reason why it is not, and the checkpoint itself. */
  unsaved: { problem: Failure; checkpoint: Blob } | null;
}

export interface TrainFinished {
  a: Blob;
  b: Blob;
  /** Why the result is not on disk; null: it is. */
  problem: Failure | null;
  /** The checkpoint for learning on, if the disk has no room for it; null: it is on disk. */
  checkpoint: Blob | null;
}

declare module '../../engine/protocol.js' {
  interface Commands {
    'weigh-run': { config: string };
    /** Creates or continues a run; the previous run is dropped. */
    'train-start': TrainStart;
    /** Stores small copies of photos in the run's folder. */
    'train-keep': { run: string; photos: ToKeep[] };
    /** Photos to train on from now on, which give the same numbers. */
    'train-photos': { photos: TrainPhotos['photos'] };
    'train-steps': { steps: number };
    'train-preview': { domain: Domain; index: number };
    /** Trains the classifier that distinguishes A from B, which scores need. */
    'train-classifier': Record<never, never>;
    /** `best` is the merit to surpass. */
    'train-scores': { best: number | null; given: boolean };
    'train-change': { config: string };
    /** More steps than planned; at the rate `lr`, or null: as if they had been planned. */
    'train-learn-on': { steps: number; lr: number | null };
    'train-save': TrainStored;
    'train-finish': TrainStored;
    'train-weights': { direction: Domain };
    'train-fault': { kind: FaultKind; step: number };
  }

  interface Values {
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
}
