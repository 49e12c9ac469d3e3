/**
 * One result, as large as the window allows: the same comparison, the previous and next ones, and save. The
 * arrow keys move the line; Page Up and Page Down change the picture; Escape closes.
 */
import { failureOf } from '../failure.js';
import { createCompare } from '../page/compare.js';
import { button, byId, label, made, shownName } from '../page/dom.js';
import { errorText, text } from '../page/messages.js';
import { canShare } from '../page/share.js';
import { noteOf } from './card.js';

export class Viewer {
  #dialog = /** @type {HTMLDialogElement} */ (byId('viewer'));
  #frame = byId('viewer-frame');
  #id = 0;
  #source;
  /** Counts what was asked for, since pictures take a moment. */
  #asked = 0;
  /** @type {string[]} */
  #urls = [];

  /**
   * @param {object} source
   * @param {() => import('./queue.js').Item[]} source.items all finished photos, in order
   * @param {(id: number) => void} source.onSave
   * @param {(id: number) => void} source.onShare
   * @param {(id: number) => void} source.onClose called with the photo shown last
   */
  constructor(source) {
    this.#source = source;
    const dialog = this.#dialog;
    byId('viewer-previous').addEventListener('click', () => this.#step(-1));
    byId('viewer-next').addEventListener('click', () => this.#step(1));
    byId('viewer-save').addEventListener('click', () => source.onSave(this.#id));
    byId('viewer-share').addEventListener('click', () => source.onShare(this.#id));
    byId('viewer-share').hidden = !canShare();
    byId('viewer-close').addEventListener('click', () => dialog.close());
    dialog.addEventListener('close', () => {
      this.#asked += 1;
      this.#fill(null, []);
      source.onClose(this.#id);
    });
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog || event.target === this.#frame) dialog.close();
    });
    dialog.addEventListener('keydown', (event) => {
      const onRange = event.target instanceof HTMLInputElement;
      const step = STEPS[event.key] ?? (onRange ? 0 : (ARROWS[event.key] ?? 0));
      if (step === 0) return;
      event.preventDefault();
      this.#step(step);
    });
  }

  /** Its gestures, fetched when it is first opened. @type {Promise<unknown> | null} */
  #zoom = null;

  /** @param {number} id */
  async open(id) {
    if (!(await this.#show(id)) || this.#dialog.open) return;
    this.#zoom ??= import('../page/zoom.js').then(
      ({ mountZoom }) => mountZoom(this.#frame, (by) => this.#step(by)),
      () => {}, // it shows pictures without, too
    );
    this.#dialog.showModal();
    this.#focusRange();
  }

  /** @param {number} id @returns {Promise<boolean>} whether it is shown, and nothing else was asked for */
  async #show(id) {
    this.#asked += 1;
    const asked = this.#asked;
    const items = this.#source.items();
    const index = items.findIndex((item) => item.id === id);
    const item = items[index];
    if (!item?.result) return false;
    const { picture, direction } = item.result;
    const found = await item.result.open().catch(failureOf);
    if (asked !== this.#asked) return false;
    this.#id = id;
    const { width, height } = picture;
    this.#dialog.dataset.direction = direction;
    if ('code' in found) this.#fill(made('p', errorText(found.code), 'reason'), []);
    else {
      const before = URL.createObjectURL(found.before);
      const after = URL.createObjectURL(found.after);
      const compare = createCompare({ before, after, width, height, name: item.name });
      this.#fill(compare, [before, after]);
    }
    const name = shownName(item.name);
    byId('viewer-name').textContent = name;
    label(byId('viewer-save'), text('card.save', { name }));
    label(byId('viewer-share'), text('card.share', { name }));
    byId('viewer-note').textContent = noteOf(item);
    for (const [step, other] of Object.entries({ previous: index - 1, next: index + 1 })) {
      button(`viewer-${step}`).disabled = !items[other];
    }
    return true;
  }

  /** @param {HTMLElement | null} content @param {string[]} urls that it uses */
  #fill(content, urls) {
    this.#frame.replaceChildren(...(content ? [content] : []));
    for (const url of this.#urls) URL.revokeObjectURL(url);
    this.#urls = urls;
  }

  /** @param {number} by */
  async #step(by) {
    const items = this.#source.items();
    const next = items[items.findIndex((item) => item.id === this.#id) + by];
    if (!next || !(await this.#show(next.id))) return;
    // A button at the end of the row becomes disabled while it has the focus: keep the focus in the dialog.
    if (!document.activeElement?.matches('button:enabled')) this.#focusRange();
  }

  #focusRange() {
    const range = this.#frame.querySelector('input');
    range?.focus({ preventScroll: true });
  }
}

/** @type {Record<string, number>} */
const STEPS = { PageUp: -1, PageDown: 1 };
/** @type {Record<string, number>} */
const ARROWS = { ArrowLeft: -1, ArrowRight: 1 };
