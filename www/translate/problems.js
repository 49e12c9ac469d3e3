/** The photos that were not translated, with reasons; and how many files were not photos. */
import { button, byId, made, shownName } from '../page/dom.js';
import { ignoredText } from '../page/left-out.js';
import { errorText, text } from '../page/messages.js';
import { counts } from './tally.js';

/** @import { Queue } from './queue.js' */

/** @type {Map<number, HTMLElement>} */
const lines = new Map();

/** Updates the list; lines that are still correct are left alone. @param {Queue} run */
export function showProblems(run) {
  for (const [id, line] of lines) {
    if (run.items.get(id)?.problem) continue;
    line.remove();
    lines.delete(id);
  }
  const fresh = document.createDocumentFragment();
  for (const { id, name, problem } of run.items.values()) {
    if (!problem || lines.has(id)) continue;
    const line = problemLine(name, problem);
    lines.set(id, line);
    fresh.append(line);
  }
  byId('problems-items').append(fresh);
  byId('problems').hidden = lines.size === 0 && run.ignored === 0;
  byId('problems-list').hidden = lines.size === 0;
  byId('problems-title').textContent = text('problems.title', { n: lines.size });
  const { failed } = counts(run);
  const focused = document.activeElement === button('retry');
  button('retry').hidden = failed === 0;
  if (focused && failed === 0) button(button('cancel').hidden ? 'translate' : 'cancel').focus();
  button('retry').textContent = text('problems.retry', { n: failed });
  byId('ignored').hidden = run.ignored === 0;
  byId('ignored').textContent = ignoredText(run.ignored, run.endings);
}

/** @param {string} name @param {import('../failure.js').Failure} problem */
function problemLine(name, { code, values }) {
  const line = document.createElement('li');
  line.dataset.code = code;
  line.append(made('bdi', shownName(name)), made('span', errorText(code, values)));
  return line;
}
