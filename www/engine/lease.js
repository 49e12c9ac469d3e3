/**
 * Locks shared by all tabs and workers of this browser, as values: the holder of a lease owns the lock, and
 * releases it once or passes it on. Nobody else can.
 */

/** One tab trains at a time. A tab that holds a lock is also not frozen in the background. */
export const TRAINING = 'cyclegan-training';

/** How long a terminated worker may take to disappear, in milliseconds. */
const WORKER_PATIENCE = 10_000;

export class Lease {
  /** @type {(() => void) | null} */
  #release;

  /** @param {() => void} release */
  constructor(release) {
    this.#release = release;
  }

  /** Releases the lock; further calls have no effect. */
  release() {
    const release = this.#release;
    this.#release = null;
    release?.();
  }

  /** Passes the lock to a new owner; the old lease has no effect from then on. @returns {Lease} */
  take() {
    const release = this.#release;
    this.#release = null;
    return new Lease(() => release?.());
  }
}

/**
 * Requests a lock and waits for it briefly, because others hold it only for a moment when they check whether
 * a tab is training or remove leftovers.
 * @param {LockManager | undefined} locks undefined: this browser has no locks, so nobody else can hold one
 * @param {string} name
 * @param {AbortSignal} limit ends the waiting
 * @returns {Promise<Lease | null>} null: not available in that time
 */
export function leaseOf(locks, name, limit) {
  if (!locks) return Promise.resolve(new Lease(() => {}));
  return new Promise((resolve) => {
    const asked = locks.request(
      name,
      { signal: limit },
      () => new Promise((release) => resolve(new Lease(() => release(undefined)))),
    );
    // Where locks are refused, as in a sandboxed frame, there is no shared storage either.
    asked.catch(() => resolve(limit.aborted ? null : new Lease(() => {})));
  });
}

/**
 * The right to write or remove a run's folder. The worker that trains holds it for its lifetime, which ends a
 * moment after its `terminate()`.
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
