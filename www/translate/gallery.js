/**
 * The gallery: one card per photo, in the order in which they were added. Cards are created a few at a time,
 * so that thousands never block the page; pictures are loaded when a card comes near what the person sees, and
 * let go when it is far. Cards are in groups, and the browser skips groups that are
 * out of sight, because laying out thousands of cards takes longer than a frame.
 */
import { nextFrame } from '../page/dom.js';
import { Card } from './card.js';

/** @import { Item } from './queue.js' */

/** @typedef {'open' | 'save' | 'retry' | 'remove'} Action */

/** Milliseconds per frame for creating or removing cards. */
const FRAME_BUDGET = 8;
/** Cards per group: whole rows of 1, 2, 3, 4, 6 or 8. */
const GROUP = 24;

/** A screen above what is seen and one below. */
const NEAR = '100% 0px';

export class Gallery {
  #list;
  /** @type {Map<number, Card>} */
  #cards = new Map();
  /** Items to draw in the next frames. @type {Item[]} */
  #pending = [];
  #scheduled = false;
  /** Cards are still being removed. */
  #clearing = false;
  /** Whether the frames have their proportions. */
  #framed = false;
  /** Id of the last card. */
  #lastId = 0;
  #observer = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: NEAR });

  /** @param {HTMLElement} list @param {(action: Action, id: number) => void} onAction */
  constructor(list, onAction) {
    this.#list = list;
    list.addEventListener('click', (event) => {
      const target = /** @type {Element} */ (event.target);
      const action = target.closest('button')?.dataset.role;
      const id = Number(target.closest('li')?.dataset.id);
      if (action && id) onAction(/** @type {Action} */ (action), id);
    });
  }

  /** Draws items over the next frames: new ones, or many that changed at once. @param {Item[]} items */
  show(items) {
    this.#pending = this.#pending.concat(items);
    this.#schedule();
  }

  /**
   * Draws an item immediately. An item without a card is drawn when its card is created.
   * @param {Item} item
   */
  update(item) {
    this.#cards.get(item.id)?.draw();
  }

  /** @param {number} id */
  remove(id) {
    this.#pending = this.#pending.filter((item) => item.id !== id);
    const card = this.#cards.get(id);
    if (!card) return;
    card.close();
    this.#observer.unobserve(card.element);
    if (card.element.contains(document.activeElement)) neighbour(card.element)?.focus();
    const group = card.element.parentElement;
    card.element.remove();
    if (!group?.firstElementChild) group?.remove();
    this.#cards.delete(id);
  }

  clear() {
    this.#pending = [];
    this.#observer.disconnect();
    for (const card of this.#cards.values()) card.close();
    this.#cards.clear();
    this.#framed = false;
    this.#lastId = 0;
    this.#clearing = true;
    this.#list.hidden = true;
    this.#schedule();
  }

  /** Puts the focus on a card's button, where it was before a dialog. @param {number} id */
  focus(id) {
    this.#cards.get(id)?.part('open')?.focus();
  }

  #schedule() {
    if (this.#scheduled || !(this.#clearing || this.#pending.length)) return;
    this.#scheduled = true;
    nextFrame(() => {
      this.#scheduled = false;
      const deadline = performance.now() + FRAME_BUDGET;
      if (this.#clearing) this.#sweep(deadline);
      else this.#make(deadline);
      this.#schedule();
    });
  }

  /** Removes the cards of a cleared gallery, which is hidden meanwhile. @param {number} deadline */
  #sweep(deadline) {
    while (this.#list.lastChild && performance.now() < deadline) this.#list.lastChild.remove();
    this.#clearing = this.#list.lastChild !== null;
    this.#list.hidden = this.#clearing;
  }

  /** @param {number} deadline */
  #make(deadline) {
    let count = 0;
    while (count < this.#pending.length && performance.now() < deadline) {
      const item = this.#pending[count];
      const card = this.#cards.get(item.id);
      if (card) card.draw();
      else this.#place(item);
      count += 1;
    }
    this.#pending = this.#pending.slice(count);
  }

  /** Creates an item's card, at the end or where it was before it was removed. @param {Item} item */
  #place(item) {
    const next =
      item.id < this.#lastId &&
      [...this.#cards.keys()].sort((a, b) => a - b).find((id) => id > item.id);
    this.#lastId = Math.max(this.#lastId, item.id);
    const card = new Card(item, (ratio) => this.#fitFrames(ratio));
    if (next) this.#cards.get(next)?.element.before(card.element);
    else this.#group().append(card.element);
    this.#cards.set(item.id, card);
    this.#observer.observe(card.element);
  }

  /** The last group, or a new one if it is full. @returns {Element} */
  #group() {
    const last = this.#list.lastElementChild;
    if (last && last.childElementCount < GROUP) return last;
    const group = document.createElement('ul');
    group.className = 'group';
    this.#list.append(group);
    return group;
  }

  /**
   * The first picture determines all frames' proportions, because photos of a folder mostly share them.
   * @param {number} ratio width / height
   */
  #fitFrames(ratio) {
    if (this.#framed) return;
    this.#framed = true;
    this.#list.style.setProperty('--frame', String(Math.min(1.6, Math.max(0.75, ratio))));
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #seen(entries) {
    for (const { isIntersecting, target } of entries) {
      const id = Number(/** @type {HTMLElement} */ (target).dataset.id);
      this.#cards.get(id)?.near(isIntersecting);
    }
  }
}

/**
 * The button to focus when a card is removed: the next card's, or the previous one's.
 * @param {Element} card
 * @returns {HTMLElement | undefined}
 */
function neighbour(card) {
  const buttons = /** @type {HTMLElement[]} */ ([
    ...document.querySelectorAll('.card [data-role=remove]'),
  ]);
  const at = buttons.findIndex((button) => card.contains(button));
  return buttons[at + 1] ?? buttons[at - 1];
}
