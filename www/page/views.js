/**
 * Translate, Train and Live: tabs on one page. The address has the current one (`#train`), so that a reload and
 * the back button return to it.
 */
import { byId } from './dom.js';

/** @typedef {'translate' | 'train' | 'live'} View */

const VIEWS = /** @type {const} */ (['translate', 'train', 'live']);
const KEYS = /** @type {Record<string, (at: number) => number>} */ ({
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  Home: () => 0,
  End: () => -1,
});

/** @returns {View} the view in the address; Translate if there is no valid one */
export function currentView() {
  return VIEWS.find((view) => location.hash === `#${view}`) ?? 'translate';
}

/** @param {View} view */
export function showView(view) {
  if (view !== currentView()) location.hash = view;
}

/** Sets up the tabs. */
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

/** Tells the style sheet the height of the current view's bar, so that nothing scrolls under it. */
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
