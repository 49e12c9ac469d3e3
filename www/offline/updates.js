/** Registers the service worker, and says when a new version of the page waits. */
import { button, byId, write } from '../page/dom.js';
import { leave } from '../page/leaving.js';
import { text } from '../page/messages.js';
import { announce } from '../page/say.js';
import { BUSY, TAKE_OVER, TIDY } from './messages.js';

/** Milliseconds between two looks for a new version, besides the browser's own at each visit. */
const LOOK_EVERY = 3_600_000;

/** Without a service worker, as by plain http, the page works as long as there is a network. */
export async function register() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  try {
    const url = new URL('sw.js', document.baseURI);
    watch(await serviceWorker.register(url, { updateViaCache: 'none' }));
    (await serviceWorker.ready).active?.postMessage(TIDY);
  } catch {
    // Refused, for example in a private window.
  }
}

/** @param {ServiceWorkerRegistration} registration */
function watch(registration) {
  const { serviceWorker } = navigator;
  /** A page that came from the network is as new as it can be. */
  const isOld = () => registration.waiting !== null && serviceWorker.controller !== null;
  const tell = () => {
    if (!isOld() || !byId('update').hidden) return;
    byId('update').hidden = false;
    announce(text('update.ready'));
  };
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', tell);
  });
  tell();
  lookAgain(registration);

  let wanted = false;
  const refuse = () => {
    wanted = false;
    write(byId('update-words'), text('update.later'));
  };
  button('update-now').addEventListener('click', () => {
    if (isAtWork()) return refuse();
    wanted = true;
    if (registration.waiting) registration.waiting.postMessage(TAKE_OVER);
    else leave(location.href); // it has taken over, on the request of another tab
  });
  serviceWorker.addEventListener('message', ({ data }) => {
    if (data === BUSY) refuse();
  });
  serviceWorker.addEventListener('controllerchange', () => {
    if (wanted) location.reload();
  });
}

/** Whether something runs here, or would be lost: those who would ask before leaving say so. */
function isAtWork() {
  const leaving = new Event('beforeunload', { cancelable: true });
  return !dispatchEvent(leaving) || document.querySelector('[aria-busy=true]') !== null;
}

/** A page may be open for days. @param {ServiceWorkerRegistration} registration */
function lookAgain(registration) {
  let last = Date.now();
  document.addEventListener('visibilitychange', () => {
    if (document.hidden || Date.now() - last < LOOK_EVERY) return;
    last = Date.now();
    registration.update().catch(() => {});
  });
}
