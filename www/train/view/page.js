/**
 * The Train view: draws the snapshot of a training session whenever it has changed, and calls the session
 * for what the person does. All that is known of a run stands in the session; here is only what is shown.
 */
import { confirmed } from '../../page/confirm.js';
import { button, byId, nextFrame } from '../../page/dom.js';
import { formatPercent, text } from '../../page/messages.js';
import { tellFailure } from '../../page/say.js';
import * as source from '../plan/start.js';
import { TrainSession } from '../session.js';
import { setUpAfter, showAfter } from './after.js';
import { showCharts } from './charts.js';
import { setUpFolders, showFolders } from './folders.js';
import { showNotices } from './notices.js';
import { showScores } from './outcome.js';
import { setUpPlan, showPlan } from './plan.js';
import { setUpPreviews, showPreviews } from './previews.js';
import { setUpRates, showRates } from './rates.js';
import { setUpStatus, showStatus } from './status.js';
import { setUpStored, showStored } from './stored.js';
import { pairOf } from './words.js';

/** @import { Snapshot } from '../snapshot.js' */

/** Charts and table are drawn no more often than this, in milliseconds. */
const CHARTS_EVERY = 1000;
/** Where the focus goes when the button that had it is no longer of use: the first that is. */
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
   * @param {import('../../engine/client.js').EngineClient} page.engine made for training alone
   * @param {URLSearchParams} page.query
   * @param {(files: File[]) => unknown} page.onModels hands weights to the Translate view
   */
  constructor({ engine, query, onModels }) {
    const session = new TrainSession({ engine, query, source });
    this.#session = session;
    setUpStatus((action) => (action === 'discard' ? this.#discard() : session[action]()));
    setUpFolders(session);
    setUpPlan(session);
    setUpPreviews();
    setUpRates((rates) => session.changeRates(rates));
    setUpAfter(session, onModels, tellFailure);
    setUpStored(session, onModels, tellFailure);
    button('samples-train').addEventListener('click', () => useSamples(session));
    session.addEventListener('change', () => this.#schedule());
    addEventListener('hashchange', () => this.#schedule());
    this.#draw();
  }

  /** @param {import('../../engine/protocol.js').DeviceReport} device of the engine that translates */
  knowDevice(device) {
    this.#session.knowDevice(device);
  }

  /** Looks for what an earlier visit left. */
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
    const { run, folders } = snapshot;
    const names = run?.names ?? { A: folders.A.name, B: folders.B.name };
    const focused = focusIn();
    showStatus(snapshot);
    showNotices(snapshot.notices, names, (id) => this.#session.dismiss(id));
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
    this.#showOutside(snapshot);
    // It may have been given on already, when the line that had it was removed.
    if (focused) keepFocus(focusIn() ?? focused);
  }

  /**
   * The charts cost the most, so they are drawn now and then only, and not out of sight.
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
    // Without the library, offline for example, the table is there all the same.
    showCharts(run).catch(() => {});
  }

  /** What the tab of this view and the browser's own say. @param {Snapshot} snapshot */
  #showOutside({ state, run, offer }) {
    const percent = run && state !== 'finished' ? formatPercent(run.fraction) : null;
    const mark = byId('train-mark');
    mark.hidden = percent === null && !offer;
    mark.textContent = percent ?? text('views.unfinished');
    const title = percent && run ? `${percent} ${pairOf(run.names)}` : this.#title;
    if (document.title !== title) document.title = title;
  }
}

/** @returns {Element | null} what has the focus, if it is in this view */
function focusIn() {
  const active = document.activeElement;
  return active && byId('view-train').contains(active) ? active : null;
}

/**
 * A button that is gone or of no use any more gives the focus to the next one; while there is none, to
 * the line that says what is going on, so that no key that is pressed too late stops a training.
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

/** Painted scenes are summer and winter, unless the person has other words for them. @param {TrainSession} session */
async function useSamples(session) {
  const { A, B } = session.folders;
  if (!A.name) session.setName('A', text('compare.summer'));
  if (!B.name) session.setName('B', text('compare.winter'));
  const samples = button('samples-train');
  samples.textContent = text('drop.painting');
  await session.useSamples();
  samples.textContent = text('train.samples');
}
