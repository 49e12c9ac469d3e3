/**
 * Zoom for the comparison in the viewer. What a pointer does:
 *
 * - Two fingers zoom and move the picture, from its fitting size to eight times that.
 * - One finger on the line, or near it, drags the line. Elsewhere it moves a picture that is zoomed, or, going
 *   sideways over one that is not, changes to the next or previous one. A tap takes the line there.
 * - A double tap or double click zooms in there, and back out.
 * - A mouse drags the line from anywhere, as long as nothing is zoomed; then it does what a finger does. The wheel
 *   with Ctrl zooms, which is also how trackpads pinch.
 * - The keys + and - zoom, 0 goes back, and Shift with an arrow key moves the picture.
 */

const MOST = 8;
/** Of a double tap. */
const CLOSER = 2.5;
const BY_KEY = 1.5;
/** Pixels that a key moves the picture. */
const STRIDE = 80;
/** How near the line a pointer takes it, in pixels: half a fingertip. */
const NEAR = 24;
/** Pixels from which a movement is one, and from which it changes the picture. */
const SLACK = 8;
const SWIPE = 60;
/** Milliseconds and pixels between the taps of a double tap. */
const DOUBLE = { time: 300, distance: 30 };

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {'line' | 'undecided' | 'pan' | 'swipe' | 'pinch' | 'none'} Gesture */

/**
 * Makes whatever comparison is in a frame zoomable; another one begins at its fitting size.
 * @param {HTMLElement} frame
 * @param {(by: 1 | -1) => void} onSwipe to the next or previous picture
 */
