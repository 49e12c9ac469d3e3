/**
 * Node.js with Dawn, Chromium's implementation of WebGPU, from the npm package `webgpu`: for machines with a
 * graphics card but no browser. Engines and files are the same.
 *
 * Run as a program, it is the process that measures one task: it receives the task as a message and replies
 * with the report. `VK_DRIVER_FILES` selects another Vulkan driver, such as a software one.
 */
import { fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Dawn the parts used of the package, which is too large to be a regular dependency
 * @property {(options: string[]) => GPU} create
 * @property {Record<string, unknown>} globals
 */
/** @typedef {import('./types.js').Host} Host */
/** @typedef {import('./types.js').Report} Report */
/** @typedef {import('./types.js').Task} Task */

const PACKAGE = 'webgpu';

/** @returns {Promise<Host>} */
export async function openDawn() {
  await import(PACKAGE).catch(() => {
    throw new Error('the package webgpu is missing; pkg-scripts/bench installs it for --host dawn');
  });
  return {
    measure: (task) =>
      new Promise((resolve, reject) => {
        const child = fork(fileURLToPath(import.meta.url), { stdio: ['ignore', 2, 2, 'ipc'] });
        child.on('message', (report) => resolve(/** @type {Report} */ (report)));
        child.on('error', reject);
        child.on('exit', (code, signal) => {
          reject(new Error(`the process ended with ${signal ?? code}`));
        });
        child.send(task);
      }),
    async close() {},
  };
}

/** Adds the browser features that engines expect and Node.js lacks. */
async function prepareGlobals() {
  /** @type {Dawn} */
  const { create, globals } = await import(PACKAGE);
  Object.assign(globalThis, globals);
  const navigator = { userAgent: `Node.js ${process.version}`, gpu: create([]) };
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  // wgpu and TF.js take this for a browser's worker, whose `navigator` has the graphics card.
  Object.assign(globalThis, { WorkerGlobalScope: class WorkerGlobalScope {}, self: globalThis });
  // ONNX Runtime Web writes from shared memory, which browsers accept but this package does not.
  const { writeBuffer } = GPUQueue.prototype;
  GPUQueue.prototype.writeBuffer = function (buffer, offset, data, ...part) {
    const shared = ArrayBuffer.isView(data) && data.buffer instanceof SharedArrayBuffer;
    const own = /** @type {GPUAllowSharedBufferSource} */ (
      shared ? /** @type {Uint8Array} */ (data).slice() : data
    );
    return writeBuffer.call(this, buffer, offset, own, ...part);
  };
  const { fetch } = globalThis;
  globalThis.fetch = async (/** @type {any} */ resource, options) => {
    const url = String(resource?.url ?? resource);
    if (!url.startsWith('file:')) return fetch(resource, options);
    const type = url.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream';
    const bytes = new Uint8Array(await readFile(fileURLToPath(url)));
    return new Response(bytes, { headers: { 'content-type': type } });
  };
}

async function answer(/** @type {Task} */ task) {
  await prepareGlobals();
  const { measure } = await import('./measure.js');
  const report = await measure(task, `Node.js ${process.version} with Dawn`);
  process.send?.(report, () => process.exit(0));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.once('message', (task) => {
    answer(/** @type {Task} */ (task)).catch((error) => {
      console.error(error);
      process.exit(1);
    });
  });
}
