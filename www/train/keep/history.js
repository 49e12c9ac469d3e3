/**
 * The numbers of every step of a run, as one block that is saved with each checkpoint, and the data drawn
 * from it. Row `i` belongs to step `i + 1`. A loss that was not computed, such as those of the generators
 * during warm-up, is NaN.
 *
 * Polishing steps compute no losses. In their rows, the first two columns hold each generator's distance from
 * its mean over four shifts.
 */

/** @import { Losses } from '../../pkg/cyclegan_web.js' */
/** @import { LossName } from './record.js' */

/**
 * The losses of the run, reduced to a number of points: each stands for `span` steps, the last for the rest.
 * NaN: not computed.
 * @typedef {object} Chart
 * @property {number[]} steps last step of each point
 * @property {number} span
 * @property {Record<LossName, number[]>} mean
 * @property {Record<LossName, number[]>} least
 * @property {Record<LossName, number[]>} most
 */

/** In the order of the engine. */
export const LOSS_NAMES = /** @satisfies {readonly (keyof Losses)[]} */ (
  /** @type {const} */ (['D_A', 'G_A', 'cycle_A', 'idt_A', 'D_B', 'G_B', 'cycle_B', 'idt_B'])
);
/** The columns of a row: these, then the losses. */
const FIELDS = /** @type {const} */ (['epoch', 'rate', 'seconds', 'warmingUp']);
/** Values of the last of these columns, by the kind of step. */
const KINDS = { full: 0, warmUp: 1, polish: 2 };
/** @typedef {keyof typeof KINDS} StepKind */
const POLISH_NAMES = /** @type {const} */ (['polish_A', 'polish_B']);
const WIDTH = FIELDS.length + LOSS_NAMES.length;
/** Significant digits of a 32-bit float, for JSON. */
const DIGITS = 7;

export class History {
  #rows = new Float32Array(WIDTH * 256);
  #length = 0;

  /** Steps. */
  get length() {
    return this.#length;
  }

  /**
   * Adds a step. If it exists already, because the run went back, it and all later ones are replaced.
   * @param {import('./record.js').StepReport} report
   */
  push(report) {
    this.truncate(report.step - 1);
    const kind = kindOf(report);
    const computed = (/** @type {LossName} */ name) => kind === 'full' || name.startsWith('D_');
    const numbers = report.polish
      ? [report.polish.A, report.polish.B]
      : LOSS_NAMES.map((name) => (computed(name) ? report.losses[name] : Number.NaN));
    this.#append([report.epoch, report.rate, report.seconds, KINDS[kind], ...numbers]);
  }

  /** @param {number[]} row */
  #append(row) {
    const at = this.#length * WIDTH;
    if (at + WIDTH > this.#rows.length) {
      const larger = new Float32Array(this.#rows.length * 2);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    this.#rows.set(row, at);
    this.#length += 1;
  }

  /** Forgets all later steps. @param {number} steps */
  truncate(steps) {
    this.#length = Math.max(0, Math.min(this.#length, steps));
  }

  /** Fills lost steps with unknown values, so that later ones have their places. @param {number} steps */
  pad(steps) {
    const unknown = LOSS_NAMES.map(() => Number.NaN);
    while (this.#length < steps) this.#append([0, Number.NaN, 0, KINDS.full, ...unknown]);
  }

  /** For writing to a file. @returns {ArrayBuffer} a copy */
  bytes() {
    return this.#rows.slice(0, this.#length * WIDTH).buffer;
  }

  /**
   * Reads the result of {@link bytes}; an incomplete row is dropped.
   * @param {ArrayBuffer} bytes
   * @returns {History}
   */
  static from(bytes) {
    const history = new History();
    history.#length = Math.floor(bytes.byteLength / 4 / WIDTH);
    const rows = new Float32Array(bytes, 0, history.#length * WIDTH);
    history.#rows = new Float32Array(Math.max(rows.length, WIDTH));
    history.#rows.set(rows);
    return history;
  }

  /** @param {number} step from 1 @param {typeof COLUMNS[number]} name @returns {number} */
  at(step, name) {
    const row = (step - 1) * WIDTH;
    const kind = this.#rows[row + FIELDS.length - 1];
    if (name === 'warmingUp') return kind === KINDS.warmUp ? 1 : 0;
    /** @type {readonly string[]} */
    const names = [...FIELDS, ...(kind === KINDS.polish ? POLISH_NAMES : LOSS_NAMES)];
    const place = names.indexOf(name);
    return place >= 0 ? this.#rows[row + place] : Number.NaN;
  }

  /**
   * Reduces the losses to few points. The number of steps per point doubles as the run grows, so that the
   * drawn part keeps its shape.
   * @param {number} points at most
   * @returns {Chart}
   */
  chart(points) {
    let span = 1;
    while (Math.ceil(this.#length / span) > points) span *= 2;
    const count = Math.ceil(this.#length / span);
    const steps = Array.from({ length: count }, (_, i) => Math.min((i + 1) * span, this.#length));
    /** @type {Chart} */
    const chart = { steps, span, mean: perLoss(), least: perLoss(), most: perLoss() };
    for (const name of LOSS_NAMES) {
      for (const last of steps) this.#summarise(chart, name, last - ((last - 1) % span), last);
    }
    return chart;
  }

  /** @param {Chart} chart @param {LossName} name @param {number} from @param {number} to steps, both included */
  #summarise(chart, name, from, to) {
    let sum = 0;
    let count = 0;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let step = from; step <= to; step += 1) {
      const value = this.at(step, name);
      if (Number.isNaN(value)) continue;
      sum += value;
      count += 1;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    chart.mean[name].push(sum / count);
    chart.least[name].push(count ? least : Number.NaN);
    chart.most[name].push(count ? most : Number.NaN);
  }

  /** Every step, column by column; null: not computed. @returns {Record<string, (number | null)[]>} */
  toJSON() {
    return Object.fromEntries(
      COLUMNS.map((name) => [
        name,
        Array.from({ length: this.#length }, (_, i) => {
          const value = this.at(i + 1, name);
          return Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : null;
        }),
      ]),
    );
  }
}

const COLUMNS = /** @type {const} */ ([...FIELDS, ...LOSS_NAMES, ...POLISH_NAMES]);

/** @param {{ warmingUp: boolean, polishing: boolean }} step @returns {StepKind} */
export function kindOf({ warmingUp, polishing }) {
  if (polishing) return 'polish';
  return warmingUp ? 'warmUp' : 'full';
}

/** @returns {Record<LossName, number[]>} */
function perLoss() {
  return /** @type {any} */ (Object.fromEntries(LOSS_NAMES.map((name) => [name, []])));
}
