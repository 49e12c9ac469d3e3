/**
 * Whether results stay when the page is closed, and the space that they take. What stores them is fetched when
 * the page has started.
 */
import { failureOf } from '../failure.js';
import { Writer } from '../files/writer.js';
import { confirmed } from '../page/confirm.js';
import { button, byId, write } from '../page/dom.js';
import { formatBytes, text } from '../page/messages.js';
import { inMemory } from './result.js';
import { counts } from './tally.js';

/** @import { Failure } from '../failure.js' */
/** @import { Keep } from './keep.js' */
/** @import { Item, Made, Queue, Result } from './queue.js' */

/**
 * @typedef {object} Page
 * @property {Queue} run
 * @property {() => Worker} spawn starts the worker that writes
 * @property {(items: Item[]) => void} onReopen called with the gallery from before a reload
 * @property {() => void} onFull the run has to pause
 * @property {() => void} onChange
 * @property {() => void} onFree everything is to be removed for good
 */

/** @type {Page} */
let page;
/** Null: results are in memory. @type {Keep | null} */
let keep = null;
/** Why results are in memory. @type {Failure | null} */
let trouble = null;
/** Resolves when the gallery from before a reload is there, or there is none. */
let opened = Promise.resolve();

/** @param {Page} parts */
export function setUpKept(parts) {
  page = parts;
  button('free').addEventListener('click', free);
  opened = open();
}

/** Nothing may be added before. */
export const reopened = () => opened;

async function open() {
  try {
    const root = await navigator.storage.getDirectory();
    const { Keep } = await import('./keep.js');
    const writer = new Writer(page.spawn);
    const found = new Keep(page.run, root, writer, (problem) => {
      console.warn(`${problem.code}: ${problem.detail}`);
      trouble = problem;
      if (problem.code === 'storage-full') page.onFull();
      page.onChange();
    });
    const items = await found.reopen();
    keep = found;
    if (items.length > 0) page.onReopen(items);
    if (found.others.length > 0) found.weighOthers().then(page.onChange, () => {});
  } catch (error) {
    trouble = failureOf(error, 'storage-unavailable');
    console.warn(`${trouble.code}: ${trouble.detail}`);
  }
}

/** A run begins: what is known of it is stored. */
export async function beginKeeping() {
  await opened;
  trouble = keep ? null : trouble;
  await keep?.begin();
}

/** @param {Item} item @param {Made} made @returns {Promise<Result>} */
export const store = (item, made) => (keep ? keep.store(item, made) : inMemory(made));

/** Something about items has changed, or they were removed. @param {Item[]} items */
export const note = (items) => keep?.note(items);

/** They can no longer be put back. @param {Item[]} items */
export function forget(items) {
  keep?.forget(items);
}

async function free() {
  if (!(await confirmed(text('stored.confirm'), text('confirm.delete')))) return;
  page.onFree();
  await keep?.forgetOthers();
  page.onChange();
}

/** How much space results take, or that they do not stay. */
export function showKept() {
  const { bytes, results } = counts(page.run);
  const taken = bytes + (keep?.otherBytes ?? 0);
  byId('stored').hidden = taken === 0 && !(results > 0 && trouble);
  button('free').hidden = taken === 0;
  const size = { size: formatBytes(taken) };
  write(byId('stored-words'), trouble ? text('stored.memory') : text('stored.space', size));
}
