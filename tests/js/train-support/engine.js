/**
 * An engine whose "networks" are one number that each step changes, behind the real worker's side of
 * training and the real client. A photo is a file whose text is a number, or "damaged".
 */
import { EngineClient } from '../../../www/engine/client.js';
import { holdRun } from '../../../www/engine/lease.js';
import { CodedError, failureOf } from '../../../www/failure.js';
import { Trainer } from '../../../www/train/worker/trainer.js';

export const CPU = {
  device: 'cpu',
  adapter: '',
  fallback: false,
  reason: null,
  warning: null,
  defaultSize: 512,
  version: '0.1.0',
};

/** The same run gives the same numbers, and every photo leaves its mark. */
class FakeTraining {
  /** @type {Map<string, number>} */
  cache = new Map();
  excluded = new Set();
  /** @type {number[]} */
  previews = [];
  poisoned = -1;
  freed = false;
  seen = 0;

  /** @param {any} config @param {number} a @param {number} b @param {{ step: number, weight: number }} state @param {any} options */
  constructor(config, a, b, state, options) {
    this.config = config;
    this.counts = { A: a, B: b };
    this.state = state;
    this.options = options;
  }

  get total() {
    return this.scheduled + this.config.polish;
  }

  get scheduled() {
    const length = this.config.lr_flat + this.config.lr_decay;
    return this.config.lr_unit === 'steps'
      ? length
      : length * Math.max(this.counts.A, this.counts.B);
  }

  report() {
    const { step } = this.state;
    const epoch = Math.floor(step / Math.max(this.counts.A, this.counts.B)) + 1;
    return {
      step,
      total: this.total,
      epoch,
      epochs: null,
      over: step >= this.total,
      exact: true,
      warmUp: this.config.warm_up,
      polish: this.config.polish,
      config: JSON.stringify(this.config),
      parameters: 1000,
    };
  }

  /** @param {'A' | 'B'} domain @param {number} step */
  chosen(domain, step) {
    const usable = Array.from({ length: this.counts[domain] }, (_, i) => i).filter(
      (i) => !this.excluded.has(domain + i),
    );
    if (usable.length === 0) throw new CodedError('dataset-empty', `no photo of ${domain} is left`);
    return usable[step % usable.length];
  }

  /** @param {number} steps */
  upcoming(steps) {
    const needed = (/** @type {'A' | 'B'} */ domain) => {
      const all = Array.from({ length: steps }, (_, i) => this.chosen(domain, this.state.step + i));
      return Uint32Array.from(new Set(all.filter((i) => !this.cache.has(domain + i))));
    };
    return { a: needed('A'), b: needed('B') };
  }

  /** @param {string} domain @param {number} index @param {Uint8Array} rgba */
  supply(domain, index, rgba) {
    this.cache.set(domain + index, rgba[0]);
  }

  /** @param {string} domain @param {number} index */
  exclude(domain, index) {
    this.excluded.add(domain + index);
  }

  /** @param {number} n */
  async trainSteps(n) {
    await this.options.onSteps?.(n, this);
    const reports = [];
    while (reports.length < n && this.state.step < this.total) {
      const { step } = this.state;
      const a = this.cache.get(`A${this.chosen('A', step)}`);
      const b = this.cache.get(`B${this.chosen('B', step)}`);
      if (a === undefined || b === undefined) throw new CodedError('engine-usage', 'not supplied');
      if (step + 1 === this.poisoned) {
        throw new CodedError('training-not-finite', `G_A in step ${step + 1}`);
      }
      this.state.weight = (this.state.weight * 31 + a * 7 + b) % 1009;
      this.state.step += 1;
      const losses = Object.fromEntries(
        ['D_A', 'G_A', 'cycle_A', 'idt_A', 'D_B', 'G_B', 'cycle_B', 'idt_B'].map((name, i) => [
          name,
          this.state.weight + i,
        ]),
      );
      const warmingUp = step < this.config.warm_up;
      const polishing = step >= this.scheduled;
      const rate = this.config.lr;
      const { epoch } = this.report();
      const said = {
        seconds: this.options.seconds ?? 0.25,
        images: step + 1,
        warmingUp,
        polishing,
        losses,
        polish: polishing ? { A: 0.25, B: 0.5 } : null,
        skipped: [],
      };
      reports.push({ step: step + 1, epoch, rate, ...said });
    }
    return reports;
  }

