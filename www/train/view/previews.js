/**
 * Held-out photos as the networks translate them now, and their round trips. A scrubber goes back in time;
 * while it is at the end, the latest are shown as they arrive.
 */
import { byId, clone, inOrder, input, part, shownName, write } from '../../page/dom.js';
import { text } from '../../page/messages.js';
import { Pictures } from '../../page/pictures.js';
import { otherThan } from '../gather/domains.js';
import { nameOf } from './words.js';

/** @import { Preview } from '../keep/record.js' */
/** @import { RunView } from '../run/run.js' */

const pictures = new Pictures();
/** The selected step; null: the latest. @type {number | null} */
let chosen = null;
/** @type {RunView | null} */
let run = null;
/** What is drawn, to detect changes. @type {unknown[]} */
let drawn = [];

export function setUpPreviews() {
  const scrubber = input('preview-scrubber');
  scrubber.addEventListener('input', () => {
    const at = Number(scrubber.value);
    chosen = run && at < run.previews.length - 1 ? run.previews[at].step : null;
    draw();
  });
}

/** @param {RunView} next */
export function showPreviews(next) {
  if (next.id !== run?.id) chosen = null;
  run = next;
  draw();
}

function draw() {
  if (!run) return;
  const sets = run.previews;
  // A long run drops some sets: choose the nearest.
  const reached = sets.filter(({ step }) => chosen === null || step <= chosen);
  const at = Math.max(0, reached.length - 1);
  const set = sets[at];
  const shown = [set, sets.length, run.names];
  if (shown.every((one, i) => one === drawn[i]) && drawn.length > 0) return;
  drawn = shown;
  const scrubber = input('preview-scrubber');
  byId('scrubber-row').hidden = sets.length < 2;
  scrubber.max = String(Math.max(0, sets.length - 1));
  scrubber.value = String(at);
  const step = set ? text('preview.step', { n: set.step }) : '';
  scrubber.setAttribute('aria-valuetext', step);
  write(byId('preview-step'), step);
  write(byId('preview-about'), aboutOf(set?.pictures ?? []));
  const trips = byId('trips');
  trips.dataset.step = set ? String(set.step) : '';
  const tripAt = (/** @type {number} */ i) =>
    /** @type {HTMLElement} */ (trips.children[i] ?? clone('trip'));
  inOrder(trips, set?.pictures ?? [], tripAt, drawTrip);
  pictures.sweep();
}

/** @param {Preview[]} shown */
function aboutOf(shown) {
  if (shown.length === 0) return text('preview.none');
  return text(shown.every(({ heldOut }) => heldOut) ? 'preview.about' : 'preview.seen');
}

/** @param {HTMLElement} trip @param {Preview} picture */
function drawTrip(trip, picture) {
  const names = /** @type {RunView} */ (run).names;
  const { domain } = picture;
  const other = otherThan(domain);
  trip.dataset.domain = domain;
  trip.dataset.index = String(picture.index);
  trip.style.setProperty('--ratio', String(picture.width / picture.height));
  const here = nameOf(names, domain);
  const words = {
    input: here,
    translated: nameOf(names, other),
    back: text('preview.back', { name: here }),
  };
  for (const role of /** @type {const} */ (['input', 'translated', 'back'])) {
    const image = /** @type {HTMLImageElement} */ (part(trip, role));
    image.width = picture.width;
    image.height = picture.height;
    pictures.show(image, picture[role], `${shownName(picture.name)}: ${words[role]}`);
    write(part(trip, `tag-${role}`), words[role]);
    part(trip, `tag-${role}`).dataset.domain = role === 'translated' ? other : domain;
  }
  write(part(trip, 'note'), shownName(picture.name));
}
