/**
 * Reports when the page's own code does not start: a file was not loaded, or the browser cannot parse it. So
 * this is a plain script, in a language that old browsers know.
 */
(() => {
  /** How long the page may take to start, in milliseconds. */
  const PATIENCE = 20000;
  const page = document.documentElement;

  const check = () => {
    const notice = document.getElementById('boot-failed');
    if (notice) notice.hidden = 'started' in page.dataset;
  };
  /** @param {Event} event */
  const failed = (event) => {
    // Of everything in the markup, only a missing script keeps the page from starting.
    if (event.target instanceof Element && event.target.tagName !== 'SCRIPT') return;
    if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', check);
    else check();
  };
  addEventListener('error', failed, true);
  addEventListener('unhandledrejection', failed);
  setTimeout(check, 'noModule' in HTMLScriptElement.prototype ? PATIENCE : 0);
  // If it was only slow, the notice disappears again.
  new MutationObserver(check).observe(page, { attributeFilter: ['data-started'] });
})();
