/**
 * The Train view's one object: folders, settings, the run, what is stored. It fires `change` whenever its
 * {@link Snapshot} has changed; the view draws the snapshot and calls the methods. None of them throws for
 * anything a person may do: what went wrong is in `snapshot.notices` and `snapshot.state`. Methods that do
 * not fit the current state do nothing; `can` says which do.
 *
 * Training has a worker and a device of its own, so the Translate view keeps working during a run, more
 * slowly; aborting a translation never costs a training step, nor vice versa.
 */
import { Host } from '../page/host.js';
import { Notices } from '../page/notices.js';
import { curvesFile, generatorOf, weightsFile } from './keep/exports.js';
import { Library } from './keep/library.js';
import { StoredRuns } from './keep/stored-runs.js';
import { learnOnProposal } from './plan/config.js';
import { Preparation } from './plan/preparation.js';
import { settingProblems } from './plan/settings.js';
import { calibrate } from './run/calibrate.js';
import { Faults, faultsOf } from './run/faults.js';
import { completed, prepare } from './run/prepare.js';
import { TrainRun } from './run/run.js';
import { canDo, snapshotOf } from './snapshot.js';
import { Work } from './work.js';

/** @import { DeviceReport } from '../engine/protocol.js' */
/** @import { Domain } from './gather/domains.js' */
/** @import { Which } from './keep/record.js' */
/** @import { Preset, Rates, Settings, StartChoice } from './plan/types.js' */
/** @import { Parts } from './run/run.js' */
/** @import { Snapshot, State } from './snapshot.js' */

export class TrainSession extends EventTarget {
  #engine;
  #host;
  #faults;
  #stored;
  /** The run in preparation. */
  #next;
  #notices = new Notices(() => this.#changed());
  #tell = this.#notices.tell;
  #library;
  #work;

  /**
   * @param {object} options
   * @param {import('../engine/client.js').EngineClient} options.engine for training alone
   * @param {import('./plan/start.js').Source} options.source reads initial weights
   * @param {URLSearchParams} [options.query] of the page: `fault=panic@12`
   * @param {Host} [options.host] everything in the browser that tests replace
   */
  constructor({ engine, source, query = new URLSearchParams(), host = new Host() }) {
    super();
    this.#engine = engine;
    this.#host = host;
    this.#faults = new Faults(faultsOf(query), host.tab);
    this.#stored = new StoredRuns(host);
    this.#library = new Library(host, this.#stored, this.#notices);
    const onChange = () => this.#changed();
    this.#next = new Preparation({ engine, source, stored: this.#stored, host, onChange });
    const refresh = () => this.#refresh();
    this.#work = new Work({ engine, host, notices: this.#notices, onChange, refresh });
  }

