/**
 * Before and after in one picture: the photo covers its translation up to a line, which the pointer drags
 * from anywhere on the picture; with a finger, by moving sideways or tapping. The line is a range input,
 * which provides keyboard control, a role and a value for free; it ignores the pointer itself, because its
 * thumb is not where the line is.
 */
import { clone, label, part, shownName } from './dom.js';
import { formatPercent, text } from './messages.js';

/** Makes a `.compare` element interactive. @param {HTMLElement} root as in the template of index.html */
export function mountCompare(root) {
  const range = /** @type {HTMLInputElement} */ (root.querySelector('input[type=range]'));

  const show = () => {
    root.style.setProperty('--at', `${range.value}%`);
    range.setAttribute(
      'aria-valuetext',
      text('compare.value', { percent: formatPercent(Number(range.value) / 100) }),
    );
  };
  /** @param {MouseEvent} event */
  const follow = (event) => {
    const box = root.getBoundingClientRect();
    range.value = String(((event.clientX - box.left) / box.width) * 100);
    show();
  };

  /** A finger on the picture that may be about to scroll. @type {PointerEvent | null} */
  let pressed = null;
  /** The pointer dragging the line. @type {number | null} */
  let dragging = null;
  /** @param {PointerEvent} event */
  const drag = (event) => {
    pressed = null;
    dragging = event.pointerId;
    root.setPointerCapture(event.pointerId);
  };

  range.addEventListener('input', show);
  root.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    if (event.pointerType === 'touch') {
      pressed = event;
      return;
    }
    drag(event);
    follow(event);
  });
  root.addEventListener('pointermove', (event) => {
    if (pressed?.pointerId === event.pointerId && isAcross(pressed, event)) drag(event);
    if (dragging === event.pointerId) follow(event);
  });
  for (const end of /** @type {const} */ (['pointerup', 'pointercancel'])) {
    root.addEventListener(end, (event) => {
      if (dragging === event.pointerId) dragging = null;
      if (end === 'pointercancel') pressed = null; // the page scrolls
    });
  }
  root.addEventListener('click', (event) => {
    if (pressed) follow(event); // a tap
    pressed = null;
    // A click would take the focus from the range; keep it there for the arrow keys.
    range.focus({ preventScroll: true });
  });
  root.addEventListener('dragstart', (event) => event.preventDefault());
  show();
}

/** How far a finger moves before its direction is clear, in pixels. */
const SLACK = 6;

/** Whether a finger moves sideways rather than up or down. @param {MouseEvent} from @param {MouseEvent} to */
function isAcross(from, to) {
  const across = Math.abs(to.clientX - from.clientX);
  return across > SLACK && across > Math.abs(to.clientY - from.clientY);
}

/**
 * A new comparison from the template.
 * @param {{ before: string, after: string, width: number, height: number, name: string }} pictures blob URLs,
 *   and the size of both in pixels
 * @returns {HTMLElement}
 */
export function createCompare({ before, after, width, height, name }) {
  const root = clone('compare');
  root.style.setProperty('--ratio', String(width / height));
  for (const [role, url] of Object.entries({ before, after })) {
    const image = /** @type {HTMLImageElement} */ (part(root, role));
    image.width = width;
    image.height = height;
    image.alt = text(`compare.alt.${role}`, { name: shownName(name) });
    image.src = url;
  }
  const range = /** @type {HTMLInputElement} */ (root.querySelector('input'));
  label(range, text('compare.label', { name: shownName(name) }));
  mountCompare(root);
  return root;
}
