/** Data types of the measurement of first pictures. */
import type { Device, Layer } from '../types.js';

/** What an engine is given; `mark` notes the moment at which something is done. */
export interface FirstSetup {
  device: Device;
  size: number;
  layers: Layer[];
  /** The bytes of the weights in the engine's own format, on their way. */
  weights: Promise<ArrayBuffer>;
  mark(name: string): void;
}

/** What the modules beside this one export: opens the engine, with the weights loaded. */
export interface FirstModule {
  open(setup: FirstSetup): Promise<{
    version: string;
    /** RGBA in, RGBA out. */
    run(picture: Uint8Array): Promise<Uint8Array>;
  }>;
}

/** What a page has measured. */
export interface First {
  version: string;
  /** Milliseconds after the navigation began. */
  moments: Record<string, number>;
  /** The fastest of the pictures after the first, in milliseconds. */
  again: number;
  rgba: number[];
  macs: number;
}

/** One visit: a browser just started, its first navigation. */
export interface Visit extends First {
  engine: string;
  ngf: number;
  /** Megabits a second of the connection; null: not limited. */
  mbit: number | null;
  visit: 'cold' | 'warm';
  round: number;
}

declare global {
  var first: Promise<First>;
}
