/**
 * One run and its engine: creates it, drives it call by call, saves it, and restores it from its last
 * checkpoint when the engine was replaced. The session decides what to do about failures: every method
 * rejects with them.
 */
import { isSlow } from '../../page/support.js';
import { Copies, isStored } from '../keep/copies.js';
import { History, kindOf } from '../keep/history.js';
import { learnOnProposal, ratesConfig } from '../plan/config.js';
import { costOf, polishCostOf, warmUpCostOf, workOf } from '../plan/cost.js';
import { previewsOf } from '../plan/settings.js';
import { Forecast, Pace } from './forecast.js';
import { Previews } from './previews.js';
import { Saver } from './saver.js';
import { Scorer } from './scorer.js';

/** @import { Domain } from '../gather/domains.js' */
/** @import { PreviewSet, RunRecord, TrainPhotos, Which } from '../keep/record.js' */
/** @import { Rates } from '../plan/types.js' */
/** @import { TrainReport } from '../../pkg/cyclegan_web.js' */
/** @import { TrainFrom, TrainSteps } from '../worker/protocol.js' */

/**
 * @typedef {object} Parts
 * @property {Pick<import('../../engine/client.js').EngineClient, 'request' | 'open'>} engine
 * @property {import('../../page/host.js').Host} host
 * @property {import('./faults.js').Faults} faults
 * @property {import('../../engine/lease.js').Lease} lease the right to train, which the run holds until it is
 *   taken off the page
 * @property {RunRecord} record whose `step` and related fields are updated here
 * @property {TrainFrom} from where it started
 * @property {TrainPhotos['photos']} photos
 * @property {TrainPhotos['previews']} previews
 * @property {number | null} [expected] seconds of a whole step, from a calibration
 * @property {History} [history]
 * @property {PreviewSet[]} [pictures]
 * @property {Record<Domain, Blob> | null} [best] the best weights so far, which are on the disk
 * @property {(bytes: number) => Promise<void>} makeRoom on the disk, if possible
 * @property {() => void} onChange
 * @property {import('../../page/notices.js').Tell} onTell
 */

/** @typedef {ReturnType<TrainRun['view']>} RunView */

export class TrainRun {
  #engine;
  #host;
  #faults;
  #from;
  #photos;
  #toPreview;
  #forecast;
  #onChange;
  #onTell;
  /** @type {Pace | null} */
  #pace = null;
  /** @type {TrainReport | null} */
  #report = null;
  #warmingUp = false;
  #polishing = false;
  /** Photos that were reported as left out. @type {Set<string>} */
  #told = new Set();
  /** Rates that are not in the last checkpoint. @type {Rates | null} */
  #rates = null;
  #scorer;
  #copies;
  /** The weights with the best scores. @type {Record<Domain, Blob> | null} */
  #best;

  /** @param {Parts} parts */
  constructor(parts) {
    this.record = parts.record;
    this.lease = parts.lease;
    this.history = parts.history ?? new History();
    const { host, engine, onTell, onChange, makeRoom } = parts;
    this.#engine = engine;
    this.#host = host;
    this.#faults = parts.faults;
    this.#from = parts.from;
    this.#photos = parts.photos;
    this.#toPreview = parts.previews;
    this.#forecast = new Forecast(parts.expected ?? null);
    this.#onChange = onChange;
    this.#onTell = onTell;
    const { previews, best } = this.record;
    this.previews = new Previews(previews, parts.pictures ?? [], best?.step);
    this.#scorer = new Scorer(host, engine, this.#given, onTell);
    this.saver = new Saver(host, engine, onTell);
    this.#best = parts.best ?? null;
    this.saver.foundBest(this.#best);
    this.#copies = new Copies(host, engine, onTell, this.#skipped, onChange, makeRoom);
    /** Proposed rates after numbers became NaN or infinite. @type {Rates | null} */
    this.proposal = null;
    /** The weights, once the run is over. @type {Record<Domain, Blob> | null} */
    this.result = null;
  }

  /** Whether all steps are done. */
  get over() {
    return this.#report?.over ?? false;
  }

  /** Completed steps. */
  get step() {
    return this.record.step;
  }

  get #shown() {
    return previewsOf(this.record.settings, this.#pace?.one ?? true);
  }

  /** Whether it does not start from scratch. */
  get #given() {
    return this.record.start.kind !== 'scratch';
  }

