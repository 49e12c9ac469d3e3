/**
 * The Train view's one object: folders, settings, the run, what is stored. It fires `change` whenever its
 * {@link Snapshot} has changed; the view draws the snapshot and calls the methods. None of them throws for what
 * a person may do: what went wrong stands in `snapshot.notices` and `snapshot.state`. Those that do not fit the
 * present state do nothing; `can` says which do.
 *
 * Training has a worker and a device of its own, so the Translate view goes on working while a run is under
 * way, more slowly; aborting a translation never costs a step of training, nor the other way round.
 */
import { failureOf } from '../failure.js';
import { Host } from '../page/host.js';
import { Notices } from '../page/notices.js';
import { curvesFile, weightsFile } from './keep/exports.js';
import { Library } from './keep/library.js';
import { StoredRuns } from './keep/stored-runs.js';
import { learnOnOf } from './plan/config.js';
import { Preparation } from './plan/preparation.js';
import { settingProblems } from './plan/settings.js';
import { Calibrator } from './run/calibrator.js';
import { Driver } from './run/driver.js';
import { Faults, faultsOf } from './run/faults.js';
import { completed, prepare } from './run/prepare.js';
import { Presence } from './run/presence.js';
import { Restarts } from './run/restarts.js';
import { TrainRun } from './run/run.js';
import { canDo, snapshotOf } from './snapshot.js';

/** @import { EngineClient } from '../engine/client.js' */
/** @import { Lease } from '../engine/lease.js' */
/** @import { DeviceReport } from '../engine/protocol.js' */
/** @import { Domain } from './gather/domains.js' */
/** @import { Given } from './gather/folders.js' */
/** @import { Which } from './keep/record.js' */
/** @import { Source } from './plan/start.js' */
/** @import { Preset, Rates, Settings, StartChoice } from './plan/types.js' */
/** @import { Parts } from './run/run.js' */
/** @import { Snapshot, State } from './snapshot.js' */

/** Notices of what to do next, which are out of date as soon as the run goes on. */
const ADVICE = [
  'training-not-finite',
  'training-keeps-dying',
  'device-changed',
  'photos-gone',
  'dataset-empty',
];

export class TrainSession extends EventTarget {
  #engine;
  #host;
  #faults;
  #stored;
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

  /**
   * @param {object} options
   * @param {EngineClient} options.engine made for training alone
   * @param {Source} options.source where weights to start from are read
   * @param {URLSearchParams} [options.query] of the page: `fault=panic@12`
   * @param {Host} [options.host] everything of the browser that tests replace
   */
  constructor({ engine, source, query = new URLSearchParams(), host = new Host() }) {
    super();
    this.#engine = engine;
    this.#host = host;
    this.#faults = new Faults(faultsOf(query), host.tab);
    this.#stored = new StoredRuns(host);
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

  /** Looks for an unfinished run, stored runs and other tabs. To be called once. */
  async open() {
    const lease = await this.#presence.claim();
    if (!lease) return this.#refresh(); // what is over can be used while another tab trains
    await this.#refresh({ sweep: true });
    lease.release();
  }

  get snapshot() {
    return snapshotOf(this.#parts);
  }

  /** Which methods would do something now. */
  get can() {
    return canDo(this.#parts);
  }

  get folders() {
    return this.#next.folders.reports;
  }

  get #parts() {
    return {
      doing: this.#doing,
      next: this.#next,
      run: this.#run,
      library: this.#library,
      held: this.#presence.held,
      notices: this.#notices.all,
    };
  }

  /** What settings are proposed for until the run's own engine is open. @param {DeviceReport} device */
  knowDevice(device) {
    this.#next.device ??= device;
    this.#changed();
  }

  // What a run is made of.

  /**
   * Of two that are given for one place the later counts. Photos in `trainA` and `trainB` fill both.
   * @param {Domain} domain
   * @param {Given} photos
   */
  async setFolder(domain, photos) {
    if (!this.can.edit) return;
    this.#abort?.abort(); // scenes that are being painted would replace it
    await this.#next.setFolder(domain, photos);
  }

  /** @param {Domain} domain @param {string} name */
  setName(domain, name) {
    this.#next.folders.rename(domain, name);
    this.#changed();
  }

  /** Painted summer and winter scenes in place of folders. */
  async useSamples() {
    if (!this.can.edit) return;
    this.#abort?.abort();
    await this.#attempt('checking', async (signal) => {
      await this.#next.useSamples(signal);
      this.#do(null);
    });
  }

