/**
 * Artificial faults, to try and test what follows them: `?fault=panic@12` in the URL makes the engine panic
 * after step 12. Separate several with commas.
 *
 * - `panic@K`: the engine panics, as from a bug of its own
 * - `lost@K`: the graphics card is lost
 * - `quota@K`: the next file that is written finds the disk full
 * - `nan@K`: a weight becomes NaN in step K
 *
 * Each happens once in the lifetime of a tab, including reloads: a continued run does not meet it again.
 */

/** @import { FaultKind } from '../worker/protocol.js' */

/** @typedef {{ kind: FaultKind, step: number }} Fault */
/** @typedef {{ get(key: string): string | null, set(key: string, value: string): void }} Remembered */

const PATTERN = /^(panic|lost|quota|nan)@(\d{1,9})$/;

/** Unknown faults are ignored. @param {URLSearchParams} query @returns {Fault[]} by step */
export function faultsOf(query) {
  const faults = query
    .getAll('fault')
    .flatMap((list) => list.split(','))
    .map((text) => PATTERN.exec(text.trim()))
    .filter((match) => match !== null)
    .map(([, kind, step]) => ({ kind: /** @type {FaultKind} */ (kind), step: Number(step) }));
  return faults.sort((a, b) => a.step - b.step);
}

/** The remaining faults. */
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
   * @param {number} step done so far
   * @param {number} steps
   */
  limit(step, steps) {
    const next = this.#left.find((fault) => dueAt(fault) > step);
    return next ? Math.min(steps, dueAt(next) - step) : steps;
  }

  /**
   * Returns the faults that are due, and removes them.
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
const keyOf = ({ kind, step }) => `fault ${kind}@${step}`;
