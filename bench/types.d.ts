/** The shapes of data that the bench's modules hand to each other. */

/** One convolution of the generator, with what follows it. */
export interface Layer {
  /** Name of its tensors before `.weight` and `.bias`, as PyTorch counts. */
  key: string;
  /** Side of the square kernel. */
  kernel: number;
  stride: 1 | 2;
  inputs: number;
  outputs: number;
  /** Mirrored borders (made by a padding before it) or zeros (its own). */
  border: 'reflect' | 'zero';
  transposed: boolean;
  /** Instance normalisation behind it, without parameters. */
  norm: boolean;
  activation: 'relu' | 'tanh' | 'none';
  /** Its place in a residual block: the second one adds what the first one got. */
  block: 'first' | 'second' | null;
}

export interface Tensor {
  name: string;
  shape: number[];
  data: Float32Array;
}

export type Device = 'cpu' | 'webgpu';

/** What one page measures. */
export interface Task {
  device: Device;
  /** Side of the square picture, a multiple of 4. */
  size: number;
  ngf: number;
  blocks: number;
  /** Measured runs of each engine, after its first. */
  repeat: number;
  /** Names of the engines, ours first. */
  engines: string[];
}

/** A network and its input, the same for all engines. */
export interface Setup {
  device: Device;
  size: number;
  layers: Layer[];
  tensors: Tensor[];
}

/** What a translation gives. */
export interface Output {
  /** RGBA bytes. */
  rgba: Uint8Array;
  /** The network's own output `[3, H, W]` in [-1, 1], if the engine shows it. */
  values: Float32Array | null;
}

/** An engine with the network loaded. */
export interface Contender {
  version: string;
  /** Whole inference: RGBA bytes in, RGBA bytes out, on the CPU's side of the bus. */
  run(rgba: Uint8Array): Promise<Output>;
  /** Size of its wasm memory, which never shrinks. */
  wasmBytes(): number;
}

export interface Agreement {
  /** Engine that it was compared with. */
  with: string;
  /** Largest difference of bytes. */
  levels: number;
  /** Share of bytes that differ. */
  share: number;
  /** How far the one's output lies outside of what the other's byte stands for, at most. */
  beyond: number;
}

/** One line of the table, and of the JSON file. Times in milliseconds. */
export interface Row {
  engine: string;
  version: string;
  device: Device;
  task: 'translate';
  size: number;
  ngf: number;
  /** From the import of the engine's module to its first result. */
  first_ms: number;
  median_ms: number;
  min_ms: number;
  max_ms: number;
  runs_ms: number[];
  /** 2 x multiplications and additions a second, in the median. */
  gflops: number;
  /** Median of the fastest peer divided by this one's; above 1 is faster than every peer. */
  ratio: number | null;
  /** Compute dispatches of one run; null on the CPU. */
  launches: number | null;
  /** GPU buffers on WebGPU, the wasm memory on the CPU, at most. */
  peak_bytes: number;
  wasm_bytes: number;
  agreement: Agreement | null;
}

/** What a page has found. */
export interface Report {
  userAgent: string;
  adapter: string;
  isolated: boolean;
  rows: Row[];
}

/** What the page offers to `run.js`. */
export interface BenchPage {
  measure(task: Task): Promise<Report>;
  /** Opens our engine and runs it once. */
  warm(task: Task): Promise<void>;
  /** Runs it again. Milliseconds. */
  again(): Promise<number>;
}

declare global {
  var bench: BenchPage;
}
