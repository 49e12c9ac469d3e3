/**
 * One photo's card: the photo while it waits, then the comparison, or the reason why there is none. It owns
 * the blob URLs of its pictures, and holds them only near what the person sees.
 */
import { failureOf } from '../failure.js';
import { measure } from '../files/headers.js';
import { createCompare } from '../page/compare.js';
import { clone, label, made, part, shownName, write } from '../page/dom.js';
import { errorText, text } from '../page/messages.js';

/** @import { Failure } from '../failure.js' */
/** @import { Item, Result } from './queue.js' */

export class Card {
  element = clone('card');
  #item;
  #onShape;
  /** The state last drawn. */
  #drawn = '';
  /** Whether it is near what the person sees. */
  #near = false;
  /** What the frame shows, or is about to. @type {Result | File | Failure | null} */
  #shown = null;
  /** URLs of the photo, or of before and after. @type {string[]} */
  #urls = [];

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

  /** @param {string} role */
  part(role) {
    return part(this.element, role);
  }

  /** Updates it from its item. */
  draw() {
    const { state, active, problem, result, file } = this.#item;
    // When thousands of cards are updated, few have changed.
    const drawn = `${state} ${active} ${problem?.code} ${result !== null} ${file !== null}`;
    if (this.#drawn !== drawn) {
      this.#drawn = drawn;
      this.element.dataset.state = state;
      this.element.toggleAttribute('data-active', active);
      this.#offer('tools', { open: 'card.open', save: 'card.save' }, result !== null);
      this.#offer('retry-tool', { retry: 'card.retry' }, state === 'failed');
    }
    write(this.part('note'), noteOf(this.#item));
    this.#show();
  }

  /** Pictures are loaded near what the person sees, and let go far from it. @param {boolean} near */
  near(near) {
    this.#near = near;
    this.#show();
  }

  /** Frees everything it holds, before it is removed. */
  close() {
    this.#shown = null;
    this.#release([]);
  }

  #show() {
    const { state, problem, result, file } = this.#item;
    const picture = result ?? (state === 'waiting' ? file : null);
    const wanted = result || !problem ? (this.#near ? picture : null) : problem;
    if (wanted === this.#shown) return;
    // Far away, but in use: it goes when something else is shown.
    if (!wanted && this.#frame.contains(document.activeElement)) return;
    this.#shown = wanted;
    this.#frame.ariaBusy = wanted && 'true';
    if (!wanted) this.#fill();
    else if (wanted === result) this.#showResult(result);
    else if (wanted === file) this.#showPhoto(file);
    else if (problem) this.#showReason(problem);
  }

  /**
   * Shows the photo itself, once its header says that it is safe to decode. A photo that cannot be shown
   * stays blank; the run will say why.
   * @param {File} file
   */
  async #showPhoto(file) {
    const safe = await measure(file).catch(() => null);
    if (this.#shown !== file) return;
    const image = document.createElement('img');
    image.className = 'photo';
    image.alt = '';
    image.decoding = 'async';
    image.addEventListener('error', () => image.remove());
    image.addEventListener('load', () => this.#onShape(image.naturalWidth / image.naturalHeight));
    if (!safe) return this.#fill();
    image.src = URL.createObjectURL(file);
    this.#fill(image);
    this.#release([image.src]);
  }

  /** @param {Result} result */
  async #showResult(result) {
    const { width, height } = result.picture;
    this.element.dataset.direction = result.direction;
    this.#onShape(width / height);
    try {
      const pictures = await result.open();
      if (this.#shown !== result) return;
      const before = URL.createObjectURL(pictures.before);
      const after = URL.createObjectURL(pictures.after);
      this.#fill(createCompare({ before, after, width, height, name: this.#item.name }));
      this.#release([before, after]);
    } catch (error) {
      if (this.#shown === result) this.#showReason(failureOf(error));
    }
  }

  /** @param {Failure} problem */
  #showReason({ code, values }) {
    this.#fill(made('p', errorText(code, values), 'reason'));
  }

  /** @param {string[]} urls that are used from now on; those before are let go */
  #release(urls) {
    for (const url of this.#urls) URL.revokeObjectURL(url);
    this.#urls = urls;
  }

  get #frame() {
    return /** @type {HTMLElement} */ (this.element.querySelector('.frame'));
  }

  /** Replaces what the frame shows, and lets its pictures go. @param {HTMLElement[]} content */
  #fill(...content) {
    const frame = this.#frame;
    const focused = frame.contains(document.activeElement);
    frame.replaceChildren(...content);
    frame.ariaBusy = null;
    this.#release([]);
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
  if (item.state === 'waiting' && !item.file) return text('card.absent');
  if (item.state !== 'done' || !item.result) return text(`card.${item.state}`);
  const { width, height, seenWidth, seenHeight, reduced } = item.result.picture;
  const sizes = Object.entries({ width, height, seenWidth, seenHeight });
  const values = Object.fromEntries(sizes.map(([name, pixels]) => [name, String(pixels)]));
  return text(reduced ? 'card.reduced' : 'card.size', values);
}
