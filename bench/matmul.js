/**
 * How fast the adapter multiplies matrices in float32, as a yardstick: C = A B of square matrices by the
 * fastest of a few hand-tuned kernels.
 *
 * A workgroup computes a tile of C. `tiled` kernels stage strips of A and B in workgroup memory, which suits
 * graphics cards: a whole row or column of threads uses each number. `direct` ones read through the caches
 * alone, for adapters such as software ones on which workgroup memory is no faster. In both, a thread keeps
 * `rows` x `columns` sums in registers.
 */

/** @typedef {{ kind: 'tiled' | 'direct', threads: number, rows: number, columns: number, depth: number }} Shape */

/** Within WebGPU's defaults: 256 threads, 16 KiB of workgroup memory. @type {Shape[]} */
const SHAPES = [
  { kind: 'tiled', threads: 16, rows: 8, columns: 8, depth: 16 },
  { kind: 'tiled', threads: 16, rows: 8, columns: 4, depth: 16 },
  { kind: 'tiled', threads: 16, rows: 4, columns: 4, depth: 32 },
  { kind: 'tiled', threads: 8, rows: 8, columns: 8, depth: 16 },
  { kind: 'tiled', threads: 8, rows: 4, columns: 8, depth: 32 },
  { kind: 'direct', threads: 8, rows: 8, columns: 8, depth: 4 },
  { kind: 'direct', threads: 8, rows: 4, columns: 8, depth: 4 },
];

/** Sides of the matrices; the next one is tried while a product takes less than `ENOUGH_MS`. */
const SIDES = [512, 1024, 2048, 4096];
const ENOUGH_MS = 4;
/** Shortest measurement, so that start-up does not matter. */
const LEAST_MS = 100;
const MOST_PRODUCTS = 400;
const ATTEMPTS = 3;

/** @param {number} count @param {(index: number) => string} line */
const lines = (count, line) => Array.from({ length: count }, (_, index) => line(index)).join('\n');

/** A thread's sums in the tile, a vec4 each, and storing them to C. @param {Shape} shape */
function parts({ rows, columns }) {
  const quads = columns / 4;
  const each = (/** @type {(row: number, quad: number) => string} */ line) =>
    lines(rows, (row) => lines(quads, (quad) => line(row, quad)));
  return {
    quads,
    declared: each((row, quad) => `var c${row}_${quad} = vec4f();`),
    added: each((row, quad) => `c${row}_${quad} = fma(vec4f(a${row}), b${quad}, c${row}_${quad});`),
    stored: each(
      (row, quad) => `c[(row + ${row}u) * QUADS + column + ${quad}u] = c${row}_${quad};`,
    ),
  };
}

/** @param {number} side @returns {string} */
const HEADER = (side) => `
const SIDE = ${side}u;
const QUADS = SIDE / 4u;
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;`;

/**
 * Strips of A are stored transposed, `[depth][tile rows]`, so that a thread reads its rows contiguously.
 * @param {Shape} shape @param {number} side
 */
function tiled(shape, side) {
  const { threads, rows, columns, depth } = shape;
  const { quads, declared, added, stored } = parts(shape);
  const [height, width] = [threads * rows, threads * columns];
  return `${HEADER(side)}
const THREADS = ${threads * threads}u;
var<workgroup> strip_a: array<f32, ${depth * height}>;
var<workgroup> strip_b: array<vec4f, ${(depth * width) / 4}>;
@compute @workgroup_size(${threads}, ${threads})
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_id) thread: vec3u,
        @builtin(local_invocation_index) index: u32) {
  let row = tile.y * ${height}u + thread.y * ${rows}u;
  let column = tile.x * ${width / 4}u + thread.x * ${quads}u;
  ${declared}
  for (var k = 0u; k < SIDE; k += ${depth}u) {
    for (var i = index; i < ${(depth * height) / 4}u; i += THREADS) {
      let m = i / ${depth / 4}u;
      let q = i % ${depth / 4}u;
      let value = a[(tile.y * ${height}u + m) * QUADS + k / 4u + q];
      strip_a[(4u * q) * ${height}u + m] = value.x;
      strip_a[(4u * q + 1u) * ${height}u + m] = value.y;
      strip_a[(4u * q + 2u) * ${height}u + m] = value.z;
      strip_a[(4u * q + 3u) * ${height}u + m] = value.w;
    }
    for (var i = index; i < ${(depth * width) / 4}u; i += THREADS) {
      strip_b[i] = b[(k + i / ${width / 4}u) * QUADS + tile.x * ${width / 4}u + i % ${width / 4}u];
    }
    workgroupBarrier();
    for (var step = 0u; step < ${depth}u; step++) {
      let from_a = step * ${height}u + thread.y * ${rows}u;
      let from_b = step * ${width / 4}u + thread.x * ${quads}u;
      ${lines(rows, (row) => `let a${row} = strip_a[from_a + ${row}u];`)}
      ${lines(quads, (quad) => `let b${quad} = strip_b[from_b + ${quad}u];`)}
      ${added}
    }
    workgroupBarrier();
  }
  ${stored}
}`;
}