  /** Settings that suit a purpose, in place of those of them that were chosen. @param {Preset} preset */
  usePreset(preset) {
    if (this.can.edit) this.#next.usePreset(preset);
  }

  /** Replaces some settings; what is wrong with them stands in `settingProblems`. @param {Partial<Settings>} settings */
  set(settings) {
    if (this.can.edit) this.#next.set(settings);
  }

  /** @param {StartChoice} choice */
  startFrom(choice) {
    if (this.can.edit) this.#next.startFrom(choice);
  }

  applyProposal() {
    const proposal = this.#next.calibration?.proposal;
    if (proposal) this.set(proposal.settings);
  }

  // The run.

  async calibrate() {
    if (!this.can.calibrate) return;
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
    if (!this.can.start) return;
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
    if (!this.can.pause) return;
    this.#driver?.halt('pause');
  }

  async resume() {
    if (!this.can.resume) return;
    await this.#drive({ restore: this.#doing === 'failed' });
  }

  async step() {
    if (this.can.step) await this.#drive({ steps: 1 });
  }

  async stop() {
    if (!this.can.stop) return;
    if (this.#abort) this.#abort.abort();
    else if (this.#driver) this.#driver.halt('stop');
    else await this.#drive({ restore: this.#doing === 'failed', halt: 'stop' });
  }

  /**
   * A run that is over goes on: the one on the page, or a stored one.
   * @param {{ steps: number, lr: number | null }} how `lr` null: as proposed
   * @param {string} [id]
   */
  async learnOn(how, id) {
    const over = this.#run;
    if (!this.can.learnOn || (id === undefined) !== (over !== null)) return;
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

  /** Rates for going on for so many steps. @param {number} steps */
  proposeLearnOn(steps) {
    return this.#run && learnOnOf(this.#run.record, steps);
  }

  async discard() {
    if (!this.can.discard) return;
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

  /** Takes the run off the page (it stays stored) so that another can be prepared. */
  async close() {
    if (!this.can.close) return;
    const run = this.#run;
    this.#notices.clear();
    this.#forgetRun();
    run?.lease.release();
    await this.#refresh();
  }

  /** @param {Partial<Rates>} rates */
  async changeRates(rates) {
    const run = this.#run;
    if (!run || !this.can.changeRates) return;
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
    if (!offer || !this.can.acceptOffer) return;
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
    run.saver.found(record.step);
    if (which?.over) run.saver.foundBest(null); // among the files that go with the result
    this.#run = run;
    return run;
  }

  async discardOffer() {
    const { offer } = this.snapshot;
    if (!offer || !this.can.discardOffer) return;
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

  /**
   * Of the run on the page, or of a stored one; the best unless the last are asked for.
   * @param {Domain} direction
   * @param {string} [id]
   * @param {Which} [which]
   */
  async exportWeights(direction, id, which = 'best') {
    const run = await this.#known(id);
    return weightsFile(run.record, direction, which, await run.weights(direction, which));
  }

  /** Settings, all losses, scores: JSON. @param {string} [id] */
  async exportCurves(id) {
    const { record, history } = await this.#known(id);
    return curvesFile(record, history);
  }

  /** The run on the page, or a stored one. @param {string} [id] */
  async #known(id) {
    const here = this.#run;
    if (here && (id === undefined || here.record.id === id)) return here;
    return this.#stored.over(id ?? '');
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