  /** Steps since the last checkpoint. */
  get unsaved() {
    return this.step - (this.saver.saved?.step ?? 0);
  }

  /** Whether leaving the page would lose more than the steps since the last checkpoint. */
  get wouldLose() {
    if (this.result) return this.saver.resultKept === 'memory';
    return this.step > 0 && this.saver.saved?.kept !== 'disk';
  }

  /** The engine's device, if it differs from the run's. */
  async #otherDevice() {
    const { device, fallback } = await this.#engine.open();
    const slow = isSlow({ device, fallback });
    if (this.#pace?.one !== slow) this.#pace = new Pace(slow);
    return device === this.record.device ? null : device;
  }

  /** Creates the networks. */
  async begin() {
    await this.#otherDevice();
    await this.#open(this.#from);
  }

  /** Stores copies of the photos, if there is room, and the first checkpoint. */
  async secure() {
    const { photos, previews } = await this.#copies.keep(
      this.record,
      { photos: this.#photos, previews: this.#toPreview },
      this.#shown.side,
    );
    this.#photos = photos;
    this.#toPreview = previews;
    await this.#engine.request('train-photos', { photos });
    await this.save();
  }

  /**
   * Goes back to the last checkpoint, in an engine that does not have the run.
   * @returns {Promise<RunRecord['device'] | null>} the engine's device, if it differs from the run's
   */
  async restore() {
    const otherDevice = await this.#otherDevice();
    await this.#open(this.saver.last ?? this.#from);
    this.previews.forgetAfter(this.step);
    this.record.scores = this.record.scores.filter(({ step }) => step <= this.step);
    if (this.#rates) await this.change(this.#rates);
    return otherDevice;
  }

  /** @param {TrainFrom} from */
  async #open(from) {
    const { record } = this;
    const started = await this.#engine.request('train-start', {
      run: record.id,
      from,
      photos: this.#photos,
      previews: this.#toPreview,
      previewSide: this.#shown.side,
    });
    if (started.older) this.#onTell('checkpoint-older', { step: started.report.step }, 'warning');
    this.previews.available = started.previews;
    this.#take(started.report);
    this.history.truncate(this.step);
    this.history.pad(this.step);
    this.#pace?.restarted();
    const size = workOf(record.config);
    const whole = costOf(size);
    this.#forecast.restarted(warmUpCostOf(size) / whole, polishCostOf(size) / whole);
    this.#scorer.restarted();
    this.#onChange();
  }

  /** @param {TrainReport} report */
  #take(report) {
    this.#report = report;
    const { over, ...known } = report;
    Object.assign(this.record, known);
  }

  /**
   * One call of the engine, and the work due around it: previews, scores, a checkpoint.
   * @param {number} [most] steps
   */
  async advance(most = Number.POSITIVE_INFINITY) {
    await this.look();
    for (const { kind, step } of this.#faults.take(this.step)) {
      await this.#engine.request('train-fault', { kind, step });
      if (kind === 'quota') this.saver.want();
    }
    const every = this.record.settings.previewEvery;
    const ahead = [this.record.warmUp, this.#polishedFrom].map((step) => step - this.step);
    const wanted = Math.min(
      most,
      this.#pace?.steps ?? 1,
      every - (this.step % every),
      ...ahead.filter((steps) => steps > 0),
    );
    const steps = Math.max(1, this.#faults.limit(this.step, wanted));
    const started = this.#host.now();
    const done = await this.#engine.request('train-steps', { steps });
    const seconds = (this.#host.now() - started) / 1000;
    this.#pace?.measured(done.steps.length, seconds);
    this.#forecast.stepped(this.#kind, done.steps.length, seconds);
    this.#absorb(done);
    if (this.saver.due()) await this.save();
  }

  /** The last step before polishing. */
  get #polishedFrom() {
    return this.record.total - (this.record.polish ?? 0);
  }

  /** The kind of the next steps: no call mixes two kinds. @returns {import('../keep/history.js').StepKind} */
  get #kind() {
    if (this.step < this.record.warmUp) return 'warmUp';
    return this.step < this.#polishedFrom ? 'full' : 'polish';
  }

  /** @param {TrainSteps} done */
  #absorb(done) {
    for (const report of done.steps) {
      const seconds = this.#forecast.awake(kindOf(report), report.seconds);
      this.history.push({ ...report, seconds });
      this.record.seconds += seconds;
      this.#warmingUp = report.warmingUp;
      this.#polishing = report.polishing;
    }
    for (const { domain, index, code } of done.excluded) {
      const { name = '' } = this.record.photos[domain][index] ?? {};
      this.#skipped(domain, name, code);
    }
    this.#take(done.report);
    if (this.step === this.record.warmUp || this.step === this.#polishedFrom) {
      this.#pace?.restarted();
    }
    this.#onChange();
  }

  /** Reports once that a photo is left out. @type {(domain: Domain, name: string, code: string) => void} */
  #skipped = (domain, name, code) => {
    if (this.#told.has(domain + name)) return;
    this.#told.add(domain + name);
    this.#onTell('photo-skipped', { domain, name, code }, 'warning');
  };

  /** The previews of this step, if due and not there yet; and the scores. */
  async look({ always = false } = {}) {
    // The start of polishing is previewed and scored, to compare with its result.
    const turns = this.step > 0 && this.step === this.#polishedFrom && !this.over;
    const due = always || turns || this.step % this.record.settings.previewEvery === 0;
    if (!due) return;
    if (this.previews.latest?.step !== this.step) {
      const started = this.#host.now();
      await this.previews.look(this.#engine, this.step, this.#shown.photos);
      this.#forecast.looked((this.#host.now() - started) / 1000);
      this.#onChange();
    }
    const { seconds, scores } = this.record;
    if (scores.at(-1)?.step === this.step || (this.step === 0 && !this.#given)) return;
    const slow = this.#pace?.one ?? true;
    if (!this.#scorer.due(seconds, { slow, over: this.over || turns, stopping: always })) return;
    await this.#score();
  }

  /** Scores the current generators; the best are kept. */
  async #score() {
    const { record } = this;
    const computing = this.#scorer.compute(record.seconds, record.best ?? null);
    this.#onChange();
    const found = await computing.finally(() => this.#onChange());
    if (!found) return;
    const { best, ...scores } = found;
    const latest = { step: this.step, ...scores };
    record.scores = [...record.scores, latest];
    if (best) {
      record.best = latest;
      this.#best = best;
      this.previews.keep(this.step);
    }
    this.#onChange();
  }

  /** Writes a checkpoint. If it cannot be written to disk, it is kept in memory. */
  async save() {
    this.record.modified = this.#host.date();
    await this.saver.save(this.record, this.history, this.previews, this.#best);
    this.#rates = null;
    this.#onChange();
  }

  /**
   * Stores the weights, and with them everything known about the run.
   * @param {boolean} stopped before its end
   */
  async finish(stopped) {
    await this.look({ always: true });
    this.record.state = stopped ? 'stopped' : 'finished';
    this.record.modified = this.#host.date();
    const { record, history, previews } = this;
    this.result = await this.saver.finish(record, history, previews, this.#best);
    // Its own files are gone by now, so they are stored again if it learns on.
    if (record.best?.step === this.step) this.#best = this.result;
    this.#onChange();
  }

  /**
   * Continues after its end, in an engine that does not have the run.
   * @param {{ steps: number, lr: number | null }} how
   */
  async learnOn({ steps, lr }) {
    const otherDevice = await this.restore();
    this.#take(await this.#engine.request('train-learn-on', { steps, lr }));
    const { settings, config } = this.record;
    this.record.settings = { ...settings, lr: JSON.parse(config).lr };
    if (otherDevice) this.record.device = otherDevice;
    this.record.state = 'running';
    await this.save();
    this.result = null;
  }

  /** @param {Rates} rates */
  async change(rates) {
    await this.#engine.request('train-change', { config: JSON.stringify(ratesConfig(rates)) });
    this.#rates = rates;
    this.proposal = null;
    const { settings } = this.record;
    this.record.settings = { ...settings, ...rates };
    this.#onChange();
  }

  /** @param {Domain} direction @param {Which} which @returns {Promise<Blob>} */
  async weights(direction, which) {
    const best = which === 'best' && this.#best?.[direction];
    return (
      best || (this.result?.[direction] ?? this.#engine.request('train-weights', { direction }))
    );
  }

  /** The latest previews. */
  async pictures() {
    return this.view().previews.at(-1)?.pictures ?? [];
  }

  /** Whether it can learn on: without room for the last checkpoint, the copies of its photos are gone too. */
  get #goesOn() {
    return this.saver.last?.kind === 'stored' || !isStored(this.record);
  }

  /** Time for saving and scores, as a share of that for steps. @param {number} trained seconds in all */
  #beside(trained) {
    return this.saver.share + this.#scorer.share(trained, this.#pace?.one ?? true);
  }

  /** The current run, or the one that has just ended. */
  view() {
    const { id, names, step, total, epoch, settings, seconds, scores, best, photos } = this.record;
    const pass = Math.max(photos.A.length, photos.B.length, 1);
    const known = step > 0 && this.history.length >= step;
    return {
      id,
      names,
      step,
      total,
      epoch,
      /** Passes through the larger folder in all; the last may be incomplete. */
      epochs: this.record.epochs ?? Math.ceil(total / pass),
      /** 0 to 1. */
      fraction: total > 0 ? step / total : 0,
      /** Learning rate of the last step. */
      rate: known ? Number(this.history.at(step, 'rate').toPrecision(6)) : settings.lr,
      /** The last step trained only the discriminators. */
      warmingUp: this.#warmingUp,
      warmUp: this.record.warmUp,
      /** The last step was a polishing step, in which each generator learns to avoid its grid. */
      polishing: this.#polishing,
      /** Polishing steps at the end, included in `total`. */
      polish: this.record.polish ?? 0,
      /** Recent seconds per step of the current kind; null until known. */
      secondsPerStep: this.#forecast.each(this.#kind),
      /** Seconds until the end, including previews, scores and saving; null until known. */
      secondsLeft: this.#forecast.left(this.record, (trained) => this.#beside(trained)),
      /** Seconds spent in steps, across all sessions. */
      secondsTrained: seconds,
      history: this.history,
      settings,
      saved: this.saver.saved,
      /** How many photos have been copied to storage, of how many; null: none are being copied. */
      copying: this.#copies.progress,
      previews: this.previews.sets,
      scores,
      /** Scores are being computed, of the initial or the current weights. */
      scoring: this.#scorer.busy,
      /** The best scores, which may be those of the initial weights; null: nothing was scored. */
      best: best ? { step: best.step, pictures: this.previews.best?.pictures ?? [] } : null,
      /** It does not start from scratch. */
      given: this.#given,
      /** Proposed rates after `training-not-finite`; null otherwise. */
      proposal: this.proposal,
      /** The run was stopped before its end. */
      stopped: this.record.state === 'stopped',
      /** Where the weights of a finished run are; `memory`: until the page is closed. Null: not over. */
      kept: this.result && this.saver.resultKept,
      /** The proposal for continuing a finished run; null: the necessary files are not kept. */
      learnOn: this.result && this.#goesOn ? learnOnProposal(this.record) : null,
    };
  }
}
