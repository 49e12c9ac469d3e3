/**
 * What is exported, in the programs that it is for: ONNX Runtime Web runs the generators as our engine does,
 * and the engine opens its own `.pth`. The worker that ships is asked directly.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setUp } from './support/browser.js';
import { photo } from './support/files.js';
import { nearness } from './support/page.js';
import { DIST, SUB_PATH } from './support/site.js';
import { variantFile } from './support/variants.js';
import { judge, safetensors } from './support/weights.js';

/** @import { About, ExportFormat } from '../../www/pkg/cyclegan_web.js' */
/** @import { Values } from '../../www/engine/protocol.js' */
/** @import { Page } from 'playwright-core' */

const visit = setUp();
const RUNTIME = new URL('../../node_modules/onnxruntime-web/dist/', import.meta.url);
const ABOUT = { from: 'summer', to: 'winter', margin: 16, size: 512, trained_on: null };

/** The runtime and an empty page beside the site. */
const options = {
  query: 'empty.html',
  prepare: (/** @type {Page} */ _page, /** @type {import('./support/site.js').Site} */ site) => {
    const read = (/** @type {string} */ name) => readFileSync(new URL(name, RUNTIME));
    Object.assign(site.beside, {
      'empty.html': '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">',
      'ort.js': read('ort.wasm.bundle.min.mjs'),
      'ort.wasm': read('ort-wasm-simd-threaded.wasm'),
    });
  },
};

/** Starts the engine's worker in the page, as `ask(request)`. @param {Page} page */
async function startWorker(page) {
  const name = readdirSync(join(DIST, 'assets')).find((file) => /^engine-worker.*\.js$/.test(file));
  assert.ok(name, 'the built worker');
  await page.evaluate(
    async ([url]) => {
      const worker = new Worker(url, { type: 'module' });
      /** @type {Map<number, (reply: any) => void>} */
      const waiting = new Map();
      let last = 0;
      const ready = new Promise((resolve) => {
        worker.addEventListener('message', ({ data }) => {
          if ('evaluated' in data) worker.postMessage({ module: null });
          if ('ready' in data || 'crash' in data) resolve(data);
          waiting.get(data.id)?.(data);
        });
      });
      const replied = await ready;
      if ('crash' in replied) throw new Error(replied.crash.detail);
      Object.assign(globalThis, {
        /** @param {object} request */
        async ask(request) {
          last += 1;
          const id = last;
          const reply = new Promise((resolve) => waiting.set(id, resolve));
          worker.postMessage({ id, ...request });
          const { value, failure } = await reply;
          if (failure) throw new Error(failure.code);
          return value;
        },
      });
      await /** @type {any} */ (globalThis).ask({ do: 'open', device: 'cpu', precision: null });
    },
    [`${SUB_PATH}assets/${name}`],
  );
}

/**
 * The file that the worker writes, as base64; or the code of its failure.
 * @param {Page} page
 * @param {Buffer} weights
 * @param {{ to: ExportFormat, half?: boolean, about?: About | null }} how
 * @returns {Promise<Buffer | string>}
 */
async function exported(page, weights, { to, half = false, about = null }) {
  const made = await page.evaluate(
    async ([base64, job]) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer;
      const { ask } = /** @type {any} */ (globalThis);
      try {
        const file = await ask({ do: 'export', bytes, network: null, ...job });
        const read = new Uint8Array(await file.arrayBuffer());
        let text = '';
        for (const byte of read) text += String.fromCharCode(byte);
        return { file: btoa(text) };
      } catch (error) {
        return { code: /** @type {Error} */ (error).message };
      }
    },
    /** @type {const} */ ([weights.toString('base64'), { to, half, about }]),
  );
  return made.file ? Buffer.from(made.file, 'base64') : String(made.code);
}

/**
 * A photo through weights in the engine: RGB before and after.
 * @param {Page} page
 * @param {Buffer} weights
 */
async function translated(page, weights) {
  const made = await page.evaluate(
    async ([base64, png]) => {
      const bytesOf = (/** @type {string} */ text) =>
        Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      const { ask } = /** @type {any} */ (globalThis);
      const model = await ask({ do: 'load', bytes: bytesOf(base64).buffer, sha256: null });
      const file = new Blob([bytesOf(png)], { type: 'image/png' });
      const how = { size: 'own', margin: 0, smooth: 1, format: 'png' };
      const pictures = await ask({ do: 'translate', file, ...how });
      const levels = async (/** @type {Blob} */ blob) => {
        const bitmap = await createImageBitmap(blob);
        const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
        const brush = canvas.getContext('2d');
        brush?.drawImage(bitmap, 0, 0);
        const data = brush?.getImageData(0, 0, bitmap.width, bitmap.height).data ?? [];
        return [...data].filter((_, i) => i % 4 !== 3);
      };
      return {
        model,
        before: await levels(pictures.before),
        after: await levels(pictures.after),
      };
    },
    [weights.toString('base64'), photo(WIDTH, HEIGHT).toString('base64')],
  );
  return made;
}

