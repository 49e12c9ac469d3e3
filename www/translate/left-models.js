/** The files of several that are no models here, each with the reason, to unfold. */
import { byId, made, shownName } from '../page/dom.js';
import { errorText, text } from '../page/messages.js';

/** @import { Failure } from '../failure.js' */

/** Most files to list. */
const LISTED = 10;

/** @param {(Failure & { name: string })[]} left none: there is nothing to unfold */
export function showLeft(left) {
  const details = /** @type {HTMLDetailsElement} */ (byId('left-models'));
  details.hidden = left.length === 0;
  details.open = false;
  const lines = left.slice(0, LISTED).map(({ name, code, values }) => {
    const line = document.createElement('li');
    line.append(made('bdi', shownName(name)), ': ', errorText(code, values));
    return line;
  });
  if (left.length > LISTED)
    lines.push(made('li', text('models.more', { n: left.length - LISTED })));
  details.querySelector('ul')?.replaceChildren(...lines);
}
