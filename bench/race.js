/**
 * Runs engines in turns, so that other load on the machine affects all of them alike, and turns the
 * measurements into rows of the table.
 */
import { gpuBytes, launches, setCurrent } from './gauges.js';
import { median } from './statistics.js';

/** @typedef {import('./types.js').ContenderModule} ContenderModule */
/** @typedef {import('./types.js').Row} Row */
/** @typedef {import('./types.js').Task} Task */

/**
 * @template Result
 * @typedef {import('./types.js').Contender<Result>} Contender
 */

/**
 * @template Result
 * @typedef {object} Entry an engine in the race
 * @property {string} engine
 * @property {Contender<Result>} contender
 * @property {Result[]} results of the unmeasured runs
 * @property {number} firstMs from the import of its module to its first result
 * @property {number} launches of its last run
 * @property {number[]} runs in milliseconds
 * @property {import('./types.js').Agreement | null} agreement with the first engine
 */

/**
 * @template Result
 * @param {string} engine
 * @param {Contender<Result>} contender
 */
async function timed(engine, contender) {
  setCurrent(engine);
  const launchesBefore = launches.get(engine) ?? 0;
  const started = performance.now();
  const result = await contender.run();
  const ms = performance.now() - started;
  return { ms, result, launches: (launches.get(engine) ?? 0) - launchesBefore };
}

/**
 * Opens an engine and runs it once.
 * @template Result
 * @param {string} engine
 * @param {(module: ContenderModule) => Promise<Contender<Result>>} open
 * @returns {Promise<Entry<Result>>}
 */
export async function enter(engine, open) {
  console.info(`${engine}: first run`);
  setCurrent(engine);
  const started = performance.now();
  const contender = await open(await import(`./contenders/${engine}.js`));
  const { result, launches } = await timed(engine, contender);
  const firstMs = performance.now() - started;
  return { engine, contender, results: [result], firstMs, launches, runs: [], agreement: null };
}

/**
 * All engines of a task. A peer that fails, or computes something else, is left out with the reason.
 * @template Result
 * @param {Task} task
 * @param {(engine: string) => Promise<Entry<Result>>} open
 * @param {(ours: Result[], theirs: Result[]) => import('./types.js').Agreement} compare
 * @returns {Promise<{ entries: Entry<Result>[], failures: string[] }>}
 */
export async function enterAll({ work, device, size, engines }, open, compare) {
  const ours = await open(engines[0]);
  const entries = [ours];
  /** @type {string[]} */
  const failures = [];
  for (const engine of engines.slice(1)) {
    try {
      const entry = await open(engine);
      entries.push({ ...entry, agreement: compare(ours.results, entry.results) });
    } catch (error) {
      failures.push(`${engine}: ${work} on ${device} at ${size} px failed: ${error}`);
    }
  }
  return { entries, failures };
}

/**
 * Runs once more, measured or not.
 * @template Result
 * @param {Entry<Result>} entry
 * @param {boolean} measured
 * @returns {Promise<number>} milliseconds
 */
export async function runAgain(entry, measured) {
  const { ms, result, launches } = await timed(entry.engine, entry.contender);
  entry.launches = launches;
  if (measured) entry.runs.push(ms);
  else entry.results.push(result);
  return ms;
}

/**
 * The measured runs.
 * @template Result
 * @param {Entry<Result>[]} entries
 * @param {number} repeat
 */
export async function race(entries, repeat) {
  for (let round = 1; round <= repeat; round++) {
    for (const entry of entries) {
      const ms = await runAgain(entry, true);
      console.info(`${entry.engine}, run ${round} of ${repeat}: ${ms.toFixed(1)} ms`);
    }
  }
}

/**
 * @template Result
 * @param {Task} task
 * @param {Entry<Result>[]} entries ours first
 * @param {number} macs of a run
 * @param {import('./types.js').MatmulPeak | null} peak
 * @returns {Row[]}
 */
export function rowsOf(task, entries, macs, peak) {
  const [ours, ...peers] = entries;
  const fastest = Math.min(...peers.map(({ runs }) => median(runs)));
  const onGpu = task.device === 'webgpu';
  const training = task.work === 'train';
  return entries.map(({ engine, contender, launches, firstMs, runs, agreement }) => {
    const gflops = (2 * macs) / median(runs) / 1e6;
    const memory = gpuBytes.get(engine);
    return {
      engine,
      version: contender.version,
      device: task.device,
      task: training ? (task.identity ? 'train+identity' : 'train') : 'translate',
      size: task.size,
      ngf: task.ngf,
      ndf: training ? task.ndf : null,
      first_ms: firstMs,
      median_ms: median(runs),
      min_ms: Math.min(...runs),
      max_ms: Math.max(...runs),
      runs_ms: runs,
      gflops,
      share: peak ? gflops / peak.gflops : null,
      ratio: engine === ours.engine && peers.length > 0 ? fastest / median(runs) : null,
      scaling: null,
      launches: onGpu ? launches : null,
      peak_bytes: onGpu ? (memory?.peak ?? 0) : contender.wasmBytes(),
      largest_buffer_bytes: onGpu ? (memory?.largest ?? 0) : null,
      wasm_bytes: contender.wasmBytes(),
      agreement,
    };
  });
}
