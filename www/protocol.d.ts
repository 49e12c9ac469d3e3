/**
 * What the page and the engine's worker say to each other: types only, no code.
 *
 * The page sends a {@link Request} with an `id`; the worker sends exactly one {@link Reply} with the
 * same `id`. Every `do` has its fields in {@link Commands} and the value of its reply in {@link Values}.
 */

export type DeviceChoice = 'auto' | 'webgpu' | 'cpu';
export type Season = 'summer' | 'winter';
export type Format = 'png' | 'jpeg';
/** Longest side of a result in pixels, or `'own'` for the photo's own. */
export type Size = 256 | 512 | 1024 | 'own';

/** What the engine runs on, and why. */
export interface DeviceReport {
  device: 'webgpu' | 'cpu';
  /** Name of the adapter as the browser gives it; often empty. */
  adapter: string;
  /** A software adapter: WebGPU, but no graphics card behind it. */
  fallback: boolean;
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
  parameters: number;
  /** Lower-case hexadecimal SHA-256 of the file. */
  sha256: string;
}

export interface TranslateJob {
  file: Blob;
  size: Size;
  /** Pixels of reflected border added before the network and cropped after, 0 to 256. */
  margin: number;
  format: Format;
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
  /** Seconds from file to result. */
  seconds: number;
}

export interface Commands {
  /** First. Opens the device; may be sent once in a worker's life. */
  open: { device: DeviceChoice };
  /** Reads weights and makes them the model of the next translations. Refused if `sha256` is given and differs. */
  load: { bytes: ArrayBuffer; sha256: string | null };
  translate: TranslateJob;
  /** A painted landscape as PNG. */
  paint: { season: Season; seed: number; width: number; height: number };
}

export interface Values {
  open: DeviceReport;
  load: ModelReport;
  translate: Translated;
  paint: Blob;
}

export type Name = keyof Commands;
export type Request = { [K in Name]: { id: number; do: K } & Commands[K] }[Name];

/** A failure as data: `code` selects the sentence, `detail` is plain English for a log. */
export interface Failure {
  code: string;
  detail: string;
}
export type Reply = { id: number; value: Values[Name] } | { id: number; failure: Failure };

/**
 * What the worker says unasked: once, that it can take requests; or that it is of no more use, because it
 * could not start (`engine-unavailable`) or broke down between requests (`engine-died`).
 */
export type Notice = { ready: true } | { crash: Failure };
