/**
 * The Train view: draws the snapshot of a training session whenever it changes, and calls the session for the
 * person's actions. The session has the whole state of a run; this file only shows it.
 */
import { confirmed } from '../../page/confirm.js';
import { button, byId, nextFrame } from '../../page/dom.js';
import { formatPercent, text } from '../../page/messages.js';
import * as source from '../plan/start.js';
import { TrainSession } from '../session.js';
import { setUpAfter, showAfter } from './after.js';
import { showCharts } from './charts.js';
import { setUpExport } from './export.js';
import { setUpFolders, showFolders } from './folders.js';
import { showNotices } from './notices.js';
import { showScores } from './outcome.js';
import { setUpPlan, showPlan } from './plan.js';
import { setUpPreviews, showPreviews } from './previews.js';
import { setUpRates, showRates } from './rates.js';
import { setUpStatus, showStatus } from './status.js';
import { setUpStored, showStored } from './stored.js';
import { trainedIn } from './trained.js';
import { pairOf } from './words.js';

/** @import { Trained } from '../../models/models.js' */
/** @import { Snapshot } from '../snapshot.js' */

/** Shortest time between updates of charts and table, in milliseconds. */
const CHARTS_EVERY = 1000;
/** Where the focus goes when its button becomes useless: the first usable one. */
const NEXT_FOCUS = ['resume', 'pause', 'use-trained', 'train-start', 'calibrate'];

export class TrainPage {
  /** @type {TrainSession} */
  #session;
  #scheduled = false;
  #charted = 0;
  #chartTimer = 0;
  #title = document.title;

  /**
   * @param {object} page
   * @param {import('../../engine/client.js').EngineClient} page.engine for training alone
   * @param {Pick<import('../../engine/client.js').EngineClient, 'export'>} page.exporter writes models
   * @param {URLSearchParams} page.query
   * @param {(files: File[]) => unknown} page.onModels passes weights to the Translate view
   * @param {() => unknown} page.onLive shows the Live view
   */
  constructor({ engine, exporter, query, onModels, onLive }) {
    const session = new TrainSession({ engine, query, source });
    this.#session = session;
    setUpStatus((action) => (action === 'discard' ? this.#discard() : session[action]()));
    setUpFolders(session);
    setUpPlan(session);
    setUpPreviews();
    setUpRates((rates) => session.changeRates(rates));
    setUpExport(exporter);
    setUpAfter(session, onModels, () => {
      this.#wishes += 1;
      this.#draw();
      onLive();
    });
    setUpStored({ session, onModels });
    button('samples-train').addEventListener('click', () => useSamples(session));
    session.addEventListener('change', () => this.#schedule());
    addEventListener('hashchange', () => this.#schedule());
    this.#draw();
  }

  /** @param {import('../../engine/protocol.js').DeviceReport} device of the Translate view's engine */
  knowDevice(device) {
    this.#session.knowDevice(device);
  }

  /** How often a training was to be seen live. */
  #wishes = 0;

  /** @type {(trained: Trained | null) => void} */
  #tellTrained = () => {};

  /** @param {(trained: Trained | null) => void} tell told of the training that was over last, now and later */
  watchTrained(tell) {
    this.#tellTrained = tell;
    this.#draw();
  }

  /** Looks for runs from earlier visits. */
  async open() {
    await this.#session.open();
    this.#schedule();
  }

  async #discard() {
    if (await confirmed(text('confirm.discard'), text('confirm.delete'))) {
      await this.#session.discard();
    }
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    nextFrame(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  #draw() {
    const { snapshot } = this.#session;
    const { run } = snapshot;
    const focused = focusIn();
    showStatus(snapshot);
    showNotices(snapshot, (id) => this.#session.dismiss(id));
    showStored(snapshot);
    byId('setup').hidden = run !== null;
    /** @type {HTMLFieldSetElement} */ (byId('setup')).disabled = !snapshot.can.edit;
    byId('running').hidden = run === null;
    if (run) {
      showPreviews(run);
    } else {
      showFolders(snapshot);
      showPlan(snapshot);
    }
    showRates(snapshot);
    showAfter(snapshot, this.#session);
    if (run) showScores(run);
    this.#chart(snapshot);
    this.#tellTrained(trainedIn(snapshot, this.#session, this.#wishes));
    this.#showOutside(snapshot);
    // It may already have moved when its line was removed.
    if (focused) keepFocus(focusIn() ?? focused);
  }

  /**
   * Charts cost the most, so they are drawn only now and then, and not out of sight.
   * @param {Snapshot} snapshot
   */
  #chart({ run, state }) {
    clearTimeout(this.#chartTimer);
    if (!run || byId('view-train').hidden) return;
    const wait = this.#charted + CHARTS_EVERY - performance.now();
    if (wait > 0 && state === 'training') {
      this.#chartTimer = window.setTimeout(() => this.#chart(this.#session.snapshot), wait);
      return;
    }
    this.#charted = performance.now();
    // Without the library, for example offline, there is still the table.
    showCharts(run).catch(() => {});
  }

  /** Updates this view's tab and the browser's title. @param {Snapshot} snapshot */
  #showOutside({ state, run, offer }) {
    const percent = run && state !== 'finished' ? formatPercent(run.fraction) : null;
    const mark = byId('train-mark');
    mark.hidden = percent === null && !offer;
    mark.textContent = percent ?? text('views.unfinished');
    const title = percent && run ? `${percent} ${pairOf(run.names)}` : this.#title;
    if (document.title !== title) document.title = title;
  }
}

/** @returns {Element | null} the focused element, if it is in this view */
function focusIn() {
  const active = document.activeElement;
  return active && byId('view-train').contains(active) ? active : null;
}

/**
 * Moves the focus from a button that is gone or useless to the next usable one or, until there is one, to the
 * status line, so that a key pressed too late does not stop training.
 * @param {Element} focused
 */
function keepFocus(focused) {
  const usable = (/** @type {Element} */ element) =>
    element.getClientRects().length > 0 && !element.matches(':disabled');
  const waiting = focused === byId('train-status');
  if (usable(focused) && !waiting) return;
  const next = NEXT_FOCUS.map(
    (name) =>
      document.querySelector(`#train-bar [data-do="${name}"]`) ?? document.getElementById(name),
  ).find((element) => element && usable(element));
  /** @type {HTMLElement} */ (next ?? byId('train-status')).focus({ preventScroll: true });
}

/** Painted scenes are named summer and winter, unless the person has named them. @param {TrainSession} session */
async function useSamples(session) {
  const { A, B } = session.folders;
  if (!A.name) session.setName('A', text('compare.summer'));
  if (!B.name) session.setName('B', text('compare.winter'));
  const samples = button('samples-train');
  samples.textContent = text('drop.painting');
  await session.useSamples();
  samples.textContent = text('train.samples');
}
