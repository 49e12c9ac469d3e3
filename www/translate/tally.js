/** The numbers of a run: how many photos are in each state, how far it is and how long it will take. */

import { isLeft } from './queue.js';

/** @import { Queue } from './queue.js' */

/**
 * How many photos are in each state; are left to be done; are that and have no file; have a result; have one
 * that is neither stored nor downloaded. And the bytes of those that are stored.
 * @param {Queue} run
 */
export function counts(run) {
  const count = { waiting: 0, done: 0, failed: 0, skipped: 0 };
  const all = { left: 0, absent: 0, results: 0, unsaved: 0, bytes: 0, all: run.items.size };
  for (const item of run.items.values()) {
    const { state, file, result, saved } = item;
    count[state] += 1;
    if (isLeft(item)) all.left += 1;
    if (isLeft(item) && !file) all.absent += 1;
    if (!result) continue;
    all.results += 1;
    all.bytes += result.stored?.bytes ?? 0;
    if (!result.stored && result !== saved) all.unsaved += 1;
  }
  return { ...count, ...all };
}

/**
 * `secondsEach` and `secondsLeft` are null until the first photo is done.
 * @param {Queue} run
 * @returns {{ finished: number, total: number, fraction: number, secondsEach: number | null, secondsLeft: number | null }}
 */
export function progress(run) {
  const queued = run.queue
    .map((id) => run.items.get(id))
    .filter((item) => item?.state === 'waiting');
  const active = [...run.items.values()].filter((item) => item.active);
  const { finished, seconds } = run;
  const left = queued.length + active.length;
  const total = finished + left;
  const begun = active.reduce((sum, { passes }) => sum + passes.done / passes.of, 0);
  const spent = seconds.reduce((sum, one) => sum + one, 0);
  const perPhoto = seconds.length > 0 ? spent / seconds.length : null;
  const lanes = Math.max(1, Math.min(run.lanes, left));
  return {
    finished,
    total,
    fraction: total ? (finished + begun) / total : 0,
    secondsEach: perPhoto === null ? null : perPhoto / run.lanes,
    secondsLeft: perPhoto === null ? null : (perPhoto * (left - begun)) / lanes,
  };
}
