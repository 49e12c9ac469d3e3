/**
 * A long training in one tab, and what it does to memory: `node tests/e2e/soak.js [--minutes 60]
 * [--device cpu|webgpu] [--fault panic@5000]`. No part of the tests, since it takes as long as it is told to.
 *
 * Once a minute, behind a garbage collection, it prints JavaScript's heap in the page and in the engine's
 * worker, wasm's linear memory, the device's pool, and what the renderer and the GPU process hold in RAM.
 * It ends with how much each has grown since the fifth minute, and fails when one has grown by more than
 * a tenth and 16 MB.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { ARGUMENTS, SOFTWARE_GPU } from './support/browser.js';
import { ready } from './support/page.js';
import { serveSite } from './support/site.js';
import { startSmall, stepOf, until } from './support/training.js';

/** @typedef {import('playwright-core').CDPSession} CDPSession */
/** @typedef {Record<string, number | null>} Sample megabytes, by what they are of */

const MEGABYTE = 1024 * 1024;
/** Minutes until everything is warm. */
const WARM = 5;
/** Growth that is none: a part, and megabytes. */
const FLAT = { part: 0.1, megabytes: 16 };

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    device: { type: 'string', default: 'cpu' },
    fault: { type: 'string', default: '' },
  },
});

/**
 * Asks the engine's worker through the page's session, which sees it as a target inside.
 * @param {CDPSession} session
 * @returns {Promise<(method: string) => Promise<any>>}
 */
async function workerOf(session) {
  /** @type {Map<number, (result: any) => void>} */
  const waiting = new Map();
  let target = '';
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    // The engine of the Translate view came first and does nothing.
    if (targetInfo.type === 'worker') target = sessionId;
  });
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result } = JSON.parse(message);
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  await session.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  let last = 0;
  return (method) => {
    last += 1;
    const id = last;
    const answer = new Promise((resolve) => waiting.set(id, resolve));
    const message = JSON.stringify({ id, method });
    return session
      .send('Target.sendMessageToTarget', { sessionId: target, message })
      .then(() => answer);
  };
}

/** Bytes of RAM that a process holds. @param {number} pid */
async function residentIn(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return 1024 * Number(/VmRSS:\s*(\d+)/.exec(status)?.[1] ?? Number.NaN);
}

/** @param {number | null | undefined} bytes */
const megabytes = (bytes) => (bytes ? Math.round((10 * bytes) / MEGABYTE) / 10 : null);

/**
 * @param {object} of
 * @param {import('playwright-core').Page} of.page
 * @param {CDPSession} of.session
 * @param {CDPSession} of.browser
 * @param {(method: string) => Promise<any>} of.worker
 * @returns {Promise<Sample>}
 */
async function sampleOf({ page, session, browser, worker }) {
  await session.send('HeapProfiler.collectGarbage');
  await worker('HeapProfiler.collectGarbage');
  const heap = await session.send('Runtime.getHeapUsage');
  const inWorker = await worker('Runtime.getHeapUsage');
  const engine = await page.evaluate(() => /** @type {any} */ (globalThis).soaked ?? {});
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
  const resident = async (/** @type {string} */ type) => {
    const all = processInfo.filter((one) => one.type === type).map(({ id }) => residentIn(id));
    return Math.max(0, ...(await Promise.all(all)).filter(Number.isFinite));
  };
  return {
    'page heap': megabytes(heap.usedSize),
    'worker heap': megabytes(inWorker.usedSize),
    'wasm memory': megabytes(engine.linear),
    'device in use': megabytes(engine.deviceInUse),
    'device reserved': megabytes(engine.deviceReserved),
    'renderer RAM': megabytes(await resident('renderer')),
    'GPU process RAM': megabytes(await resident('GPU')),
  };
}

const site = await serveSite();
const gpu = values.device === 'webgpu';
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: gpu ? [...ARGUMENTS, ...SOFTWARE_GPU] : ARGUMENTS,
});
const page = await (await browser.newContext({ locale: 'en-US' })).newPage();
// What the worker tells the page of its memory with every step is not shown on the page.
await page.addInitScript(() => {
  globalThis.Worker = class extends Worker {
    /** @param {ConstructorParameters<typeof Worker>} given */
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        if (data?.value?.memory) Object.assign(globalThis, { soaked: data.value.memory });
      });
    }
  };
});
const session = await page.context().newCDPSession(page);
const whole = await browser.newBrowserCDPSession();
const fault = values.fault ? `&fault=${values.fault}` : '';
await page.goto(`${site.url}?device=${values.device}${fault}`);
await ready(page, gpu ? 'webgpu' : 'cpu');
await startSmall(page, 10_000_000, { ngf: 8, blocks: 2, 'preview-every': 100 });
await until(page, 'training', { step: 2, timeout: 600_000 });
const worker = await workerOf(session);

const minutes = Number(values.minutes);
const started = Date.now();
/** @type {Sample[]} */
const samples = [];
for (let minute = 1; minute <= minutes; minute += 1) {
  await page.waitForTimeout(Math.max(0, started + 60_000 * minute - Date.now()));
  const sample = await sampleOf({ page, session, browser: whole, worker });
  samples.push(sample);
  const words = Object.entries(sample)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${value} MB`);
  console.log([`${minute} min`, `step ${await stepOf(page)}`, ...words].join(', '));
  await until(page, 'training', { timeout: 60_000 });
}

const [first, last] = [samples[Math.min(WARM, samples.length) - 1], samples.at(-1) ?? {}];
for (const [name, before] of Object.entries(first)) {
  const after = last[name];
  if (before === null || after === null || after === undefined) continue;
  const grown = after - before;
  const flat = grown <= Math.max(FLAT.megabytes, FLAT.part * before);
  console.log(`${name}: ${before} MB, then ${after} MB: ${flat ? 'flat' : 'grown'}`);
  if (!flat) process.exitCode = 1;
}
await browser.close();
await site.close();
