/**
 * Measures this project's engine against others that run the same networks in the same browser, in turns, on
 * the same input, and prints a table. `pkg-scripts/bench` builds the engine and calls this.
 *
 * A translation is timed from the bytes of a picture to the bytes of a picture, a training step from the
 * bytes of two photos to its losses. "first" is the time from importing the engine's module to its first
 * result; "x peer" is our speed as a multiple of the fastest other engine's, "x one" a batch's in several
 * workers or threads as a multiple of one's. GFLOP/s count the operations of a direct convolution, even if an
 * algorithm needs fewer; "of peak" is their share of the adapter's speed in a matrix product (matmul.js),
 * measured just before. "peak" is the peak of GPU buffers and textures, or of wasm memory on the CPU;
 * "largest" the largest of them.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { openChromium } from './browser.js';
import { bundleTfjs } from './bundle.js';
import { openDawn } from './dawn.js';
import { readOptions } from './options.js';
import { profile } from './profile.js';
import { writeStart } from './start.js';
import { agreementLine, refusalLine, table } from './table.js';

/** @typedef {import('./types.js').Host} Host */
/** @typedef {import('./types.js').Report} Report */
/** @typedef {import('./types.js').Task} Task */

const OURS = 'cyclegan-web';
const PROFILE_LINES = 15;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

const options = readOptions(process.argv.slice(2));
await prepare(options.tasks);
if (options.profile) {
  const chromium = await openChromium(ROOT);
  try {
    for (const task of options.tasks) {
      printProfile(task, await chromium.withPage((page) => profile(page, task)));
    }
  } finally {
    await chromium.close();
  }
} else {
  const host = await (options.host === 'dawn' ? openDawn() : openChromium(ROOT));
  try {
    await printTable(host);
  } finally {
    await host.close();
  }
}

/** Creates the files that the peers need. @param {Task[]} tasks */
async function prepare(tasks) {
  if (tasks.some(({ engines }) => engines.includes('tfjs'))) {
    await bundleTfjs(`${ROOT}/node_modules/.cache/cyclegan-bench/tfjs`);
  }
  const training = tasks.find(
    ({ work, engines }) => work === 'train' && engines.some((engine) => engine !== OURS),
  );
  if (training) await writeStart(training, training.engines.includes(OURS));
}

/** @param {Task} task @param {Awaited<ReturnType<typeof profile>>} found */
function printProfile(task, { ms, functions }) {
  console.log(
    `${task.engines[0]}, ${task.work}, ${task.device}, ${task.size} px: ${Math.round(ms)} ms`,
  );
  for (const { name, ms: own } of functions.slice(0, PROFILE_LINES)) {
    console.log(
      `${((100 * own) / ms).toFixed(1).padStart(6)}%  ${own.toFixed(0).padStart(7)} ms  ${name}`,
    );
  }
}

/** @param {Host} host */
async function printTable(host) {
  const [load] = loadavg();
  /** @type {Report[]} */
  const reports = [];
  /** @type {string[]} */
  const failures = [];
  for (const task of options.tasks) {
    try {
      const report = await host.measure(task);
      reports.push(report);
      failures.push(...report.failures);
    } catch (error) {
      // A failing task, such as one too large for the adapter, does not void the others.
      const { work, device, size } = task;
      failures.push(`${work} on ${device} at ${size} px failed: ${error}`);
    }
  }
  if (failures.length > 0) process.exitCode = 1;
  if (reports.length === 0) throw new Error(failures.join('\n'));
  const rows = reports.flatMap(({ rows }) => rows);
  const peaks = reports.flatMap(({ peak }) => peak ?? []);
  const [{ host: name, adapter }] = reports;
  const [{ ngf, ndf, blocks }] = options.tasks;
  const machine = `${cpus()[0]?.model ?? 'unknown'} x ${cpus().length}`;
  console.log(`processor   ${machine}, load ${load.toFixed(1)} before the first run`);
  console.log(`adapter     ${adapter}`);
  for (const { gflops, kernel, side } of peaks.slice(0, 1)) {
    console.log(`its peak    ${gflops.toFixed(1)} GFLOP/s: ${kernel}, ${side} x ${side}`);
  }
  console.log(`host        ${name}, cross-origin isolated only for batches`);
  console.log(`networks    ${blocks} blocks, ngf ${ngf}, 70x70 PatchGAN, ndf ${ndf}, batch 1\n`);
  console.log(table(rows));
  console.log();
  for (const row of rows) {
    const line = agreementLine(row);
    if (line) console.log(line);
  }
  for (const refusal of options.refusals) console.log(refusalLine(refusal));
  for (const failure of failures) console.log(failure);
  if (options.json) {
    const { refusals } = options;
    const file = { machine, load, adapter, host: name, peaks, rows, refusals, failures };
    await writeFile(options.json, `${JSON.stringify(file, null, 2)}\n`);
  }
}
