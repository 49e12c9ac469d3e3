/**
 * Measures how soon after its address is entered a page shows its first translated picture: this project's engine,
 * ONNX Runtime Web and TF.js in pages that do nothing else, and this project's whole page. In each round each has a
 * cold visit, with a fresh profile, and a warm one, with the profile of the first, in a browser started anew.
 *
 * All numbers are milliseconds after the navigation began: `script` is there, `wasm` and `weights` have come, the
 * engine is `ready` with them, the first `picture` is done; `again` is the time that another picture takes.
 */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleTfjs } from '../bundle.js';
import { generator } from '../network.js';
import { onnxModel } from '../onnx-model.js';
import { writeSafetensors } from '../safetensors.js';
import { median } from '../statistics.js';
import { randomTensors } from '../weights.js';
import { serve } from './server.js';
import { onPage, onSite, visit } from './visit.js';

/** @typedef {import('./types.js').Visit} Visit */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const USAGE = `usage: pkg-scripts/bench --task first [--engines cyclegan-web,onnxruntime-web,tfjs,page] [--device cpu|webgpu]
        [--ngf 32,64] [--blocks 9] [--size 128] [--mbit 20,none] [--repeat 5] [--json FILE] [--no-build]`;
const WEIGHTS_SEED = 1;
/** Largest difference of a byte between two engines. */
const MOST = 1;
const ORT = 'node_modules/onnxruntime-web/dist/';
const TFJS = 'node_modules/.cache/cyclegan-bench/tfjs/';
const TFJS_WASM = 'node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/';
const OURS = ['www/pkg/cyclegan_web.js', 'www/pkg/cyclegan_web_bg.wasm'];
/** What each engine fetches first. @type {Record<string, Record<string, string[]>>} */
const PRELOADED = {
  'cyclegan-web': { cpu: OURS, webgpu: OURS },
  'onnxruntime-web': {
    cpu: [`${ORT}ort.wasm.bundle.min.mjs`, `${ORT}ort-wasm-simd-threaded.wasm`],
    webgpu: [`${ORT}ort.webgpu.bundle.min.mjs`, `${ORT}ort-wasm-simd-threaded.asyncify.wasm`],
  },
  tfjs: {
    cpu: [`${TFJS}cpu.js`, `${TFJS_WASM}tfjs-backend-wasm-simd.wasm`],
    webgpu: [`${TFJS}webgpu.js`],
  },
};
const COLUMNS = [
  'script',
  'wasm',
  'weights',
  'compiled',
  'instantiated',
  'opened',
  'ready',
  'picture',
];

