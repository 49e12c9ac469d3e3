/** Writes results into a folder as they are made, where the browser can. If that fails, the run goes on. */
import { failureOf } from '../failure.js';
import { canChooseFolder, chooseFolder, FolderOut } from '../files/folder-out.js';
import { button, byId, write } from '../page/dom.js';
import { text } from '../page/messages.js';
import { announce, tellFailure } from '../page/say.js';

/** @import { Item, Queue, Result } from './queue.js' */

/** @type {FolderOut | null} */
let out = null;
/** @type {(items: Item[]) => void} */
let onSaved = () => {};

/** @param {Queue} run @param {(items: Item[]) => void} told called with items that are saved now */
export function setUpFolder(run, told) {
  onSaved = told;
  const pressed = button('into-folder');
  byId('into-folder-field').hidden = !canChooseFolder();
  pressed.addEventListener('click', async () => {
    try {
      if (out) out = null;
      else {
        const folder = await chooseFolder();
        if (folder) await writeAll(run, new FolderOut(folder));
      }
    } catch (error) {
      stop(error);
    }
    show();
  });
}

/** @param {Queue} run @param {FolderOut} folder */
async function writeAll(run, folder) {
  out = folder;
  show();
  let gone = null;
  for (const item of [...run.items.values()]) {
    if (out !== folder) return;
    try {
      if (item.result) await writeOne(folder, item, item.result);
    } catch (error) {
      // One that the browser has removed is no reason to withhold the others.
      if (failureOf(error).code !== 'storage-gone') throw error;
      gone = error;
    }
  }
  if (gone) tellFailure(gone);
  else announce(text('folder.written', { name: folder.name }));
}

/** A result has been made. @param {Item} item */
export async function intoFolder(item) {
  if (!out || !item.result) return;
  try {
    await writeOne(out, item, item.result);
  } catch (error) {
    stop(error);
    show();
  }
}

/** @param {FolderOut} folder @param {Item} item @param {Result} result */
async function writeOne(folder, item, result) {
  const { after } = await result.open();
  await folder.write(item.name, result.made.settings.format, after);
  item.saved = result;
  onSaved([item]);
}

/** @param {unknown} error */
function stop(error) {
  out = null;
  tellFailure(error);
}

function show() {
  const pressed = button('into-folder');
  pressed.setAttribute('aria-pressed', String(out !== null));
  write(pressed, out ? text('folder.into', { name: out.name }) : text('folder.choose'));
}
