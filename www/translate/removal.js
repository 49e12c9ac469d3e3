/** Removes photos, which can be put back until the next run needs their space. */
import { byId } from '../page/dom.js';
import { text } from '../page/messages.js';
import { announce } from '../page/say.js';
import { forget, note } from './kept.js';
import { clearItems, forgetRemoved, removeItem, restoreItems } from './queue.js';

/** @import { Gallery } from './gallery.js' */
/** @import { Queue } from './queue.js' */

export class Removal {
  #run;
  #gallery;
  /** Files that are no photos and went with all the others. */
  #ignored = { count: 0, endings: /** @type {string[]} */ ([]) };

  /** @param {Queue} run @param {Gallery} gallery */
  constructor(run, gallery) {
    this.#run = run;
    this.#gallery = gallery;
  }

  /** @param {number} id */
  remove(id) {
    note(removeItem(this.#run, id));
    this.#gallery.remove(id);
    this.#offer();
  }

  removeAll() {
    this.#ignored = { count: this.#run.ignored, endings: [...this.#run.endings] };
    note(clearItems(this.#run));
    this.#gallery.clear();
    this.#offer();
  }

  /** What was removed is gone for good. */
  forget() {
    forget(forgetRemoved(this.#run));
    this.#ignored = { count: 0, endings: [] };
    this.#offer();
  }

  undo() {
    const run = this.#run;
    const items = [...run.removed.values()];
    restoreItems(run, items);
    run.ignored += this.#ignored.count;
    for (const ending of this.#ignored.endings) run.endings.add(ending);
    this.#ignored = { count: 0, endings: [] };
    this.#gallery.show(items);
    note(items);
    this.#offer();
  }

  /** Says what can be put back. */
  #offer() {
    const count = this.#run.removed.size;
    const words = text('drop.removed', { n: count });
    byId('removed').hidden = count === 0;
    byId('removed-words').textContent = words;
    if (count > 0) announce(words);
  }
}
