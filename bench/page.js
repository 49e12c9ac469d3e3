/**
 * The bench within the browser: opens the engines, checks that they agree, and times them in turns, so that
 * whatever else the machine does falls on all of them alike. `run.js` opens a fresh page for each size.
 */
import { compare } from './agreement.js';
import { gpuBytes, launches, setCurrent } from './gauges.js';
import { countMacs, generator } from './network.js';
import { median } from './statistics.js';
import { randomPicture, randomTensors } from './weights.js';

/** @typedef {import('./types.js').Task} Task */
/** @typedef {import('./types.js').Contender} Contender */
/** @typedef {import('./types.js').Output} Output */
/** @typedef {import('./types.js').Row} Row */

const WEIGHTS_SEED = 1;
const PICTURE_SEED = 2;

/** @param {Task} task @returns {import('./types.js').Setup} */
function prepare({ device, size, ngf, blocks }) {
  const layers = generator(ngf, blocks);
  return { device, size, layers, tensors: randomTensors(layers, WEIGHTS_SEED) };
}

/**
 * One inference, timed.
 * @param {string} engine
 * @param {Contender} contender
 * @param {Uint8Array} picture
 */
async function timed(engine, contender, picture) {
  setCurrent(engine);
  const launchesBefore = launches.get(engine) ?? 0;
  const started = performance.now();
  const output = await contender.run(picture);
  const ms = performance.now() - started;
  return { ms, output, launches: (launches.get(engine) ?? 0) - launchesBefore };
}

/**
 * Opens an engine and runs it once.
 * @param {string} engine
 * @param {import('./types.js').Setup} setup
 * @param {Uint8Array} picture
 */
async function first(engine, setup, picture) {
  console.info(`${engine}, ${setup.device}, ${setup.size} px: first run`);
  setCurrent(engine);
  const started = performance.now();
  const { open } = await import(`./contenders/${engine}.js`);
  /** @type {Contender} */
  const contender = await open(setup);
  const { output, launches } = await timed(engine, contender, picture);
  const ms = performance.now() - started;
  return { engine, contender, output, launches, ms, runs: /** @type {number[]} */ ([]) };
}

/** @param {Task} task @returns {Promise<import('./types.js').Report>} */
async function measure(task) {
  const setup = prepare(task);
  const picture = randomPicture(task.size, PICTURE_SEED);
  const opened = [];
  for (const engine of task.engines) opened.push(await first(engine, setup, picture));
  const [ours, ...peers] = opened;
  const agreements = new Map(
    peers.map(({ engine, output }) => [engine, compare(ours.output, output, ours.engine)]),
  );
  for (let round = 1; round <= task.repeat; round++) {
    for (const entry of opened) {
      const { ms } = await timed(entry.engine, entry.contender, picture);
      entry.runs.push(ms);
      console.info(`${entry.engine}, run ${round} of ${task.repeat}: ${Math.round(ms)} ms`);
    }
  }
  const rows = rowsOf(task, opened, countMacs(setup.layers, task.size));
  for (const row of rows) row.agreement = agreements.get(row.engine) ?? null;
  const isolated = globalThis.crossOriginIsolated;
  return { userAgent: navigator.userAgent, adapter: await adapter(), isolated, rows };
}

/**
 * @param {Task} task
 * @param {Awaited<ReturnType<typeof first>>[]} opened ours first
 * @param {number} macs
 * @returns {Row[]}
 */
function rowsOf(task, [ours, ...peers], macs) {
  const fastest = Math.min(...peers.map(({ runs }) => median(runs)));
  const onGpu = task.device === 'webgpu';
  return [ours, ...peers].map(({ engine, contender, launches: dispatches, ms, runs }) => ({
    engine,
    version: contender.version,
    device: task.device,
    task: 'translate',
    size: task.size,
    ngf: task.ngf,
    first_ms: ms,
    median_ms: median(runs),
    min_ms: Math.min(...runs),
    max_ms: Math.max(...runs),
    runs_ms: runs,
    gflops: (2 * macs) / median(runs) / 1e6,
    ratio: engine === ours.engine && peers.length > 0 ? fastest / median(runs) : null,
    launches: onGpu ? dispatches : null,
    peak_bytes: onGpu ? (gpuBytes.get(engine)?.peak ?? 0) : contender.wasmBytes(),
    wasm_bytes: contender.wasmBytes(),
    agreement: null,
  }));
}

/** What the browser tells of the graphics card; often little. */
async function adapter() {
  const found = await navigator.gpu?.requestAdapter();
  if (!found) return 'none';
  const { vendor, architecture, description } = found.info;
  return [vendor, architecture, description].filter(Boolean).join(' ');
}

/** @type {() => Promise<number>} */
let again = () => Promise.reject(new Error('nothing is open'));

globalThis.bench = {
  measure,
  async warm(task) {
    const picture = randomPicture(task.size, PICTURE_SEED);
    const { engine, contender } = await first(task.engines[0], prepare(task), picture);
    again = async () => (await timed(engine, contender, picture)).ms;
  },
  again: () => again(),
};
