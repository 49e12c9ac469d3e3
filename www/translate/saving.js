/** Saves results when the person asks for them. What writes them is fetched then. */
import { notFetched } from '../failure.js';
import { button } from '../page/dom.js';
import { text } from '../page/messages.js';
import { announce, tellFailure } from '../page/say.js';

/** @import { Item, Queue } from './queue.js' */

/** @typedef {(items: Item[]) => void} OnSaved called with items whose results are saved now */

/**
 * @param {Item} item
 * @param {'saveOne' | 'shareOne'} how
 * @param {OnSaved} onSaved
 */
export async function save(item, how, onSaved) {
  try {
    const results = await import('./results.js').catch(notFetched);
    await results[how](item);
    onSaved([item]);
  } catch (error) {
    tellFailure(error);
  }
}

/** Downloads all results. @param {Queue} run @param {OnSaved} onSaved */
export async function saveAll(run, onSaved) {
  const pressed = button('download');
  if (pressed.ariaBusy) return;
  pressed.ariaBusy = 'true';
  pressed.textContent = text('controls.downloading');
  try {
    const { saveZip } = await import('./results.js').catch(notFetched);
    onSaved(await saveZip(run));
    announce(text('progress.packed'));
  } catch (error) {
    tellFailure(error);
  }
  pressed.ariaBusy = null;
  pressed.textContent = text('controls.download');
}
