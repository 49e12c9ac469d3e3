/**
 * Faults to order, so that what follows them can be tried and tested: `?fault=panic@12` in the URL makes
 * the engine panic behind step 12. Several are separated by commas.
 *
 * - `panic@K`: the engine ends as by a bug of its own
 * - `lost@K`: the graphics card is lost
 * - `quota@K`: the next file that is written finds the disk full
 * - `nan@K`: a weight becomes NaN in step K
 *
 * Each happens once in the life of a tab, reloads included: the run that is continued meets it no more.
 */

/** @import { FaultKind } from '../worker/protocol.js' */

/** @typedef {{ kind: FaultKind, step: number }} Fault */
/** @typedef {{ get(key: string): string | null, set(key: string, value: string): void }} Remembered */

const PATTERN = /^(panic|lost|quota|nan)@(\d{1,9})$/;

/** What is no fault is passed over. @param {URLSearchParams} query @returns {Fault[]} by step */
export function faultsOf(query) {
  const faults = query
    .getAll('fault')
    .flatMap((list) => list.split(','))
    .map((text) => PATTERN.exec(text.trim()))
    .filter((match) => match !== null)
    .map(([, kind, step]) => ({ kind: /** @type {FaultKind} */ (kind), step: Number(step) }));
  return faults.sort((a, b) => a.step - b.step);
}

/** The faults that are still to come. */
export class Faults {
  #left;
  #memory;

  /** @param {Fault[]} faults @param {Remembered} memory of this tab */
  constructor(faults, memory) {
    this.#memory = memory;
    this.#left = faults.filter((fault) => memory.get(keyOf(fault)) === null);
  }

  /**
   * Steps that may be done before the next fault is due, at most `steps`.
   *
   * @param {number} step done so far
   * @param {number} steps
   */
  limit(step, steps) {
    const next = this.#left.find((fault) => dueAt(fault) > step);
    return next ? Math.min(steps, dueAt(next) - step) : steps;
  }

  /**
   * The faults that are due; they will not be again.
   *
   * @param {number} step done so far
   * @returns {Fault[]}
   */
  take(step) {
    const due = this.#left.filter((fault) => dueAt(fault) === step);
    this.#left = this.#left.filter((fault) => !due.includes(fault));
    for (const fault of due) this.#memory.set(keyOf(fault), 'done');
    return due;
  }
}

/** A weight has to be poisoned before its step. @param {Fault} fault */
function dueAt({ kind, step }) {
  return kind === 'nan' ? Math.max(0, step - 1) : step;
}

/** @param {Fault} fault */
function keyOf({ kind, step }) {
  return `fault ${kind}@${step}`;
}
