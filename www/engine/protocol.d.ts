/**
 * The messages between the page and the engine's worker: types only, no code.
 *
 * The page sends a {@link Request} with an `id`; the worker sends exactly one {@link Reply} with the same
 * `id`. {@link Commands} has the fields of every `do`, {@link Values} the value of its reply. Training adds
 * its own (`train/worker/protocol.d.ts`).
 */
import type { Failure } from '../failure.js';
import type { Format } from '../files/names.js';
import type {
  About,
  DeviceChoice,
  ExportFormat,
  ModelReport,
  DeviceReport as Opened,
  Polished,
  Precision,
  Season,
  WeightsReport,
} from '../pkg/cyclegan_web.js';

declare global {
  /** Size of the engine's wasm in bytes, inserted by the build, because a host may report the compressed size. */
  const WASM_BYTES: number;
}

/**
 * Longest side of a result in pixels, or the photo's own: `'own'` with the photo's own detail, to which the
 * change that the network makes at 1024 pixels is carried over; `'redrawn'` with every pixel through the network.
 */
export type Longest = 256 | 512 | 1024 | 'own' | 'redrawn';

/** Passes per photo, each with the network's lattice in another position; the result is their mean. */
export type Smooth = 1 | 4 | 16;

/** What the engine runs on, and why. */
export interface DeviceReport extends Opened {
  /** A code for something the person should know about this browser: `canvas-noise`, or null. */
  warning: string | null;
  /** In which results can be written. */
  formats: Format[];
  /** Default longest side for this device. */
  defaultSize: 512 | 1024;
}

/** How a photo is translated. */
export interface TranslateSettings {
  size: Longest;
  /** Pixels of reflected border that are added before the network and cropped after it, 0 to 256. */
  margin: number;
  smooth: Smooth;
  format: Format;
  /** Of a lossy format, 0 to 1. */
  quality?: number;
}

export interface TranslateJob extends TranslateSettings {
  file: Blob;
}

export interface Translated {
  /** The translation, at its full size. */
  after: Blob;
  /** The photo at the same size, for comparison. */
  before: Blob;
  width: number;
  height: number;
  /** Size of what the network saw. */
  seenWidth: number;
  seenHeight: number;
  /** Size of the original photo, upright. */
  photoWidth: number;
  photoHeight: number;
  /** The network saw less than requested, because this device cannot hold more. */
  reduced: boolean;
  precision: Precision;
  /** The model that made it, as reported by the engine. */
  model: ModelReport;
  /** Seconds from file to result, without those in which it waited for other photos. */
  seconds: number;
  /** Bytes of the worker's wasm memory, which never shrinks. */
  memory: number;
}

/** A frame of a video for the Live view. It is transferred, and closed by the worker. */
/** In pixels. */
export interface Extent {
  width: number;
  height: number;
}

export interface LiveFrame {
  frame: ImageBitmap | VideoFrame;
  /** Size of what the network sees: multiples of 4. */
  seen: Extent;
  /** Size of the picture, whose detail is the frame's where the network sees less. */
  shown: Extent;
}

export interface LivePicture {
  /** The translation, transferred. */
  picture: ImageBitmap;
  /** From the frame to its translation, in the worker. */
  milliseconds: number;
}

/** How weights are written for other programs. */
export interface ExportJob {
  to: ExportFormat;
  /** Float16: half the size. */
  half: boolean;
  /** The one to take, in a file of several networks. */
  network: string | null;
  /** What the file says of a generator; null: what its weights said. */
  about: About | null;
}

export interface Commands {
  /** Comes first. Opens the device, perhaps to train on it; may be sent once per worker. */
  open: { device: DeviceChoice; precision: Precision | null; trains: boolean };
  /** Measures the processor, which takes a moment. */
  speed: Record<never, never>;
  /** Lists the networks in a weights file. */
  inspect: { bytes: ArrayBuffer };
  /**
   * Reads weights and makes them the model of the next translations. Refused if `sha256` is given and differs;
   * `network` names one of several.
   */
  load: { bytes: ArrayBuffer; sha256: string | null; network: string | null };
  translate: TranslateJob;
  /** Stores weights in this site's private storage. */
  keep: { name: string; file: Blob };
  /** Starts polishing weights, on photos of at most `size` pixels a side. */
  'polish-start': { bytes: ArrayBuffer; network: string | null; steps: number; size: number };
  /** A polishing step, on a photo. */
  'polish-photo': { file: Blob };
  /** Ends polishing. */
  'polish-finish': Record<never, never>;
  /** Writes weights as a file for other programs. */
  export: { bytes: ArrayBuffer } & ExportJob;
  'live-frame': LiveFrame;
  /** A painted landscape as PNG. */
  paint: { season: Season; seed: number; width: number; height: number };
}

export interface Values {
  open: DeviceReport;
  /** Multiplications a second of a generator; null on WebGPU. */
  speed: number | null;
  inspect: WeightsReport;
  load: ModelReport;
  translate: Translated;
  keep: undefined;
  'polish-start': null;
  'polish-photo': Polished;
  /** Null: the weights have not become better. */
  'polish-finish': Blob | null;
  export: Blob;
  'live-frame': LivePicture;
  paint: Blob;
}

export type Name = keyof Commands;
export type Request = { [K in Name]: { id: number; do: K } & Commands[K] }[Name];

export type Reply = { id: number; value: Values[Name] } | { id: number; failure: Failure };

/** How much of the engine has been downloaded, in uncompressed bytes. */
export interface Loading {
  loaded: number;
  total: number;
}

/** The page's answer to `evaluated`: the engine if a worker has compiled it already, else null. */
export interface Start {
  module: WebAssembly.Module | null;
}

/**
 * Unrequested messages of the worker: first, that its script runs; the engine's download progress; the number
 * of completed passes over a photo (a graphics card completes all at once); once, that it is ready for
 * requests, with the engine for the next worker; or that it is unusable, because it could not start
 * (`engine-unavailable`, `browser-unsupported`) or broke down between requests (`engine-died`).
 */
export type Unasked =
  | { evaluated: true }
  | Loading
  | { id: number; passed: number }
  | { ready: true; module: WebAssembly.Module }
  | { crash: Failure };
