/**
 * One run and its engine: makes it, drives it call by call, saves it, and brings it back from its last
 * checkpoint when the engine had to be replaced. What is done when something fails is the session's to
 * decide: every method rejects with the failure.
 */
import { isSlow } from '../../page/support.js';
import { Copies, isStored } from '../keep/copies.js';
import { History, kindOf } from '../keep/history.js';
import { learnOnOf, ratesConfig } from '../plan/config.js';
import { costOf, polishCostOf, warmUpCostOf, workOf } from '../plan/cost.js';
import { previewsOf } from '../plan/settings.js';
import { Forecast, Pace } from './forecast.js';
import { Previews } from './previews.js';
import { Saver } from './saver.js';
import { Scorer } from './scorer.js';

/** @import { Domain } from '../gather/domains.js' */
/** @import { PreviewSet, RunRecord, TrainPhotos, Which } from '../keep/record.js' */
/** @import { Rates } from '../plan/types.js' */
/** @import { TrainFrom, TrainReport, TrainSteps } from '../worker/protocol.js' */

/**
 * @typedef {object} Parts
 * @property {Pick<import('../../engine/client.js').EngineClient, 'request' | 'open'>} engine
 * @property {import('../../page/host.js').Host} host
 * @property {import('./faults.js').Faults} faults
 * @property {import('../../engine/lease.js').Lease} lease the right to train, which is the run's until it is off the page
 * @property {RunRecord} record of which `step` and what follows from it is brought up to date here
 * @property {TrainFrom} from where it began
 * @property {TrainPhotos['photos']} photos
 * @property {TrainPhotos['previews']} previews
 * @property {number | null} [expected] seconds of a whole step, from a calibration
 * @property {History} [history]
 * @property {PreviewSet[]} [pictures]
 * @property {Record<Domain, Blob> | null} [best] the best weights so far, which are on the disk
 * @property {(bytes: number) => Promise<void>} makeRoom on the disk, where that is possible
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
  /** Photos that were said to be left out. @type {Set<string>} */
  #told = new Set();
  /** Rates that the last checkpoint does not have. @type {Rates | null} */
  #rates = null;
  #scorer;
  #copies;
  /** The best weights that were scored. @type {Record<Domain, Blob> | null} */
  #best;

  /** @param {Parts} parts */
  constructor(parts) {
    this.record = parts.record;
    this.lease = parts.lease;
    this.history = parts.history ?? new History();
    this.#engine = parts.engine;
    this.#host = parts.host;
    this.#faults = parts.faults;
    this.#from = parts.from;
    this.#photos = parts.photos;
    this.#toPreview = parts.previews;
    this.#forecast = new Forecast(parts.expected ?? null);
    this.#onChange = parts.onChange;
    this.#onTell = parts.onTell;
    const { previews, best } = this.record;
    this.previews = new Previews(previews, parts.pictures ?? [], best?.step);
    this.#scorer = new Scorer(parts.host, parts.engine, this.#given, parts.onTell);
    this.saver = new Saver(parts.host, parts.engine, parts.onTell);
    this.#best = parts.best ?? null;
    this.saver.foundBest(this.#best);
    const { host, engine, onTell, onChange, makeRoom } = parts;
    this.#copies = new Copies(host, engine, onTell, this.#skipped, onChange, makeRoom);
    /** What would help after the numbers left the finite ones. @type {Rates | null} */
    this.proposal = null;
    /** The weights, once the run is over. @type {Record<Domain, Blob> | null} */
    this.result = null;
  }

  /** Whether all steps are done. */
  get over() {
    return this.#report?.over ?? false;
  }

  /** Steps done. */
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

  /** Steps that no checkpoint has. */
  get unsaved() {
    return this.step - (this.saver.saved?.step ?? 0);
  }

  /** Whether leaving the page would lose more than the steps since the last checkpoint. */
  get wouldLose() {
    if (this.result) return this.saver.resultKept === 'memory';
    return this.step > 0 && this.saver.saved?.kept !== 'disk';
  }

  /** The device of the engine is another than the one that the run was on. @returns {Promise<string | null>} which */
  async #otherDevice() {
    const { device, fallback } = await this.#engine.open();
    const slow = isSlow({ device, fallback });
    if (this.#pace?.one !== slow) this.#pace = new Pace(slow);
    return device === this.record.device ? null : device;
  }

  /** Makes the networks. */
  async begin() {
    await this.#otherDevice();
    await this.#open(this.#from);
  }

  /** Stores copies of the photos, where there is room, and the first checkpoint. */
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
   * Goes back to the last checkpoint, in an engine that knows nothing of the run.
   * @returns {Promise<{ otherDevice: string | null }>}
   */
  async restore() {
    const otherDevice = await this.#otherDevice();
    await this.#open(this.saver.last ?? this.#from);
    this.previews.forgetAfter(this.step);
    this.record.scores = this.record.scores.filter(({ step }) => step <= this.step);
    if (this.#rates) await this.change(this.#rates);
    return { otherDevice };
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
   * One call of the engine, and what is due around it: previews, scores, a checkpoint.
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

  /** The last step before the polish. */
  get #polishedFrom() {
    return this.record.total - (this.record.polish ?? 0);
  }

  /** Of the steps that come next: no call does two kinds. @returns {import('../keep/history.js').StepKind} */
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

  /** Tells once that a photo is left out. @type {(domain: Domain, name: string, code: string) => void} */
  #skipped = (domain, name, code) => {
    if (this.#told.has(domain + name)) return;
    this.#told.add(domain + name);
    this.#onTell('photo-skipped', { domain, name, code }, 'warning');
  };

  /** The previews of this step, unless they are there or not due; and the scores. */
  async look({ always = false } = {}) {
    // What the polish begins with is seen and scored beside what comes of it.
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

  /** What the generators are worth now; the best are kept. */
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

  /** Writes a checkpoint. One that cannot be written to disk is kept in memory. */
  async save() {
    this.record.modified = this.#host.date();
    await this.saver.save(this.record, this.history, this.previews, this.#best);
    this.#rates = null;
    this.#onChange();
  }

  /**
   * Keeps the weights, and with them all that is known of the run.
   * @param {boolean} stopped before its end
   */
  async finish(stopped) {
    await this.look({ always: true });
    this.record.state = stopped ? 'stopped' : 'finished';
    this.record.modified = this.#host.date();
    const { record, history, previews } = this;
    this.result = await this.saver.finish(record, history, previews, this.#best);
    // Files of their own are gone by now, so that they are stored anew if it learns on.
    if (record.best?.step === this.step) this.#best = this.result;
    this.#onChange();
  }

  /**
   * Goes on, in an engine that knows nothing of the run, behind its end.
   *
   * @param {{ steps: number, lr: number | null }} how
   */
  async learnOn({ steps, lr }) {
    const { otherDevice } = await this.restore();
    this.#take(await this.#engine.request('train-learn-on', { steps, lr }));
    const { settings, config } = this.record;
    this.record.settings = { ...settings, lr: JSON.parse(config).lr };
    if (otherDevice) this.record.device = /** @type {RunRecord['device']} */ (otherDevice);
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

  /** Whether it can learn on: what had no room for its last checkpoint has lost the copies of its photos too. */
  get #goesOn() {
    return this.saver.last?.kind === 'stored' || !isStored(this.record);
  }

  /** Time for saving and scores, as a part of that for steps. @param {number} trained seconds in all */
  #beside(trained) {
    return this.saver.share + this.#scorer.share(trained, this.#pace?.one ?? true);
  }

  /** The run under way, or the one that has just ended. */
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
      /** Passes through the larger folder in all, the last of which may be cut short. */
      epochs: this.record.epochs ?? Math.ceil(total / pass),
      /** 0 to 1. */
      fraction: total > 0 ? step / total : 0,
      /** Learning rate of the last step. */
      rate: known ? Number(this.history.at(step, 'rate').toPrecision(6)) : settings.lr,
      /** The last step taught the discriminators alone. */
      warmingUp: this.#warmingUp,
      warmUp: this.record.warmUp,
      /** The last step was one of polish: each generator learns to do without its grid. */
      polishing: this.#polishing,
      /** Steps of polish at the end, which `total` counts. */
      polish: this.record.polish ?? 0,
      /** Seconds of a step lately, of the kind that is being done; null until known. */
      secondsPerStep: this.#forecast.each(this.#kind),
      /** Seconds until the end, with previews, scores and saving; null until known. */
      secondsLeft: this.#forecast.left(this.record, (trained) => this.#beside(trained)),
      /** Seconds spent in steps, over all sittings. */
      secondsTrained: seconds,
      history: this.history,
      settings,
      saved: this.saver.saved,
      /** Photos of which small copies have been stored, of how many; null: none are being. */
      copying: this.#copies.progress,
      previews: this.previews.sets,
      scores,
      /** Scores are being computed: of what the run starts from, or of what it has come to. */
      scoring: this.#scorer.busy,
      /** The best that was scored, which may be what it started from; null: nothing was. */
      best: best ? { step: best.step, pictures: this.previews.best?.pictures ?? [] } : null,
      /** It does not start from scratch. */
      given: this.#given,
      /** Rates that would help after `training-not-finite`; null otherwise. */
      proposal: this.proposal,
      /** The run was stopped before its end. */
      stopped: this.record.state === 'stopped',
      /** Where the weights of a run that is over are; `memory`: until the page is closed. Null: not over. */
      kept: this.result && this.saver.resultKept,
      /** Of a run that is over what is proposed for going on; null: what that takes is not kept. */
      learnOn: this.result && this.#goesOn ? learnOnOf(this.record) : null,
    };
  }
}
