/**
 * The Train view's one object: folders, settings, the run, what is stored. What it says and does is
 * described in `types.d.ts`.
 */
import { failureOf } from '../failure.js';
import { Host } from '../page/host.js';
import { Notices } from '../page/notices.js';
import { Exports } from './keep/exports.js';
import { Library } from './keep/library.js';
import { StoredRuns } from './keep/stored-runs.js';
import { proposalOf } from './plan/learn-on.js';
import { Preparation } from './plan/preparation.js';
import { settingProblems } from './plan/settings.js';
import { Calibrator } from './run/calibrator.js';
import { Driver } from './run/driver.js';
import { Faults, faultsOf } from './run/faults.js';
import { completed, prepare } from './run/prepare.js';
import { Presence } from './run/presence.js';
import { Restarts } from './run/restarts.js';
import { TrainRun } from './run/run.js';
import { snapshotOf } from './snapshot.js';

/** @import { Lease } from '../engine/lease.js' */
/** @import { Tell } from '../page/notices.js' */
/** @import { Domain } from './gather/domains.js' */
/** @import { Parts } from './run/run.js' */
/** @import { Preset, Rates, SessionOptions, Settings, StartChoice, State, TrainSessionApi, Which } from './types.js' */

/** Notices of what to do next, which are out of date as soon as the run goes on. */
const ADVICE = [
  'training-not-finite',
  'training-keeps-dying',
  'device-changed',
  'photos-gone',
  'dataset-empty',
];

/** @implements {TrainSessionApi} */
export class TrainSession extends EventTarget {
  #engine;
  #host;
  #faults;
  #stored;
  #exports;
  #restarts;
  /** The run that is being prepared. */
  #next;
  #notices = new Notices(() => this.#changed());
  #tell = this.#notices.tell;
  /** What is being done; null: a run is prepared. @type {State | null} */
  #doing = null;
  /** @type {TrainRun | null} */
  #run = null;
  /** @type {Driver | null} */
  #driver = null;
  /** Ends what can be ended at once. @type {AbortController | null} */
  #abort = null;
  #library;
  #presence;

