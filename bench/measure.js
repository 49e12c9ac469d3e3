/** The work of one bench process, in a browser's page or in Node.js: one task, from adapter to rows. */
import { measureBatch } from './batch.js';
import { matmulPeak } from './matmul.js';
import { measureTraining } from './training.js';
import { measureTranslation } from './translation.js';

/** @typedef {import('./types.js').Task} Task */

const WORK = { translate: measureTranslation, train: measureTraining, batch: measureBatch };

/** What the host reveals about the graphics card; often little. */
async function adapterName() {
  const found = await navigator.gpu?.requestAdapter();
  if (!found) return 'none';
  const { vendor, architecture, description } = found.info;
  return [vendor, architecture, description].filter(Boolean).join(' ');
}

/**
 * @param {Task} task
 * @param {string} host
 * @returns {Promise<import('./types.js').Report>}
 */
export async function measure(task, host) {
  console.info(`${task.work}, ${task.device}, ${task.size} px`);
  const peak = task.device === 'webgpu' ? await matmulPeak() : null;
  const measured = await WORK[task.work](task, peak);
  return { host, adapter: await adapterName(), peak, ...measured };
}
