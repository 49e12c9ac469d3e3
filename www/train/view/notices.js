/** Notices for the person, each of which can be dismissed. */
import { byId, label, made, removeFocused } from '../../page/dom.js';
import { text } from '../../page/messages.js';
import { announce, detailOf } from '../../page/say.js';
import { sentence } from './words.js';

/** @import { Notice } from '../../page/notices.js' */

/** @type {Map<number, HTMLElement>} */
const shown = new Map();

/** @param {import('../snapshot.js').Snapshot} snapshot @param {(id: number) => void} onDismiss */
export function showNotices({ notices, names }, onDismiss) {
  const ids = new Set(notices.map(({ id }) => id));
  for (const [id, line] of shown) {
    if (ids.has(id)) continue;
    removeFocused(line, 'button');
    shown.delete(id);
  }
  for (const notice of notices) {
    if (shown.has(notice.id)) continue;
    const words = sentence(notice, names);
    const line = lineOf(notice, words, onDismiss);
    shown.set(notice.id, line);
    // The latest on top, because it matters most.
    byId('train-notices').prepend(line);
    announce(words);
  }
}

/** @param {Notice} notice @param {string} words @param {(id: number) => void} onDismiss */
function lineOf({ id, tone, code, detail }, words, onDismiss) {
  const line = document.createElement('li');
  line.className = `remark ${tone}`;
  line.dataset.code = code;
  line.dataset.testid = 'train-notice';
  const close = made('button', '×', 'tool');
  close.type = 'button';
  label(close, text('name.of', { what: text('train.dismiss'), name: words }));
  close.addEventListener('click', () => onDismiss(id));
  const said = made('p', words);
  const more = detailOf({ code, detail });
  if (more) said.append(Object.assign(made('small', more, 'detail'), { lang: 'en' }));
  line.append(said, close);
  return line;
}