  memory() {
    return { linear: 1000, deviceInUse: null, deviceReserved: null };
  }

  /** @param {number} step */
  poison(step) {
    this.poisoned = step;
  }

  /** @param {Uint8Array} rgba @param {number} width @param {number} height */
  resized(rgba, width, height) {
    return { rgba, width, height };
  }

  /** @param {Uint8Array} rgba @param {number} width @param {number} height */
  whole(rgba, width, height) {
    return { rgba, width, height };
  }

  addHeldOut() {}

  /** @param {string} _domain @param {Uint8Array} rgba */
  addPreview(_domain, rgba) {
    this.previews.push(rgba[0]);
    return this.previews.length - 1;
  }

  /** @param {string} _domain @param {number} index */
  async preview(_domain, index) {
    const input = Uint8Array.of(this.previews[index], 0, 0, 255);
    const translated = Uint8Array.of(this.state.weight % 256, 0, 0, 255);
    return { width: 1, height: 1, input, translated, back: input, error: 0.25 };
  }

  async trainClassifier() {
    if (this.options.noScores || this.seen === 0)
      throw new CodedError('engine-usage', 'too few photos');
    return 0.9;
  }

  addSeen() {
    this.seen += 1;
  }

  /** `options.merit(step)` says what they are worth. @param {number | undefined} best @param {boolean} given */
  async scores(best, given) {
    const merit = this.options.merit?.(this.state.step) ?? 0.5;
    const taken = { takenForB: 0.3, takenForA: 0.4, ceiling: 0.9 };
    const better = best === undefined || merit > best * (given ? 1.02 : 1);
    return { roundTripA: 0.1, roundTripB: 0.2, ...taken, gridA: 1.5, gridB: 2, merit, better };
  }

  /** @param {string} config */
  change(config) {
    Object.assign(this.config, JSON.parse(config));
  }

  /** @param {number} steps @param {number | undefined} lr */
  learnOn(steps, lr) {
    const { step } = this.state;
    Object.assign(this.config, { lr_unit: 'steps', lr_flat: step, lr_decay: steps });
    if (lr !== undefined) this.config.lr = lr;
  }

  /** As the real one: pieces in their order, and one of the first again. @param {import('../../../www/files/disk.js').Write} write */
  async saveCheckpoint(write) {
    this.options.onSave?.();
    const text = JSON.stringify({ config: this.config, state: this.state });
    const bytes = new TextEncoder().encode(text);
    const pieces = [0, 20, 40].map((at, i) => [at, bytes.slice(at, [20, 40][i])]);
    pieces[0][1] = new Uint8Array(20);
    for (const [at, piece] of [...pieces, [0, bytes.slice(0, 20)]]) {
      await write(/** @type {number} */ (at), /** @type {Uint8Array} */ (piece));
    }
    return bytes.length;
  }

  /** @param {string} direction */
  async weights(direction) {
    return new TextEncoder().encode(`G_${direction} ${this.state.weight}`);
  }

  free() {
    this.freed = true;
  }
}