export function mountZoom(frame, onSwipe) {
  new MutationObserver(() => reset()).observe(frame, { childList: true });
  let scale = 1;
  /** Where the picture's corner is, from where it fits. */
  let at = { x: 0, y: 0 };
  /** @type {Gesture} */
  let gesture = 'none';
  /** @type {Map<number, Point>} */
  const pointers = new Map();
  let start = { x: 0, y: 0 };
  let lastTap = { x: 0, y: 0, time: 0 };
  /** The click that ends a gesture is none. */
  let wasGesture = false;
  let byFinger = false;

  const picture = () => /** @type {HTMLElement | null} */ (frame.querySelector('.compare'));

  function reset() {
    scale = 1;
    at = { x: 0, y: 0 };
    draw();
  }

  function draw() {
    const shown = picture();
    if (!shown) return;
    const moved = scale !== 1 || at.x !== 0 || at.y !== 0;
    shown.style.transform = moved ? `translate(${at.x}px, ${at.y}px) scale(${scale})` : '';
    shown.style.setProperty('--zoom', String(scale));
  }

  /** Keeps the picture over its frame, or in the middle of it. */
  function clamp() {
    const shown = picture();
    if (!shown) return;
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = shown;
    const within = (
      /** @type {number} */ value,
      /** @type {number} */ from,
      /** @type {number} */ size,
      /** @type {number} */ room,
    ) => {
      const spare = room - size * scale;
      if (spare >= 0) return spare / 2 - from;
      return Math.min(-from, Math.max(spare - from, value));
    };
    at.x = within(at.x, offsetLeft, offsetWidth, frame.clientWidth);
    at.y = within(at.y, offsetTop, offsetHeight, frame.clientHeight);
  }

  /** Zooms so that what is under a point stays there. @param {number} wanted @param {Point} point of the window */
  function zoomTo(wanted, point) {
    const shown = picture();
    if (!shown) return;
    const next = Math.min(MOST, Math.max(1, wanted));
    const box = shown.getBoundingClientRect();
    const ratio = next / scale - 1;
    at.x -= (point.x - box.left) * ratio;
    at.y -= (point.y - box.top) * ratio;
    scale = next;
    clamp();
    if (scale === 1) at = { x: 0, y: 0 };
    draw();
  }

  const middle = () => {
    const { left, top, width, height } = frame.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2 };
  };

  /** @param {PointerEvent} event */
  function isNearLine({ clientX }) {
    const line = picture()?.querySelector('.handle')?.getBoundingClientRect();
    return line !== undefined && Math.abs(clientX - (line.left + line.width / 2)) <= NEAR;
  }

  /** @param {PointerEvent} event */
  function down(event) {
    if (event.button !== 0 || !picture()?.contains(/** @type {Node} */ (event.target))) return;
    pointers.set(event.pointerId, pointOf(event));
    // Of two fingers, the first may have come down on the line.
    const [first] = pointers.values();
    if (pointers.size === 2 && (gesture !== 'line' || distance(start, first) <= SLACK)) {
      begin('pinch', event);
      event.stopPropagation();
    }
    if (pointers.size > 1) return;
    wasGesture = false;
    start = pointOf(event);
    byFinger = event.pointerType === 'touch';
    gesture = isNearLine(event) || (!byFinger && scale === 1) ? 'line' : 'undecided';
    // The comparison moves the line at once for a mouse, and for a finger only after a tap.
    if (gesture === 'undecided' && !byFinger) event.stopPropagation();
  }

  /** @param {Gesture} which @param {PointerEvent} event */
  function begin(which, event) {
    gesture = which;
    wasGesture = true;
    frame.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  function move(event) {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = pointOf(event);
    if (gesture === 'line') {
      pointers.set(event.pointerId, now);
      return;
    }
    event.stopPropagation();
    if (gesture === 'pinch') pinch(event.pointerId, now);
    pointers.set(event.pointerId, now);
    const across = now.x - start.x;
    const along = now.y - start.y;
    if (gesture === 'undecided' && Math.hypot(across, along) > SLACK) {
      if (scale > 1) begin('pan', event);
      else if (Math.abs(across) > Math.abs(along)) begin('swipe', event);
      else gesture = 'none';
    }
    if (gesture === 'pan') {
      at.x += now.x - before.x;
      at.y += now.y - before.y;
      clamp();
      draw();
    }
    if (gesture === 'swipe') {
      at.x = across;
      draw();
    }
  }

  /** @param {number} id of the finger that moves @param {Point} now */
  function pinch(id, now) {
    const before = /** @type {Point} */ (pointers.get(id));
    const other = [...pointers].find(([one]) => one !== id)?.[1];
    if (!other) return;
    const spread = distance(now, other) / Math.max(1, distance(before, other));
    at.x += (now.x - before.x) / 2;
    at.y += (now.y - before.y) / 2;
    draw();
    zoomTo(scale * spread, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
  }

  /** @param {PointerEvent} event */
  function up(event) {
    if (!pointers.delete(event.pointerId)) return;
    const end = pointOf(event);
    if (gesture === 'swipe') {
      const by = end.x - start.x;
      reset();
      if (event.type === 'pointerup' && Math.abs(by) > SWIPE) onSwipe(by < 0 ? 1 : -1);
    }
    if (pointers.size === 1 && gesture === 'pinch') gesture = 'pan';
    if (pointers.size > 0) return;
    const isTap = event.type === 'pointerup' && distance(start, end) <= SLACK && !wasGesture;
    if (isTap && byFinger) tap(end, event.timeStamp);
    gesture = 'none';
  }

  /** @param {Point} point @param {number} time */
  function tap(point, time) {
    const isSecond =
      time - lastTap.time < DOUBLE.time && distance(point, lastTap) < DOUBLE.distance;
    lastTap = { ...point, time: isSecond ? 0 : time };
    if (!isSecond) return;
    wasGesture = true;
    zoomTo(scale > 1 ? 1 : CLOSER, point);
  }

  const listen = { capture: true };
  frame.addEventListener('pointerdown', down, listen);
  frame.addEventListener('pointermove', move, listen);
  frame.addEventListener('pointerup', up, listen);
  frame.addEventListener('pointercancel', up, listen);
  frame.addEventListener(
    'click',
    (event) => {
      if (wasGesture) event.stopPropagation();
    },
    listen,
  );
  frame.addEventListener('dblclick', (event) => {
    if (!byFinger) zoomTo(scale > 1 ? 1 : CLOSER, pointOf(event));
  });
  frame.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoomTo(scale * Math.exp(-event.deltaY / 200), pointOf(event));
    },
    { passive: false },
  );
  frame.closest('dialog')?.addEventListener(
    'keydown',
    (event) => {
      const stride = event.shiftKey && scale > 1 ? STRIDES[event.key] : undefined;
      if (event.ctrlKey || event.metaKey) return; // the browser's own zoom
      if (event.key === '+' || event.key === '=') zoomTo(scale * BY_KEY, middle());
      else if (event.key === '-') zoomTo(scale / BY_KEY, middle());
      else if (event.key === '0') zoomTo(1, middle());
      else if (stride) {
        event.preventDefault();
        event.stopPropagation();
        at.x -= stride.x * STRIDE;
        at.y -= stride.y * STRIDE;
        clamp();
        draw();
      }
    },
    listen,
  );
  addEventListener('resize', reset);
}

/** @type {Record<string, Point>} */
const STRIDES = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** @param {MouseEvent} event @returns {Point} */
const pointOf = ({ clientX, clientY }) => ({ x: clientX, y: clientY });

/** @param {Point} a @param {Point} b */
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
