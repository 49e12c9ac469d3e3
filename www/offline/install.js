/** A button that installs the page as an app, where and as long as the browser offers that. */
import { button } from '../page/dom.js';

/** @typedef {Event & { prompt: () => Promise<unknown> }} Offer Chromium's `BeforeInstallPromptEvent` */

/** Shows the button once the browser makes its offer, which is never where the page is installed. */
export function offerToInstall() {
  const install = button('install');
  /** @type {Offer | null} */
  let offer = null;
  const gone = () => {
    offer = null;
    install.hidden = true;
  };
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault(); // no banner over the page
    offer = /** @type {Offer} */ (event);
    install.hidden = false;
  });
  addEventListener('appinstalled', gone);
  install.addEventListener('click', async () => {
    const asked = offer;
    gone(); // an offer can be taken once
    await asked?.prompt().catch(() => {});
  });
}
