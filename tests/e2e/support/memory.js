/** Memory of a page that runs for long: what its parts hold, sample by sample, and whether any of them grows. */
import { readFile } from 'node:fs/promises';

/** @typedef {import('playwright-core').CDPSession} CDPSession */
/** @typedef {(method: string) => Promise<any>} Ask a worker, in the words of the debugging protocol */
/** @typedef {Record<string, number | null>} Sample megabytes, by what they are of */

const MEGABYTE = 1024 * 1024;
/** Growth that is none: a part, and megabytes. */
const FLAT = { part: 0.1, megabytes: 16 };

/**
 * Asks the worker that was started last, through the page's session, which sees it as a target inside.
 * @param {CDPSession} session
 * @returns {Promise<Ask>}
 */
export async function workerOf(session) {
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
export const megabytes = (bytes) => (bytes ? Math.round((10 * bytes) / MEGABYTE) / 10 : null);

/**
 * What is held behind a garbage collection.
 *
 * @param {object} of
 * @param {CDPSession} of.session the page's
 * @param {CDPSession} of.browser
 * @param {Ask} of.worker
 * @returns {Promise<Sample>}
 */
export async function sampleOf({ session, browser, worker }) {
  await session.send('HeapProfiler.collectGarbage');
  await worker('HeapProfiler.collectGarbage');
  const heap = await session.send('Runtime.getHeapUsage');
  const inWorker = await worker('Runtime.getHeapUsage');
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
  const resident = async (/** @type {string} */ type) => {
    const all = processInfo.filter((one) => one.type === type).map(({ id }) => residentIn(id));
    return Math.max(0, ...(await Promise.all(all)).filter(Number.isFinite));
  };
  return {
    'page heap': megabytes(heap.usedSize),
    'worker heap': megabytes(inWorker.usedSize),
    'worker buffers': megabytes(inWorker.backingStorageSize),
    'renderer RAM': megabytes(await resident('renderer')),
    'GPU process RAM': megabytes(await resident('GPU')),
  };
}

/** @param {Sample} sample @returns {string[]} */
export const inWords = (sample) =>
  Object.entries(sample)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${value} MB`);

/** Tells how much each has grown. @param {Sample} first @param {Sample} last @returns {boolean} whether none has */
export function isFlat(first, last) {
  let flat = true;
  for (const [name, before] of Object.entries(first)) {
    const after = last[name];
    if (before === null || after === null || after === undefined) continue;
    const grown = after - before > Math.max(FLAT.megabytes, FLAT.part * before);
    console.log(`${name}: ${before} MB, then ${after} MB: ${grown ? 'grown' : 'flat'}`);
    if (grown) flat = false;
  }
  return flat;
}
