/**
 * Locks that all tabs and workers of this browser share, as values: whoever holds one is its owner, gives it
 * back once, or hands it on. Nobody else can.
 */

/** One tab trains at a time; a tab that holds a lock is not frozen in the background either. */
export const TRAINING = 'cyclegan-training';

/** How long a worker that was ended may take to be gone, in milliseconds. */
const WORKER_PATIENCE = 10_000;

export class Lease {
  /** @type {(() => void) | null} */
  #release;

  /** @param {() => void} release */
  constructor(release) {
    this.#release = release;
  }

  /** Gives it back; a second time changes nothing. */
  release() {
    const release = this.#release;
    this.#release = null;
    release?.();
  }

  /** Another owner's from now on: what the one before does with it changes nothing. @returns {Lease} */
  take() {
    const release = this.#release;
    this.#release = null;
    return new Lease(() => release?.());
  }
}

/**
 * Asks for a lock and waits for it a little, since others hold one for a moment: to look whether somebody
 * trains, or to remove what was left.
 *
 * @param {LockManager | undefined} locks undefined: this browser has none, so nobody else can hold one
 * @param {string} name
 * @param {AbortSignal} limit ends the waiting
 * @returns {Promise<Lease | null>} null: it was not to be had in that time
 */
export function leaseOf(locks, name, limit) {
  if (!locks) return Promise.resolve(new Lease(() => {}));
  return new Promise((resolve) => {
    const asked = locks.request(
      name,
      { signal: limit },
      () => new Promise((release) => resolve(new Lease(() => release(undefined)))),
    );
    // Where locks are refused, as in a sandboxed frame, there is no storage to be shared either.
    asked.catch(() => resolve(limit.aborted ? null : new Lease(() => {})));
  });
}

/**
 * The right to write a run's folder, or to remove it. The worker that trains holds it as long as it lives,
 * which is a moment longer than its `terminate()`.
 *
 * @param {string} id
 * @param {LockManager | undefined} [locks]
 * @param {AbortSignal} [limit] ends the waiting
 */
export function holdRun(
  id,
  locks = globalThis.navigator?.locks,
  limit = AbortSignal.timeout(WORKER_PATIENCE),
) {
  return leaseOf(locks, `cyclegan-run-${id}`, limit);
}