  /** @param {SessionOptions} options */
  constructor({ engine, source, query = new URLSearchParams(), host = new Host() }) {
    super();
    this.#engine = engine;
    this.#host = host;
    this.#faults = new Faults(faultsOf(query), host.tab);
    this.#stored = new StoredRuns(host);
    this.#exports = new Exports(this.#stored);
    this.#library = new Library(host, this.#stored, this.#tell);
    this.#restarts = new Restarts(() => host.now());
    this.#next = new Preparation({
      engine,
      source,
      stored: this.#stored,
      host,
      onChange: () => this.#changed(),
    });
    this.#presence = new Presence(host, {
      onHide: () => this.#onHide(),
      wouldLose: () => this.#wouldLose(),
      onHeld: (held) => this.#onHeld(held),
    });
  }

  async open() {
    const lease = await this.#presence.claim();
    if (!lease) return this.#refresh(); // what is over can be used while another tab trains
    await this.#refresh({ sweep: true });
    lease.release();
  }

  get snapshot() {
    return snapshotOf({
      doing: this.#doing,
      next: this.#next,
      run: this.#run,
      library: this.#library,
      held: this.#presence.held,
      notices: this.#notices.all,
    });
  }

  get #can() {
    return this.snapshot.can;
  }

  /** @param {import('../engine/protocol.js').DeviceReport} device of another engine in this page */
  knowDevice(device) {
    this.#next.device ??= device;
    this.#changed();
  }

  // What a run is made of.

  /** @param {Domain} domain @param {import('./gather/folders.js').Given} photos */
  async setFolder(domain, photos) {
    if (!this.#can.edit) return;
    this.#abort?.abort(); // scenes that are being painted would replace it
    await this.#next.setFolder(domain, photos);
  }

  /** @param {Domain} domain @param {string} name */
  setName(domain, name) {
    this.#next.folders.rename(domain, name);
    this.#changed();
  }

  async useSamples() {
    if (!this.#can.edit) return;
    this.#abort?.abort();
    await this.#attempt('checking', async (signal) => {
      await this.#next.useSamples(signal);
      this.#do(null);
    });
  }

  /** @param {Preset} preset */
  usePreset(preset) {
    if (this.#can.edit) this.#next.usePreset(preset);
  }

  /** @param {Partial<Settings>} settings */
  set(settings) {
    if (this.#can.edit) this.#next.set(settings);
  }

  /** @param {StartChoice} choice */
  startFrom(choice) {
    if (this.#can.edit) this.#next.startFrom(choice);
  }

  applyProposal() {
    const proposal = this.#next.calibration?.proposal;
    if (proposal) this.set(proposal.settings);
  }

  // The run.

  async calibrate() {
    if (!this.#can.calibrate) return;
    this.#next.calibration = null;
    await this.#alone('calibrating', async (signal) => {
      const plan = await this.#next.plan(signal);
      const calibrator = new Calibrator(this.#engine, this.#host);
      const { calibration, failure } = await calibrator.measure(plan, signal);
      this.#next.calibration = calibration;
      if (failure) this.#tell(failure.code, failure.values, 'problem', failure.detail);
    });
    this.#engine.close(); // gives the device's memory back
    this.#do(null);
  }

  async start() {
    if (!this.#can.start) return;
    this.#notices.clear();
    const made = await this.#alone('starting', async (signal, lease) => {
      const expected = this.#next.calibration?.secondsPerStep ?? null;
      const parts = prepare(await this.#next.plan(signal));
      signal.throwIfAborted();
      const run = this.#runOf({ ...parts, expected, lease: lease.take() });
      this.#run = run;
      await run.begin();
      await run.secure();
      this.#askToKeep();
      return run;
    });
    if (made) await this.#drive();
    else await this.#throwAway();
  }

  /** Asks the browser not to remove what is stored. Some ask the person, and training does not wait for that. */
  async #askToKeep() {
    await this.#host.persist();
    await this.#library.weigh();
    this.#changed();
  }

  /** @param {Pick<Parts, 'record' | 'from' | 'photos' | 'previews' | 'expected' | 'history' | 'pictures' | 'best' | 'lease'>} parts */
  #runOf(parts) {
    return new TrainRun({
      ...parts,
      engine: this.#engine,
      host: this.#host,
      faults: this.#faults,
      makeRoom: (bytes) => this.#stored.makeRoom(bytes),
      onChange: () => this.#changed(),
      onTell: this.#tell,
    });
  }

  async pause() {
    if (!this.#can.pause) return;
    this.#driver?.halt('pause');
  }

  async resume() {
    if (!this.#can.resume) return;
    await this.#drive({ restore: this.#doing === 'failed' });
  }

  async step() {
    if (this.#can.step) await this.#drive({ steps: 1 });
  }

  async stop() {
    if (!this.#can.stop) return;
    if (this.#abort) this.#abort.abort();
    else if (this.#driver) this.#driver.halt('stop');
    else await this.#drive({ restore: this.#doing === 'failed', halt: 'stop' });
  }

  /** @param {{ steps: number, lr: number | null }} how @param {string} [id] of a stored run */
  async learnOn(how, id) {
    const over = this.#run;
    if (!this.#can.learnOn || (id === undefined) !== (over !== null)) return;
    this.#notices.clear();
    const run = await this.#alone('starting', async (signal, lease) => {
      const found = over ?? (await this.#goOn(id ?? '', signal, lease, { over: true }));
      if (found && over) over.lease = lease.take();
      await found?.learnOn(how);
      return found;
    });
    if (run) return this.#drive();
    // It is as it was, in its folder; or in memory alone, and then on the page.
    over?.lease.release();
    if (over?.saver.resultKept === 'memory') return this.#do('finished');
    this.#run?.lease.release();
    this.#forgetRun();
    await this.#refresh();
  }

  /** @param {number} steps */
  proposeLearnOn(steps) {
    return this.#run && proposalOf(this.#run.record, steps);
  }

  async discard() {
    if (!this.#can.discard) return;
    this.#notices.clear(); // they were about this run
    await this.#throwAway();
  }

  async #throwAway() {
    const run = this.#run;
    this.#forgetRun();
    if (run) await this.#erase(run.record.id);
    run?.lease.release(); // not before: another tab would find what is being removed
    await this.#refresh();
  }

  async close() {
    if (!this.#can.close) return;
    const run = this.#run;
    this.#notices.clear();
    this.#forgetRun();
    run?.lease.release();
    await this.#refresh();
  }

  /** @param {Partial<Rates>} rates */
  async changeRates(rates) {
    const run = this.#run;
    if (!run || !this.#can.changeRates) return;
    const { lr, lambdaCycle, lambdaIdentity } = run.record.settings;
    const wanted = { lr, lambdaCycle, lambdaIdentity, ...rates };
    // Of a run from an older page other settings may be missing.
    const problems = settingProblems({ ...run.record.settings, ...wanted });
    const problem = problems.find(({ field }) => field in wanted);
    if (problem) this.#tell(problem.code, problem.values, 'problem');
    else await run.change(wanted).catch((error) => this.#tellError(error));
  }

  /** @param {{ steps?: number, restore?: boolean, halt?: 'stop' }} [how] */
  async #drive({ steps, restore, halt } = {}) {
    const run = this.#run;
    if (!run || this.#driver) return;
    if (restore) this.#restarts.forget();
    for (const code of ADVICE) this.#notices.remove(code);
    const driver = new Driver(run, {
      restarts: this.#restarts,
      onDoing: (doing) => this.#do(doing),
      onTell: this.#tell,
    });
    this.#driver = driver;
    if (halt) driver.halt(halt);
    this.#presence.stayAwake(true);
    const end = await driver.go({ steps, restore });
    if (this.#driver !== driver) return; // discarded meanwhile
    this.#driver = null;
    this.#presence.stayAwake(false);
    if (end === 'finished') {
      this.#engine.close();
      await this.#refresh();
      if (this.#run !== run) return; // off the page meanwhile
      run.lease.release();
    }
    this.#do(end === 'closed' ? 'failed' : end);
  }

  /** Takes the run off the page, and everything that it holds. */
  #forgetRun() {
    this.#driver?.close();
    this.#driver = null;
    this.#run = null;
    this.#engine.close();
    this.#presence.stayAwake(false);
    this.#do(null);
  }

  /**
   * Something that one tab does at a time. The right to it is given back behind it, unless it was taken.
   *
   * @template T
   * @param {State} doing
   * @param {(signal: AbortSignal, lease: Lease) => Promise<T>} task
   * @returns {Promise<T | null>} null: it failed, was ended, or another tab trains
   */
  #alone(doing, task) {
    return this.#attempt(doing, async (signal) => {
      const lease = await this.#presence.claim(signal);
      if (!lease) return null;
      try {
        signal.throwIfAborted();
        return await task(signal, lease);
      } finally {
        lease.release();
      }
    });
  }

  /**
   * Something that can be ended at once. A failure is told, and the run is being prepared again.
   *
   * @template T
   * @param {State} doing
   * @param {(signal: AbortSignal) => Promise<T>} task
   * @returns {Promise<T | null>} null: it failed or was ended
   */
  async #attempt(doing, task) {
    const abort = new AbortController();
    // The engine's requests know nothing of the signal: what runs is ended with the engine.
    abort.signal.addEventListener('abort', () => this.#engine.close());
    this.#abort = abort;
    this.#do(doing);
    try {
      return await task(abort.signal);
    } catch (error) {
      if (!abort.signal.aborted) this.#tellError(error);
      if (this.#abort === abort) this.#do(null);
      return null;
    } finally {
      if (this.#abort === abort) this.#abort = null;
    }
  }

  // What is stored.

  async acceptOffer() {
    const { offer } = this.snapshot;
    if (!offer || !this.#can.acceptOffer) return;
    this.#notices.clear();
    const run = await this.#alone('starting', (signal, lease) =>
      this.#goOn(offer.id, signal, lease),
    );
    if (run) return this.#drive({ restore: true });
    this.#do(null);
    await this.#refresh(); // another tab may have ended or deleted it
  }

  /**
   * A stored run on the page.
   *
   * @param {string} id
   * @param {AbortSignal} signal
   * @param {Lease} lease
   * @param {{ over?: boolean }} [which] over: one that is, and shall learn on
   * @returns {Promise<TrainRun | null>} null: its photos are not there
   */
  async #goOn(id, signal, lease, which) {
    const found = await this.#stored.unfinished(id, which);
    signal.throwIfAborted();
    const { record } = found.index;
    const { missing, ...photos } = completed(record, found, this.#next.folders.reports);
    if (missing > 0) {
      if (missing === allOf(record)) this.#tell('folders-needed');
      else this.#tell('folders-differ', { n: missing });
      // Without any photo of a domain there is nothing to train on.
      if (!photos.photos.A.some(Boolean) || !photos.photos.B.some(Boolean)) return null;
    }
    const { history, pictures, best } = found;
    if (!best) delete record.best; // there is nothing to hand back
    const from = /** @type {const} */ ({ kind: 'stored' });
    const known = { history, pictures, best, lease: lease.take() };
    const run = this.#runOf({ record, from, ...photos, ...known });
    run.saver.found(record, found.index.checkpoints[0]?.bytes ?? 0);
    if (which?.over) run.saver.foundBest(null); // among the files that go with the result
    this.#run = run;
    return run;
  }

  async discardOffer() {
    const { offer } = this.snapshot;
    if (!offer || !this.#can.discardOffer) return;
    // Another tab may have accepted it meanwhile.
    const lease = await this.#presence.claim();
    if (!lease) return;
    await this.#erase(offer.id);
    lease.release();
    await this.#refresh();
  }

  /** @param {string} id */
  async deleteRun(id) {
    if (this.#run?.record.id === id && this.#doing !== 'finished') return;
    await this.#erase(id);
    await this.#refresh();
  }

  /** Removes a run from the disk. @param {string} id */
  async #erase(id) {
    try {
      const removing = this.#stored.remove(id);
      this.#changed();
      await removing;
    } catch (error) {
      const { code, detail } = failureOf(error);
      this.#tell(code, {}, 'warning', detail);
    }
  }

  /** @param {{ sweep?: boolean }} [options] */
  async #refresh(options) {
    await this.#library.refresh(options);
    this.#changed();
  }

  /** @param {number} [points] */
  chart(points = 400) {
    return this.#exports.chart(this.#run, points);
  }

  /** @param {Domain} direction @param {string} [id] @param {Which} [which] */
  exportWeights(direction, id, which) {
    return this.#exports.weights(this.#run, direction, id, which);
  }

  /** @param {string} [id] */
  exportCurves(id) {
    return this.#exports.curves(this.#run, id);
  }

  /** @param {Domain} direction @param {string} [id] @param {Which} [which] */
  modelFor(direction, id, which) {
    return this.#exports.model(this.#run, direction, id, which);
  }

  // One tab, one run; hidden, shown, left.

  /** Another tab trains, or does so no more: then there is what it left. @param {boolean} held */
  async #onHeld(held) {
    if (held) {
      this.#tell('held-by-another-tab', {}, 'warning');
      return;
    }
    this.#notices.remove('held-by-another-tab');
    await this.#refresh();
  }

  async #onHide() {
    const run = this.#run;
    if (!run || run.unsaved === 0) return;
    run.saver.want();
    if (this.#doing !== 'paused') return;
    // An engine that died while nothing was asked of it is found out when the run is resumed.
    await run.save().catch(() => {});
  }

  /** Whether leaving the page would lose more than the steps since the last checkpoint. */
  #wouldLose() {
    const run = this.#run;
    if (!run) return false;
    if (run.result) return run.saver.resultKept === 'memory';
    return run.step > 0 && run.saver.saved?.kept !== 'disk';
  }

  /** @param {State | null} doing */
  #do(doing) {
    this.#doing = doing;
    this.#changed();
  }

  /** @param {unknown} error */
  #tellError(error) {
    const { code, detail } = failureOf(error);
    this.#tell(code, {}, 'problem', detail);
  }

  /** @param {number} notice */
  dismiss(notice) {
    this.#notices.dismiss(notice);
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

/** Photos that a run can miss. @param {import('./keep/record.js').RunRecord} record */
function allOf({ photos, previews }) {
  const all = [...photos.A, ...photos.B, ...previews.A, ...previews.B];
  return all.filter(({ problem }) => !problem).length;
}
