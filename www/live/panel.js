/** What the Live view shows of its state: buttons, lines, numbers, problems, and where the focus is. */
import { failureOf } from '../failure.js';
import { byId, write } from '../page/dom.js';
import { errorText, hasMessage, SEPARATOR, text } from '../page/messages.js';
import { announce } from '../page/say.js';
import { currentView } from '../page/views.js';

/** @import { Parts } from './markup.js' */
/** @import { Pace } from './pace.js' */

/**
 * - `idle`: nothing was begun
 * - `starting`: the source opens, the engine starts, the model is loaded, the first picture is awaited
 * - `live`
 * - `frozen`: the pair stays, the camera is on
 * - `stopped`: the camera is off; it can go on
 * @typedef {'idle' | 'starting' | 'live' | 'frozen' | 'stopped'} State
 */
/**
 * @typedef {object} Known
 * @property {boolean} filled there is a pair on the stage
 * @property {boolean} isCamera the pictures are a camera's
 * @property {boolean} canGoOn what was begun can be begun again
 * @property {import('./reel.js').Reel} reel
 */

export class Panel {
  #parts;
  /** @type {State} */
  #state = 'idle';
  #cameras = 0;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** @param {State} state @param {Known} known */
  draw(state, { filled, isCamera, canGoOn, reel }) {
    const parts = this.#parts;
    const view = byId('view-live');
    const focused = document.activeElement;
    const isOn = state === 'live' || state === 'frozen';
    const runs = isOn || state === 'starting';
    const isShown = state === 'starting' || (state !== 'idle' && filled);
    this.#state = state;
    view.dataset.state = state;
    parts.stage.hidden = !isShown;
    parts.stage.inert = !filled;
    parts.rate.hidden = !isShown;
    parts.notice.hidden = !isShown;
    parts.start.hidden = runs;
    parts.start.toggleAttribute('data-first', !isShown);
    parts.intro.hidden = isShown;
    parts.heading.hidden = !isShown;
    parts.actions.hidden = !isShown;
    parts.freeze.hidden = !isOn;
    write(parts.freeze, text(state === 'frozen' ? 'live.go' : 'live.freeze'));
    parts.save.hidden = !filled;
    parts.record.hidden = !isOn || !reel.isAble;
    parts.record.disabled = state === 'frozen' && !reel.isRunning;
    parts.end.hidden = !runs;
    parts.again.hidden = state !== 'stopped' || !canGoOn || !filled;
    parts.useCamera.classList.toggle('primary', parts.again.hidden);
    parts.cameraField.hidden = !runs || !isCamera || this.#cameras < 2;
    if (state !== 'live') write(parts.rate, state === 'frozen' ? text('live.frozen') : '');
    if (focused && view.contains(focused) && !inSight(focused)) this.#moveFocus();
  }

  /** To what continues the work; while it starts, to where a key that is pressed too late does nothing. */
  #moveFocus() {
    const { line, freeze, again, useCamera } = this.#parts;
    const next = [line, freeze, again, useCamera].find(inSight);
    next?.focus({ preventScroll: true });
  }

  /** @param {import('./models.js').Chosen} chosen */
  showModel({ direction }) {
    byId('view-live').dataset.direction = direction;
  }

  /** @param {{ id: string, name: string }[]} all @param {string} current */
  showCameras(all, current) {
    const { camera } = this.#parts;
    this.#cameras = all.length;
    const nameOf = (/** @type {string} */ name, /** @type {number} */ i) =>
      name || text('live.which.n', { n: i + 1 });
    camera.replaceChildren(...all.map(({ id, name }, i) => new Option(nameOf(name, i), id)));
    camera.value = current;
  }

  /** @param {string} words what is under way; none: nothing is */
  say(words) {
    write(this.#parts.line, words);
    this.#parts.progress.hidden = words === '';
  }

  /** @param {string} words what the person should know of what they see; none: nothing */
  note(words) {
    write(this.#parts.notice, words);
    if (words) announce(words);
  }

  /** @param {unknown} error null: all is well */
  tellProblem(error) {
    const { problem } = this.#parts;
    problem.hidden = error === null;
    if (error === null) return write(problem, '');
    const { code, detail, values } = failureOf(error);
    console.warn(`${code}: ${detail}`);
    problem.dataset.code = code;
    const own = `live.error.${code}`;
    write(problem, hasMessage(own) ? text(own) : errorText(code, values));
  }

  /** Not for screen readers each time: there it can be found. @param {Pace} pace */
  tellPace({ now }) {
    if (this.#state !== 'live' || currentView() !== 'live') return;
    if (!now) return write(this.#parts.rate, '');
    const n = now.rate < 9.5 ? Math.round(10 * now.rate) / 10 : Math.round(now.rate);
    const facts = [text('live.rate', { n }), text('live.delay', { n: Math.round(now.delay) })];
    write(this.#parts.rate, facts.join(SEPARATOR));
  }
}

/** @param {Element} element */
const inSight = (element) => element.getClientRects().length > 0;
