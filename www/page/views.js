/**
 * Translate and Train: two tabs over one page. The address keeps which one is shown (`#train`), so that a
 * reload and the way back lead to it again.
 */
import { byId } from './dom.js';

/** @typedef {'translate' | 'train'} View */

const VIEWS = /** @type {const} */ (['translate', 'train']);
const KEYS = /** @type {Record<string, (at: number) => number>} */ ({
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  Home: () => 0,
  End: () => -1,
});

/** @returns {View} what the address asks for; Translate where it asks for nothing that is known */
export function currentView() {
  return location.hash === '#train' ? 'train' : 'translate';
}

/** @param {View} view */
export function showView(view) {
  if (view !== currentView()) location.hash = view;
}

/** Brings the tabs to life. */
export function setUpViews() {
  for (const [at, view] of VIEWS.entries()) {
    const tab = byId(`tab-${view}`);
    tab.addEventListener('click', () => showView(view));
    tab.addEventListener('keydown', (event) => {
      const next = KEYS[event.key]?.(at);
      if (next === undefined) return;
      event.preventDefault();
      const goal = VIEWS.at(next % VIEWS.length) ?? view;
      showView(goal);
      byId(`tab-${goal}`).focus();
    });
  }
  addEventListener('hashchange', draw);
  draw();
  tellHeights();
}

/** Tells the style how high the bar of the shown view is, so that nothing is scrolled under it. */
function tellHeights() {
  const bars = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.bar')]);
  const observer = new ResizeObserver(() => {
    const height = Math.max(...bars.map(({ offsetHeight }) => offsetHeight));
    document.documentElement.style.setProperty('--bar', `${height}px`);
  });
  for (const bar of bars) observer.observe(bar);
}

function draw() {
  const shown = currentView();
  for (const view of VIEWS) {
    const tab = byId(`tab-${view}`);
    tab.setAttribute('aria-selected', String(view === shown));
    tab.tabIndex = view === shown ? 0 : -1;
    byId(`view-${view}`).hidden = view !== shown;
  }
  document.body.dataset.view = shown;
}