  /** Looks for an unfinished run, stored runs and other tabs. Call it once. */
  async open() {
    const lease = await this.#work.claim();
    if (!lease) return this.#refresh(); // finished runs are usable while another tab trains
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
      doing: this.#work.doing,
      next: this.#next,
      run: this.#work.run,
      library: this.#library,
      held: this.#work.held,
      notices: this.#notices.all,
    };
  }

  /** The device for proposed settings, until the run's own engine is open. @param {DeviceReport} device */
  knowDevice(device) {
    this.#next.device ??= device;
    this.#changed();
  }

  // The parts of a run.

  /**
   * If a folder is given twice, the later one counts. Photos in `trainA` and `trainB` fill both.
   * @param {Domain} domain
   * @param {import('./gather/folders.js').Given} photos
   */
  async setFolder(domain, photos) {
    if (!this.can.edit) return;
    this.#work.abort(); // scenes that are being painted would replace it
    await this.#next.setFolder(domain, photos);
  }

  /** @param {Domain} domain @param {string} name */
  setName(domain, name) {
    this.#next.folders.rename(domain, name);
    this.#changed();
  }

  /** Painted summer and winter scenes instead of folders. */
  async useSamples() {
    if (!this.can.edit) return;
    this.#work.abort();
    await this.#work.attempt('checking', async (signal) => {
      await this.#next.useSamples(signal);
      this.#work.do(null);
    });
  }

  /** Applies a preset, replacing those of its settings that were chosen. @param {Preset} preset */
  usePreset(preset) {
    if (this.can.edit) this.#next.usePreset(preset);
  }

  /** Changes some settings; problems are in `settingProblems`. @param {Partial<Settings>} settings */
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
    await this.#work.alone('calibrating', async (signal) => {
      const plan = await this.#next.plan(signal);
      const { calibration, failure } = await calibrate(this.#engine, this.#host, plan, signal);
      this.#next.calibration = calibration;
      if (failure) this.#tell(failure.code, failure.values, 'problem', failure.detail);
    });
    this.#engine.close(); // frees the device's memory
    this.#work.do(null);
  }

  async start() {
    if (!this.can.start) return;
    this.#notices.clear();
    const made = await this.#work.alone('starting', async (signal, lease) => {
      const expected = this.#next.calibration?.secondsPerStep ?? null;
      const parts = prepare(await this.#next.plan(signal));
      signal.throwIfAborted();
      const run = this.#runOf({ ...parts, expected, lease: lease.take() });
      this.#work.run = run;
      await run.begin();
      await run.secure();
      this.#askToKeep();
      return run;
    });
    if (made) await this.#work.drive();
    else await this.#throwAway();
  }

  /** Asks the browser not to delete what is stored. Some ask the person, and training does not wait for that. */
  async #askToKeep() {
    await this.#host.persist();
    await this.#library.weigh();
    this.#changed();
  }

  /** @param {Omit<Parts, 'engine' | 'host' | 'faults' | 'makeRoom' | 'onChange' | 'onTell'>} parts */
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
    if (this.can.pause) this.#work.halt('pause');
  }

  async resume() {
    if (this.can.resume) await this.#work.drive({ restore: this.#work.doing === 'failed' });
  }

  async step() {
    if (this.can.step) await this.#work.drive({ steps: 1 });
  }

  async stop() {
    if (!this.can.stop) return;
    if (this.#work.abort() || this.#work.halt('stop')) return;
    await this.#work.drive({ restore: this.#work.doing === 'failed', halt: 'stop' });
  }

  /**
   * Continues a finished run: the one on the page, or a stored one.
   * @param {{ steps: number, lr: number | null }} how `lr` null: as proposed
   * @param {string} [id]
   */
  async learnOn(how, id) {
    const over = this.#work.run;
    if (!this.can.learnOn || (id === undefined) !== (over !== null)) return;
    this.#notices.clear();
    const run = await this.#work.alone('starting', async (signal, lease) => {
      const found = over ?? (await this.#goOn(id ?? '', signal, lease, { over: true }));
      if (found && over) over.lease = lease.take();
      await found?.learnOn(how);
      return found;
    });
    if (run) return this.#work.drive();
    // It is unchanged in its folder, or, if it was only in memory, on the page.
    over?.lease.release();
    if (over?.saver.resultKept === 'memory') return this.#work.do('finished');
    await this.#takeAway();
  }

  /** The proposed rate for this many more steps. @param {number} steps */
  proposeLearnOn(steps) {
    return this.#work.run && learnOnProposal(this.#work.run.record, steps);
  }

  async discard() {
    if (!this.can.discard) return;
    this.#notices.clear(); // they were about this run
    await this.#throwAway();
  }

  async #throwAway() {
    const run = this.#work.run;
    this.#work.forgetRun();
    if (run) await this.#erase(run.record.id);
    run?.lease.release(); // not before: another tab would find what is being removed
    await this.#refresh();
  }

  /** Takes the run off the page (it stays stored) so that another can be prepared. */
  async close() {
    if (!this.can.close) return;
    this.#notices.clear();
    await this.#takeAway();
  }

  /** Takes the run off the page and gives back the right to train. */
  async #takeAway() {
    const run = this.#work.run;
    this.#work.forgetRun();
    run?.lease.release();
    await this.#refresh();
  }

  /** @param {Partial<Rates>} rates */
  async changeRates(rates) {
    const run = this.#work.run;
    if (!run || !this.can.changeRates) return;
    const { lr, lambdaCycle, lambdaIdentity } = run.record.settings;
    const wanted = { lr, lambdaCycle, lambdaIdentity, ...rates };
    // A run from an older page may lack other settings.
    const problems = settingProblems({ ...run.record.settings, ...wanted });
    const problem = problems.find(({ field }) => field in wanted);
    if (problem) this.#tell(problem.code, problem.values, 'problem');
    else await run.change(wanted).catch((error) => this.#notices.tellError(error));
  }

  // Stored runs.

  async acceptOffer() {
    const { offer } = this.snapshot;
    if (!offer || !this.can.acceptOffer) return;
    this.#notices.clear();
    const run = await this.#work.alone('starting', (signal, lease) =>
      this.#goOn(offer.id, signal, lease),
    );
    if (run) return this.#work.drive({ restore: true });
    this.#work.do(null);
    await this.#refresh(); // another tab may have continued or deleted it
  }

  /**
   * Puts a stored run on the page.
   * @param {string} id
   * @param {AbortSignal} signal
   * @param {import('../engine/lease.js').Lease} lease
   * @param {{ over?: boolean }} [which] over: a finished run, to learn on
   * @returns {Promise<TrainRun | null>} null: its photos are missing
   */
  async #goOn(id, signal, lease, which) {
    const found = await this.#stored.unfinished(id, which);
    signal.throwIfAborted();
    const { record } = found.index;
    const { missing, ...photos } = completed(record, found, this.#next.folders.reports);
    if (missing > 0) {
      if (missing === allOf(record)) this.#tell('folders-needed');
      else this.#tell('folders-differ', { n: missing });
      // Without any photo of a domain, training is impossible.
      if (!photos.photos.A.some(Boolean) || !photos.photos.B.some(Boolean)) return null;
    }
    const { history, pictures, best } = found;
    if (!best) delete record.best; // there is nothing to export
    const from = /** @type {const} */ ({ kind: 'stored' });
    const known = { history, pictures, best, lease: lease.take() };
    const run = this.#runOf({ record, from, ...photos, ...known });
    run.saver.found(record.step);
    if (which?.over) run.saver.foundBest(null); // among the files that are removed with the result
    this.#work.run = run;
    return run;
  }

  async discardOffer() {
    const { offer } = this.snapshot;
    if (!offer || !this.can.discardOffer) return;
    // Another tab may have accepted it in the meantime.
    const lease = await this.#work.claim();
    if (!lease) return;
    await this.#erase(offer.id);
    lease.release();
    await this.#refresh();
  }

  /** @param {string} id */
  async deleteRun(id) {
    if (this.#work.run?.record.id === id && this.#work.doing !== 'finished') return;
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
      this.#notices.tellError(error, 'warning');
    }
  }

  /** @param {{ sweep?: boolean }} [options] */
  async #refresh(options) {
    await this.#library.refresh(options);
    this.#changed();
  }

  /**
   * Of the run on the page, or of a stored one; the best unless the last are requested.
   * @param {Domain} direction
   * @param {string} [id]
   * @param {Which} [which]
   */
  async exportWeights(direction, id, which = 'best') {
    return weightsFile(await this.#known(id), direction, which);
  }

  /** A generator, and what is known of it. @param {Domain} direction @param {string} [id] @param {Which} [which] */
  async exportGenerator(direction, id, which = 'best') {
    return generatorOf(await this.#known(id), direction, which);
  }

  /**
   * The layers of a run's generators, as far as they differ between runs.
   * @param {string} [id]
   * @returns {Promise<{ up?: string, norm?: string }>}
   */
  async exportLayers(id) {
    const { record } = await this.#known(id);
    const { up, norm } = JSON.parse(record.config);
    return { up, norm };
  }

  /** The last checkpoint of a finished run; null: not kept. @param {string} [id] */
  async exportCheckpoint(id) {
    const known = id ?? this.#work.run?.record.id;
    return known === undefined ? null : this.#stored.checkpoint(known).catch(() => null);
  }

  /** Settings, all losses, scores: JSON. @param {string} [id] */
  async exportCurves(id) {
    const { record, history } = await this.#known(id);
    return curvesFile(record, history);
  }

  /** The run on the page, or a stored one. @param {string} [id] */
  async #known(id) {
    const here = this.#work.run;
    if (here && (id === undefined || here.record.id === id)) return here;
    return this.#stored.over(id ?? '');
  }

  /** @param {number} notice */
  dismiss(notice) {
    this.#notices.dismiss(notice);
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

/** Photos that a run can do without. @param {import('./keep/record.js').RunRecord} record */
function allOf({ photos, previews }) {
  const all = [...photos.A, ...photos.B, ...previews.A, ...previews.B];
  return all.filter(({ problem }) => !problem).length;
}