/** @param {any} options */
function fakeEngine(options) {
  return {
    trainingNeed: (/** @type {string} */ config) => {
      const { crop_size: crop } = JSON.parse(config);
      const most = options.mostCrop ?? crop;
      return { bytes: 1000 * crop, limit: 1000 * most, crop: Math.min(crop, most) };
    },
    startTraining(
      /** @type {string} */ config,
      /** @type {number} */ a,
      /** @type {number} */ b,
      /** @type {any[]} */ ...[, ...weights]
    ) {
      const text = (/** @type {Uint8Array | undefined} */ file) =>
        file && new TextDecoder().decode(file);
      options.onStart?.(JSON.parse(config), weights.map(text));
      return new FakeTraining(JSON.parse(config), a, b, { step: 0, weight: 1 }, options);
    },
    async discriminatorsOf(
      /** @type {(at: number, length: number) => Promise<Uint8Array>} */ read,
      /** @type {number} */ length,
    ) {
      const { state } = JSON.parse(new TextDecoder().decode(await read(0, length)));
      return new TextEncoder().encode(`judges ${state.step}`);
    },
    async resumeTrainingFrom(
      /** @type {(at: number, length: number) => Promise<Uint8Array>} */ read,
      /** @type {number} */ length,
      /** @type {number} */ a,
      /** @type {number} */ b,
    ) {
      const bytes = await read(0, length);
      try {
        const { config, state } = JSON.parse(new TextDecoder().decode(bytes));
        return new FakeTraining(config, a, b, state, options);
      } catch (error) {
        throw new CodedError('checkpoint-damaged', String(error));
      }
    },
  };
}

/** Answers as `www/engine-worker.js` does. */
class FakeWorker extends EventTarget {
  ended = false;
  dead = false;
  /** @type {string[]} */
  asked = [];
  /** @type {import('../../../www/engine/lease.js').Lease | null} */
  lease = null;

  /** @param {any} options */
  constructor(options) {
    super();
    this.options = options;
    this.trainer = new Trainer({
      decode: async (file) => {
        if (options.trouble?.unplugged) throw new CodedError('file-gone', 'as told');
        const text = await file.text();
        options.onDecode?.(text);
        if (text === 'damaged') throw new CodedError('image-unreadable', 'as told');
        if (text === 'gone') throw new DOMException('as told', 'NotFoundError');
        const level = Number(text.replace('picture ', ''));
        return { data: Uint8Array.of(level, 0, 0, 255), width: 1, height: 1 };
      },
      encode: async (rgba) => new Blob([`picture ${rgba[0]}`]),
      now: () => 0, // how long a save takes here must not decide when the next is due
      panic: () => {
        throw new WebAssembly.RuntimeError('unreachable');
      },
      storage: async () => {
        if (!options.root) throw new DOMException('switched off', 'SecurityError');
        return options.root;
      },
      hold: async (run) => {
        this.lease = await holdRun(run, options.locks, new AbortController().signal);
        return this.lease;
      },
    });
    this.last = Promise.resolve();
    setImmediate(() => this.say({ ready: true }));
  }

  /** @param {any} data */
  say(data) {
    if (!this.ended) this.dispatchEvent(new MessageEvent('message', { data }));
  }

  /** @param {any} request */
  postMessage(request) {
    const data = structuredClone(request);
    this.asked.push(data.do);
    this.last = this.last.then(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.ended) return;
      try {
        this.say({ id: data.id, value: await this.#perform(data) });
      } catch (error) {
        const died = error instanceof WebAssembly.RuntimeError;
        const failure = died ? { code: 'engine-died', detail: error.message } : failureOf(error);
        this.say({ id: data.id, failure });
      }
    });
  }

  /** @param {any} data */
  async #perform(data) {
    await this.options.onRequest?.(data, this);
    if (data.do === 'open') return { ...CPU, ...this.options.device };
    if (data.do === 'paint') return new Blob([String(data.seed % 250)]);
    return this.trainer.perform(data.do, data, () => /** @type {any} */ (fakeEngine(this.options)));
  }

  /** As in a browser, what is running goes on for a moment. */
  terminate() {
    this.ended = true;
    this.last.then(() => this.lease?.release());
  }
}

/**
 * @param {any} options `root`: the storage; `device`: of the report; `onRequest(request)`,
 *   `onSteps(n, training)`, `onStart(config)`: may throw
 */
export function fakeClient(options) {
  /** @type {FakeWorker[]} */
  const workers = [];
  const client = new EngineClient(() => {
    workers.push(new FakeWorker(options));
    return /** @type {any} */ (workers.at(-1));
  }, 'auto');
  return { client, workers };
}
