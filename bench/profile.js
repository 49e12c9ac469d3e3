/** Where our engine spends its time: Chromium's own CPU profile of one run, by function. */

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./types.js').Task} Task */

/** Microseconds between samples. */
const INTERVAL = 1000;

/**
 * @param {Page} page
 * @param {Task} task whose first engine is profiled, after a first run
 * @returns {Promise<{ ms: number, functions: { name: string, ms: number }[] }>} slowest first, by self time
 */
export async function profile(page, task) {
  await page.evaluate((task) => globalThis.bench.warm(task), task);
  const session = await page.context().newCDPSession(page);
  await session.send('Profiler.enable');
  await session.send('Profiler.setSamplingInterval', { interval: INTERVAL });
  await session.send('Profiler.start');
  const ms = await page.evaluate(() => globalThis.bench.again());
  const { profile } = await session.send('Profiler.stop');
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  /** @type {Map<string, number>} */
  const times = new Map();
  const deltas = profile.timeDeltas ?? [];
  (profile.samples ?? []).forEach((id, index) => {
    const name = names.get(id) || '(anonymous)';
    times.set(name, (times.get(name) ?? 0) + deltas[index] / 1000);
  });
  const functions = [...times]
    .map(([name, ms]) => ({ name, ms }))
    .filter(({ name }) => name !== '(idle)' && name !== '(program)')
    .sort((a, b) => b.ms - a.ms);
  return { ms, functions };
}
