/**
 * Says so where the page's own code does not start: a file that did not arrive, or a browser that cannot read
 * it. So this is a plain script, and in words that old browsers know.
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
    // Of what the markup asks for, only a script that is missing keeps the page from starting.
    if (event.target instanceof Element && event.target.tagName !== 'SCRIPT') return;
    if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', check);
    else check();
  };
  addEventListener('error', failed, true);
  addEventListener('unhandledrejection', failed);
  setTimeout(check, 'noModule' in HTMLScriptElement.prototype ? PATIENCE : 0);
  // What was only slow takes the notice away again.
  new MutationObserver(check).observe(page, { attributeFilter: ['data-started'] });
})();