const { values: options } = parseArgs({
  options: {
    task: { type: 'string', default: 'first' },
    engines: { type: 'string', default: 'cyclegan-web,onnxruntime-web,tfjs,page' },
    device: { type: 'string', default: 'cpu' },
    ngf: { type: 'string', default: '32,64' },
    blocks: { type: 'string', default: '9' },
    size: { type: 'string', default: '128' },
    mbit: { type: 'string', default: 'none' },
    repeat: { type: 'string', default: '5' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(USAGE);
  process.exit();
}
const engines = options.engines.split(',');
const unknown = engines.find((engine) => engine !== 'page' && !(engine in PRELOADED));
if (unknown || !['cpu', 'webgpu'].includes(options.device)) {
  console.error(`not ${unknown ?? options.device}\n${USAGE}`);
  process.exit(2);
}
const { device, size } = options;

if (engines.includes('tfjs'))
  await bundleTfjs(join(ROOT, 'node_modules/.cache/cyclegan-bench/tfjs'));
/** @type {Map<string, Uint8Array>} */
const weights = new Map();
const server = await serve(ROOT, (path, query) => {
  if (path === '/bench/first/page.html') return markup(query);
  const known = weights.get(path);
  return known ? Buffer.from(known) : null;
});
// Compressed now, because a page would wait for it.
for (const engine of engines) {
  for (const file of PRELOADED[engine]?.[device] ?? filesOfPage()) server.read(`/${file}`);
}
/** @type {Visit[]} */
const visits = [];
try {
  // The page has its own model, whatever the width.
  for (const [i, ngf] of options.ngf.split(',').map(Number).entries())
    await measure(ngf, i === 0 ? engines : engines.filter((engine) => engine !== 'page'));
} finally {
  server.close();
}
report();
if (options.json) {
  const kept = visits.map(({ rgba, ...rest }) => rest);
  writeFileSync(options.json, JSON.stringify(kept, null, 1));
}

function filesOfPage() {
  const paths = /** @type {string[]} */ (readdirSync(join(ROOT, 'dist'), { recursive: true }));
  return paths.map((path) => `dist/${path}`).filter((path) => statSync(join(ROOT, path)).isFile());
}

/** @param {URLSearchParams} query */
function markup(query) {
  const [script, wasm] = PRELOADED[query.get('engine') ?? ''][device];
  return `<!doctype html><title>first</title><link rel="icon" href="data:,">
${wasm ? `<link rel="preload" as="fetch" crossorigin href="/${wasm}">` : ''}
<link rel="modulepreload" href="/${script}"><script type="module" src="page.js"></script>`;
}

/** @param {number} ngf @param {string[]} contenders */
async function measure(ngf, contenders) {
  const layers = generator(ngf, Number(options.blocks));
  const tensors = randomTensors(layers, WEIGHTS_SEED);
  weights.set(`/bench/first/${ngf}.safetensors`, writeSafetensors(tensors));
  weights.set(`/bench/first/${ngf}.onnx`, onnxModel(layers, tensors, Number(size)));
  for (const mbit of options.mbit.split(',').map((one) => (one === 'none' ? null : Number(one)))) {
    server.link.mbit = mbit;
    for (let round = 0; round < Number(options.repeat); round += 1) {
      const order = round % 2 ? [...contenders].reverse() : contenders;
      for (const engine of order) {
        const profile = mkdtempSync(join(tmpdir(), 'first-'));
        try {
          for (const which of /** @type {const} */ (['cold', 'warm'])) {
            server.link.bytes = 0;
            const found = await visit(
              profile,
              address(engine, ngf),
              engine === 'page' ? onSite : onPage,
            );
            visits.push({ ...found, engine, ngf, mbit, visit: which, round });
            const { picture } = found.moments;
            console.error(
              `${engine} ngf ${ngf} ${mbit ?? 'local'} ${which}: ${picture.toFixed(0)} ms, ${(server.link.bytes / 1e6).toFixed(2)} MB`,
            );
          }
        } finally {
          rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
        }
      }
    }
  }
}

/** @param {string} engine @param {number} ngf */
function address(engine, ngf) {
  if (engine === 'page') return `${server.origin}/dist/index.html?device=${device}&size=${size}`;
  const file = `${ngf}.${engine === 'onnxruntime-web' ? 'onnx' : 'safetensors'}`;
  const { blocks } = options;
  const query = { engine, device, size, blocks, ngf: String(ngf), weights: file };
  return `${server.origin}/bench/first/page.html?${new URLSearchParams(query)}`;
}

function report() {
  const [load] = loadavg();
  console.log(
    `processor   ${cpus()[0]?.model ?? 'unknown'} x ${cpus().length}, load ${load.toFixed(1)} at the end`,
  );
  console.log(
    `pictures    ${size} px, ${options.blocks} blocks, ${device}, medians of ${options.repeat}`,
  );
  const titles = ['ngf', 'Mbit/s', 'visit', 'engine', ...COLUMNS, 'again'];
  const lines = [titles];
  for (const key of new Set(visits.map(keyOf))) {
    const group = visits.filter((one) => keyOf(one) === key);
    const [first] = group;
    const middle = (/** @type {(one: Visit) => number | undefined} */ value) => {
      const values = group.map(value).filter((one) => Number.isFinite(one));
      return values.length > 0 ? median(/** @type {number[]} */ (values)).toFixed(0) : '';
    };
    lines.push([
      first.engine === 'page' ? '32' : `${first.ngf}`,
      `${first.mbit ?? 'local'}`,
      first.visit,
      `${first.engine} ${first.version}`,
      ...COLUMNS.map((name) => middle(({ moments }) => moments[name])),
      middle(({ again }) => again),
    ]);
  }
  const widths = titles.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  for (const line of lines) console.log(line.map((cell, i) => cell.padStart(widths[i])).join('  '));
  for (const ngf of new Set(visits.map((one) => one.ngf))) agreed(ngf);
}

/** @param {Visit} one */
function keyOf({ ngf, mbit, visit, engine }) {
  return JSON.stringify([ngf, mbit, visit, engine]);
}

/** All engines must have made the same picture. @param {number} ngf */
function agreed(ngf) {
  const made = visits.filter((one) => one.ngf === ngf && one.rgba.length > 0);
  const [ours] = made;
  for (const { engine, rgba } of made) {
    const most = rgba.reduce((far, level, i) => Math.max(far, Math.abs(level - ours.rgba[i])), 0);
    if (rgba.length !== ours.rgba.length || most > MOST || new Set(rgba).size < 64)
      throw new Error(`the picture of ${engine} is another one: ${most} levels`);
  }
}