const [WIDTH, HEIGHT] = [44, 28];

/**
 * The same picture through ONNX Runtime Web, as levels.
 * @param {Page} page
 * @param {Buffer} model
 * @param {number[]} before RGB
 */
function run(page, model, before) {
  return page.evaluate(
    async ([base64, rgb, width, height]) => {
      const url = new URL('ort.js', location.href).href;
      const ort = /** @type {typeof import('onnxruntime-web')} */ (await import(url));
      ort.env.wasm.wasmPaths = { wasm: new URL('ort.wasm', location.href).href };
      ort.env.wasm.numThreads = 1;
      ort.env.logLevel = 'error';
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const session = await ort.InferenceSession.create(bytes);
      const count = width * height;
      const unit = Float32Array.from(
        { length: 3 * count },
        (_, i) => rgb[3 * (i % count) + Math.floor(i / count)] / 127.5 - 1,
      );
      const input = new ort.Tensor('float32', unit, [1, 3, height, width]);
      const { output } = await session.run({ input });
      const values = /** @type {Float32Array} */ (await output.getData());
      // Truncated, as PyTorch's test.py does.
      return Array.from(rgb, (_, i) =>
        Math.trunc(((values[(i % 3) * count + Math.floor(i / 3)] + 1) / 2) * 255),
      );
    },
    /** @type {const} */ ([model.toString('base64'), before, WIDTH, HEIGHT]),
  );
}

const KINDS = /** @type {const} */ ([
  { name: 'plain', how: {}, half: false },
  { name: 'affine', how: { affine: true }, half: false },
  { name: 'bilinear', how: { up: 'bilinear' }, half: false },
  { name: 'nearest', how: { up: 'nearest', affine: true }, half: false },
  { name: 'plain, half the size', how: {}, half: true },
]);

for (const { name, how, half } of KINDS) {
  visit(`ONNX Runtime Web runs what is exported: ${name}`, options, async ({ page, t }) => {
    await startWorker(page);
    const weights = variantFile({ ...how, size: { ngf: 4, blocks: 2, seed: 3 } });
    const { model, before, after } = await translated(page, weights);
    assert.equal(model.up, 'up' in how ? how.up : 'transpose');
    assert.equal(model.norm, 'affine' in how ? 'instance_affine' : 'instance');
    const onnx = await exported(page, weights, { to: 'onnx', half });
    assert.ok(onnx instanceof Buffer, String(onnx));
    const made = await run(page, onnx, before);
    assert.ok(new Set(made).size > 50, 'a colourful picture');
    const { within, max } = nearness(Uint8Array.from(made), Uint8Array.from(after));
    t.diagnostic(`${(100 * within).toFixed(2)} % within one level, at most ${max} apart`);
    // Truncation may put nearly equal numbers on either side of a level.
    assert.ok(max <= (half ? 2 : 1), `${max} levels apart`);
  });
}

visit('a .pth translates as the weights that it was made of', options, async ({ page }) => {
  await startWorker(page);
  const weights = variantFile({ up: 'bilinear', affine: true });
  const pth = await exported(page, weights, { to: 'pth' });
  assert.ok(pth instanceof Buffer, String(pth));
  assert.equal(pth.subarray(0, 2).toString(), 'PK');
  const [own, again] = [await translated(page, weights), await translated(page, pth)];
  assert.deepEqual(again.after, own.after);
});

visit('a model to give away says what was told of it', options, async ({ page }) => {
  await startWorker(page);
  const weights = variantFile({ metadata: { margin: '32', other: 'x' } });
  const said = async (/** @type {About | null} */ about) => {
    const file = await exported(page, weights, { to: 'safetensors', half: true, about });
    assert.ok(file instanceof Buffer, String(file));
    const length = Number(file.readBigUInt64LE());
    return JSON.parse(file.subarray(8, 8 + length).toString()).__metadata__;
  };
  assert.deepEqual(await said(null), { format: 'pt', margin: '32' });
  const thumbnails = /** @type {[string, string]} */ (['/9j/AAAA', '/9j/BBBB']);
  assert.deepEqual(await said({ ...ABOUT, thumbnails }), {
    format: 'pt',
    from: 'summer',
    to: 'winter',
    margin: '16',
    size: '512',
    thumbnail_before: '/9j/AAAA',
    thumbnail_after: '/9j/BBBB',
  });
});

visit('a discriminator is exported too, but not as ONNX', options, async ({ page }) => {
  await startWorker(page);
  const weights = safetensors(judge(2));
  assert.ok((await exported(page, weights, { to: 'pth' })) instanceof Buffer);
  assert.equal(await exported(page, weights, { to: 'onnx' }), 'weights-not-generator');
  const nothing = Buffer.from('no weights at all');
  assert.equal(await exported(page, nothing, { to: 'pth' }), 'weights-not-recognised');
});
