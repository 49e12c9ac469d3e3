/** Data types shared by the bench's modules. */

/** One convolution of a network, and the layers after it. */
export interface Layer {
  /** Name of its tensors before `.weight` and `.bias`, numbered as in PyTorch. */
  key: string;
  /** Side of the square kernel. */
  kernel: number;
  stride: 1 | 2;
  /** Width of the border around its input; for a transposed one, what is cropped from its output. */
  padding: number;
  inputs: number;
  outputs: number;
  /** Mirrored borders (made by a padding before it) or zeros (its own). */
  border: 'reflect' | 'zero';
  transposed: boolean;
  /** Followed by an instance normalisation, without parameters. */
  norm: boolean;
  /** `leaky`: ReLU with a slope of 0.2 below zero. */
  activation: 'relu' | 'leaky' | 'tanh' | 'none';
  /** Its position in a residual block: the second one adds the input of the first. */
  block: 'first' | 'second' | null;
}

export interface Tensor {
  name: string;
  shape: number[];
  data: Float32Array;
}

export type Device = 'cpu' | 'webgpu';
export type Precision = 'float32' | 'float16';
export type Work = 'translate' | 'train' | 'batch';

/** One page's measurement. */
export interface Task {
  work: Work;
  device: Device;
  /** Side of the square picture, a multiple of 4. */
  size: number;
  ngf: number;
  ndf: number;
  blocks: number;
  /** Precision of our translations; the others, and training, are float32. */
  precision: Precision;
  /** Whether training computes the identity losses. */
  identity: boolean;
  /** Measured runs of each engine, after the first ones. */
  repeat: number;
  /** Names of the engines, ours first. */
  engines: string[];
}

/** An engine that cannot do some work. */
export interface Refusal {
  work: Work;
  device: Device;
  engine: string;
  reason: string;
}

/** A network and its input, the same for all engines. */
export interface Setup {
  device: Device;
  precision: Precision;
  size: number;
  layers: Layer[];
  tensors: Tensor[];
  /** RGBA bytes. */
  picture: Uint8Array;
  /** Of a peer on the CPU. More than one wants a page that is cross-origin isolated. */
  threads: number;
}

/** A network and the photos of a batch, as files. */
export type BatchSetup = Omit<Setup, 'precision' | 'picture' | 'threads'> & { photos: File[] };

/** An engine that is ready to repeat a batch. */
export interface Batch {
  engine: string;
  /** Its version, and its workers or threads. */
  readonly name: string;
  /** In milliseconds. */
  runs: number[];
  /** Bytes of wasm memory so far. */
  readonly peak: number;
  agreement: Agreement | null;
  run(): Promise<void>;
  /** The first photo's translation. */
  first(): Output;
}

/** A training run, the same for all engines. */
export interface TrainingSetup {
  device: Device;
  size: number;
  identity: boolean;
  generator: Layer[];
  discriminator: Layer[];
  /** The options of the run under PyTorch's names, as our engine takes them. */
  config: TrainingConfig;
  /** Initial weights of all networks, such as `G_A.model.1.weight`, as our engine draws them. */
  tensors(): Promise<Tensor[]>;
  /** The only photo of each set, as RGBA bytes. */
  pictures: { A: Uint8Array; B: Uint8Array };
}

export interface TrainingConfig {
  ngf: number;
  ndf: number;
  blocks: number;
  lambda_A: number;
  lambda_B: number;
  lambda_identity: number;
  lr: number;
  beta1: number;
  beta2: number;
  eps: number;
  [option: string]: number | string | boolean;
}

/** The result of a translation. */
export interface Output {
  /** RGBA bytes. */
  rgba: Uint8Array;
  /** The network's raw output in [-1, 1], if the engine reveals it. */
  values: Float32Array | null;
  /** The order of its numbers. */
  layout: Layout;
}

/** Channels first, `[3, H, W]`, or last, `[H, W, 3]`. */
export type Layout = 'planes' | 'pixels';

/** Losses of a step by PyTorch's names, such as `cycle_A`. */
export type Losses = Record<string, number>;

/** An engine that is ready to repeat its work. */
export interface Contender<Result> {
  version: string;
  /**
   * The complete work, from bytes to results that JavaScript can read: RGBA in, RGBA out for a translation,
   * one whole step and its losses for training.
   * @param rgba another picture of the same size than the setup's, in a batch
   */
  run(rgba?: Uint8Array): Promise<Result>;
  /** Size of its wasm memory, which never shrinks. */
  wasmBytes(): number;
}

/** What modules in `contenders/` export. */
export interface ContenderModule {
  open(setup: Setup): Promise<Contender<Output>>;
  openTraining?(setup: TrainingSetup): Promise<Contender<Losses>>;
}

export interface Agreement {
  /** The engine compared with. */
  with: string;
  /** For translations: largest difference of bytes. */
  levels?: number;
  /** For translations: share of bytes that differ. */
  share?: number;
  /** For translations: largest distance of an output from the interval of the other engine's byte. */
  beyond?: number;
  /** For training: largest relative difference of a loss in each of the first steps. */
  losses?: number[];
}

/** The adapter's speed at multiplying matrices. */
export interface MatmulPeak {
  /** Of the fastest kernel. */
  gflops: number;
  /** The fastest kernel. */
  kernel: string;
  /** Side of the square matrices. */
  side: number;
}

/** One line of the table, and of the JSON file. Times in milliseconds. */
export interface Row {
  engine: string;
  version: string;
  device: Device;
  task: string;
  size: number;
  ngf: number;
  ndf: number | null;
  /** From the import of the engine's module to its first result. */
  first_ms: number;
  median_ms: number;
  min_ms: number;
  max_ms: number;
  runs_ms: number[];
  /** 2 x multiply-accumulates per second, in the median. */
  gflops: number;
  /** Of the adapter's matrix-multiply peak; null on the CPU. */
  share: number | null;
  /** Median of the fastest peer divided by this one's; above 1 means faster than every peer. */
  ratio: number | null;
  /** Of a batch in several workers or threads: how many times as fast as in one, in the median of the rounds. */
  scaling: number | null;
  /** Compute dispatches of one run; null on the CPU. */
  launches: number | null;
  /** Peak of GPU buffers on WebGPU, of the wasm memory on the CPU. */
  peak_bytes: number;
  /** The largest GPU buffer; null on the CPU. */
  largest_buffer_bytes: number | null;
  wasm_bytes: number;
  agreement: Agreement | null;
}

/** A page's results. */
export interface Report {
  /** The browser, or Node.js with Dawn. */
  host: string;
  adapter: string;
  peak: MatmulPeak | null;
  rows: Row[];
  /** Peers that did not get that far, or had another result, with the reason. */
  failures: string[];
}

/** What a task measures. */
export type Measured = Pick<Report, 'rows' | 'failures'>;

/** A place to measure tasks, each in a separate process. */
export interface Host {
  measure(task: Task): Promise<Report>;
  close(): Promise<void>;
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