/** @param {Shape} shape @param {number} side */
function direct(shape, side) {
  const { threads, rows } = shape;
  const { quads, declared, added, stored } = parts(shape);
  const element = (/** @type {string} */ axis, /** @type {number} */ step) => `
      {
        ${lines(rows, (row) => `let a${row} = strip${row}.${axis};`)}
        ${lines(quads, (quad) => `let b${quad} = b[(k + ${step}u) * QUADS + column + ${quad}u];`)}
        ${added}
      }`;
  return `${HEADER(side)}
@compute @workgroup_size(${threads}, ${threads})
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let row = thread.y * ${rows}u;
  let column = thread.x * ${quads}u;
  ${declared}
  for (var k = 0u; k < SIDE; k += 4u) {
    ${lines(rows, (row) => `let strip${row} = a[(row + ${row}u) * QUADS + k / 4u];`)}
    ${['x', 'y', 'z', 'w'].map(element).join('')}
  }
  ${stored}
}`;
}

const nameOf = (/** @type {Shape} */ { kind, threads, rows, columns }) =>
  `${kind} ${threads * rows}x${threads * columns}, ${rows}x${columns} a thread`;

/** A product of two matrices on a device. */
class Product {
  #device;
  #pipeline;
  #bindings;
  #groups;

  /**
   * @param {GPUDevice} device
   * @param {GPUBuffer[]} matrices A, B, C
   * @param {Shape} shape
   * @param {number} side
   */
  constructor(device, matrices, shape, side) {
    const code = (shape.kind === 'tiled' ? tiled : direct)(shape, side);
    const module = device.createShaderModule({ code });
    this.#device = device;
    this.#pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
    this.#bindings = device.createBindGroup({
      layout: this.#pipeline.getBindGroupLayout(0),
      entries: matrices.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    this.#groups = /** @type {const} */ ([
      side / (shape.threads * shape.columns),
      side / (shape.threads * shape.rows),
    ]);
  }

  /** @param {number} count @returns {Promise<number>} milliseconds */
  async run(count) {
    const started = performance.now();
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, this.#bindings);
    for (let i = 0; i < count; i++) pass.dispatchWorkgroups(...this.#groups);
    pass.end();
    this.#device.queue.submit([encoder.finish()]);
    await this.#device.queue.onSubmittedWorkDone();
    return performance.now() - started;
  }

  /** @returns {Promise<number>} milliseconds of one product, in the best of some attempts */
  async measure() {
    await this.run(1); // compiles
    const once = await this.run(1);
    const count = Math.min(MOST_PRODUCTS, Math.ceil(LEAST_MS / once));
    let best = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      best = Math.min(best, (await this.run(count)) / count);
    }
    return best;
  }
}

/** Small integers, whose products float32 adds exactly. @param {number} side @param {number} step */
const counted = (side, step) =>
  Float32Array.from({ length: side * side }, (_, index) => ((index * step) % 7) - 3);

/**
 * Checks samples of C all over the matrix.
 * @param {GPUDevice} device
 * @param {GPUBuffer} c
 * @param {[Float32Array, Float32Array]} factors
 * @param {number} side
 */
async function isProduct(device, c, [a, b], side) {
  const copy = device.createBuffer({ size: c.size, usage: 0x0008 | 0x0001 }); // COPY_DST | MAP_READ
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(c, 0, copy, 0, c.size);
  device.queue.submit([encoder.finish()]);
  await copy.mapAsync(1);
  const found = new Float32Array(copy.getMappedRange());
  let right = true;
  for (let place = 0; place < side * side; place += 4093) {
    const [row, column] = [Math.floor(place / side), place % side];
    let sum = 0;
    for (let k = 0; k < side; k++) sum += a[row * side + k] * b[k * side + column];
    right &&= sum === found[place];
  }
  copy.destroy();
  return right;
}

/**
 * @param {GPUDevice} device
 * @param {number} side
 */
async function fastest(device, side) {
  /** @type {[Float32Array, Float32Array]} */
  const factors = [counted(side, 3), counted(side, 5)];
  const usage = 0x0080 | 0x0008 | 0x0004; // STORAGE | COPY_DST | COPY_SRC
  const matrices = [0, 1, 2].map(() => device.createBuffer({ size: 4 * side * side, usage }));
  factors.forEach((factor, index) => {
    device.queue.writeBuffer(matrices[index], 0, /** @type {BufferSource} */ (factor));
  });
  let best = { ms: Number.POSITIVE_INFINITY, kernel: '' };
  for (const shape of SHAPES) {
    device.queue.writeBuffer(matrices[2], 0, new Float32Array(side * side));
    const ms = await new Product(device, matrices, shape, side).measure();
    const kernel = nameOf(shape);
    if (!(await isProduct(device, matrices[2], factors, side))) {
      throw new Error(`${kernel} does not multiply`);
    }
    if (ms < best.ms) best = { ms, kernel };
  }
  for (const matrix of matrices) matrix.destroy();
  return best;
}

/**
 * @returns {Promise<import('./types.js').MatmulPeak>} of the adapter that engines get
 */
export async function matmulPeak() {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('there is no WebGPU here');
  const device = await adapter.requestDevice();
  /** @type {import('./types.js').MatmulPeak} */
  let peak = { gflops: 0, kernel: '', side: 0 };
  for (const side of SIDES) {
    const { ms, kernel } = await fastest(device, side);
    const gflops = (2 * side ** 3) / ms / 1e6;
    if (gflops > peak.gflops) peak = { gflops, kernel, side };
    if (ms > ENOUGH_MS) break;
  }
  device.destroy();
  console.info(`matrix product: ${peak.gflops.toFixed(1)} GFLOP/s (${peak.kernel})`);
  return peak;
}
