/**
 * Measures this project's engine against others that run the same network in the same browser, in turns, on
 * the same input, and prints a table. `pkg-scripts/bench` builds the engine and calls this.
 *
 * Times are of whole inferences: bytes of a picture in, bytes of a picture out. "first" is from the import
 * of the engine's module to its first result; "x peer" is our speed as a multiple of the fastest other engine's.
 * GFLOP/s are of the convolutions' definition, whatever an algorithm saves of it. Peak is that of GPU buffers, or
 * on the CPU of the wasm memory, with the weights.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launch, withPage } from './browser.js';
import { profile } from './profile.js';
import { serve } from './server.js';
import { agreementLine, table } from './table.js';

/** @typedef {import('./types.js').Device} Device */
/** @typedef {import('./types.js').Task} Task */

const USAGE = `usage: pkg-scripts/bench [--device cpu|webgpu|both] [--sizes 128,256,512] [--ngf N] [--repeat N]
                         [--small] [--engines cyclegan-web,onnxruntime-web] [--json FILE] [--profile] [--no-build]
  --small    ngf 16 and 32 pixels, for a machine without a GPU
  --engines  the first is the one that the others are compared with
  --profile  instead of timing: the functions in which our engine spends one run`;

const ENGINES = ['cyclegan-web', 'onnxruntime-web'];
const BLOCKS = 9;
const PROFILE_LINES = 15;

/** @param {string | undefined} list @param {number} least */
function numbers(list, least) {
  const values = (list ?? '').split(',').map(Number);
  if (!values.every((value) => Number.isInteger(value) && value >= least)) usage(`not ${list}`);
  return values;
}

/** @param {string} problem @returns {never} */
function usage(problem) {
  console.error(`${problem}\n${USAGE}`);
  process.exit(2);
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        device: { type: 'string', default: 'cpu' },
        sizes: { type: 'string' },
        ngf: { type: 'string' },
        repeat: { type: 'string' },
        small: { type: 'boolean', default: false },
        engines: { type: 'string', default: ENGINES.join(',') },
        json: { type: 'string' },
        profile: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return usage(/** @type {Error} */ (error).message);
  }
}

const options = parse(process.argv.slice(2));
const sizes = numbers(options.sizes ?? (options.small ? '32' : '128,256,512'), 8);
const [ngf] = numbers(options.ngf ?? (options.small ? '16' : '64'), 1);
const [repeat] = numbers(options.repeat ?? '5', 1);
const engines = options.engines.split(',');
if (!engines.every((engine) => ENGINES.includes(engine))) usage(`not ${options.engines}`);
if (sizes.some((size) => size % 4 !== 0)) usage('sizes are multiples of 4');
/** @type {Device[]} */
const devices = ['cpu', 'webgpu'];
const chosen = devices.filter((device) => [device, 'both'].includes(options.device));
if (chosen.length === 0) usage(`not ${options.device}`);

/** @type {Task[]} */
const tasks = chosen.flatMap((device) =>
  sizes.map((size) => ({ device, size, ngf, blocks: BLOCKS, repeat, engines })),
);
const server = await serve(fileURLToPath(new URL('..', import.meta.url)));
const browser = await launch();
try {
  if (options.profile) for (const task of tasks) await printProfile(task);
  else await printTable();
} finally {
  await browser.close();
  server.close();
}

/** @param {Task} task */
async function printProfile(task) {
  const { ms, functions } = await withPage(browser, server.origin, (page) => profile(page, task));
  console.log(`${task.engines[0]}, ${task.device}, ${task.size} px: ${Math.round(ms)} ms`);
  for (const { name, ms: own } of functions.slice(0, PROFILE_LINES)) {
    console.log(
      `${((100 * own) / ms).toFixed(1).padStart(6)}%  ${own.toFixed(0).padStart(7)} ms  ${name}`,
    );
  }
}

async function printTable() {
  const [load] = loadavg();
  const reports = [];
  for (const task of tasks) {
    const measured = await withPage(browser, server.origin, (page) =>
      page.evaluate((task) => globalThis.bench.measure(task), task),
    );
    reports.push(measured);
  }
  const rows = reports.flatMap(({ rows }) => rows);
  const { userAgent, adapter, isolated } = reports[0];
  const machine = `${cpus()[0]?.model ?? 'unknown'} x ${cpus().length}`;
  console.log(`processor   ${machine}, load ${load.toFixed(1)} before the first run`);
  console.log(`adapter     ${adapter}`);
  console.log(`browser     ${userAgent}${isolated ? '' : ' (not cross-origin isolated)'}`);
  console.log(`network     ResNet generator, ${BLOCKS} blocks, ngf ${ngf}, random weights\n`);
  console.log(table(rows));
  console.log();
  for (const row of rows) {
    const line = agreementLine(row);
    if (line) console.log(line);
  }
  if (options.json) {
    const file = { machine, load, adapter, userAgent, rows };
    await writeFile(options.json, `${JSON.stringify(file, null, 2)}\n`);
  }
}
