/**
 * One photo's card: the photo while it waits, then the comparison, or the reason why there is none. It owns
 * the blob URLs of its pictures.
 */
import { measure } from '../files/headers.js';
import { createCompare } from '../page/compare.js';
import { clone, label, made, part, shownName } from '../page/dom.js';
import { errorText, text } from '../page/messages.js';

/** @import { Item, Result } from './queue.js' */

export class Card {
  element = clone('card');
  #item;
  #onShape;
  /** The state last drawn. */
  #drawn = '';
  /** The result whose pictures it shows. @type {Result | null} */
  #result = null;
  /** URLs of the photo, or of before and after. @type {string[]} */
  #urls = [];
  #closed = false;

  /** @param {Item} item @param {(ratio: number) => void} onShape called with width / height of a picture */
  constructor(item, onShape) {
    this.#item = item;
    this.#onShape = onShape;
    this.element.dataset.id = String(item.id);
    this.element.dataset.name = item.name;
    const name = this.part('name');
    name.textContent = shownName(item.name);
    name.title = shownName(item.name);
    label(this.part('remove'), text('card.remove', { name: shownName(item.name) }));
    this.draw();
  }

  /** The pictures of a finished photo, or null. @returns {{ before: string, after: string } | null} */
  get pictures() {
    return this.#result ? { before: this.#urls[0], after: this.#urls[1] } : null;
  }

  /** @param {string} role */
  part(role) {
    return part(this.element, role);
  }

  /** Updates it from its item. */
  draw() {
    const { state, active, problem, result } = this.#item;
    // When thousands of cards are updated, few have changed.
    const drawn = `${state} ${active} ${problem?.code}`;
    if (this.#drawn === drawn && this.#result === result) return;
    this.#drawn = drawn;
    this.element.dataset.state = state;
    this.element.toggleAttribute('data-active', active);
    this.part('note').textContent = noteOf(this.#item);
    this.#offer('tools', { open: 'card.open', save: 'card.save' }, result !== null);
    this.#offer('retry-tool', { retry: 'card.retry' }, state === 'failed');
    if (result) {
      if (result !== this.#result) this.#showResult(result);
    } else if (problem) this.#showReason(problem);
    else if (this.element.querySelector('.reason')) {
      // It is being tried again.
      this.#fill();
      this.showPhoto();
    }
  }

  /** Frees everything it holds, before it is removed. */
  close() {
    this.#closed = true;
    this.#release();
  }

  #release() {
    for (const url of this.#urls) URL.revokeObjectURL(url);
    this.#urls = [];
    this.#result = null;
  }

  /**
   * Shows the photo itself, once its header says that it is safe to decode. A photo that cannot be shown
   * stays blank; the run will say why.
   */
  async showPhoto() {
    const { file } = this.#item;
    const safe = file && (await measure(file).catch(() => null));
    if (!safe || this.#closed || !this.element.isConnected) return;
    if (this.#item.state !== 'waiting' || this.#urls.length > 0) return;
    const image = document.createElement('img');
    image.className = 'photo';
    image.alt = '';
    image.decoding = 'async';
    this.#urls = [URL.createObjectURL(file)];
    image.addEventListener('error', () => image.remove());
    image.addEventListener('load', () => this.#onShape(image.naturalWidth / image.naturalHeight));
    image.src = this.#urls[0];
    this.#fill(image);
  }

  /** @param {Result} result */
  #showResult(result) {
    this.#release();
    const { width, height } = result.picture;
    const before = URL.createObjectURL(result.picture.before);
    const after = URL.createObjectURL(result.picture.after);
    this.#urls = [before, after];
    this.#result = result;
    this.#onShape(width / height);
    this.element.dataset.direction = result.direction;
    this.#fill(createCompare({ before, after, width, height, name: this.#item.name }));
  }

  /** @param {import('../failure.js').Failure} problem */
  #showReason({ code, values }) {
    this.#release();
    this.#fill(made('p', errorText(code, values), 'reason'));
  }

  /** @param {HTMLElement[]} content */
  #fill(...content) {
    const frame = /** @type {HTMLElement} */ (this.element.querySelector('.frame'));
    const focused = frame.contains(document.activeElement);
    frame.replaceChildren(...content);
    if (focused) (frame.querySelector('input') ?? this.part('remove')).focus();
  }

  /**
   * Shows or hides the actions of the current state.
   * @param {string} template
   * @param {Record<string, string>} tools its buttons: the role of each, and the key of its words
   * @param {boolean} wanted
   */
  #offer(template, tools, wanted) {
    const roles = Object.keys(tools);
    const shown = this.part(roles[0]) !== null;
    if (shown && !wanted) {
      const focused = roles.some((role) => this.part(role) === document.activeElement);
      for (const role of roles) this.part(role).remove();
      if (focused) this.part('remove').focus();
    }
    if (shown || !wanted) return;
    const { content } = /** @type {HTMLTemplateElement} */ (document.getElementById(template));
    this.part('remove').before(content.cloneNode(true));
    const values = { name: shownName(this.#item.name) };
    for (const role of roles) label(this.part(role), text(tools[role], values));
  }
}

/** The text under a photo's name. @param {Item} item */
export function noteOf(item) {
  if (item.active) return text('card.active');
  if (item.state === 'failed' && item.result) return text('card.kept');
  if (item.state !== 'done' || !item.result) return text(`card.${item.state}`);
  const { width, height, reduced } = item.result.picture;
  const values = { width: String(width), height: String(height) };
  return text(reduced ? 'card.reduced' : 'card.size', values);
}
