/** Sets the page's language, once, before anything else is shown. */
import { confirmed } from './confirm.js';
import { byId } from './dom.js';
import { leave } from './leaving.js';
import { chooseLanguage, fillWords, loadMessages, text } from './messages.js';

/**
 * @param {URLSearchParams} query `?lang=` overrides the browser's preference
 * @param {() => boolean} wouldLose whether leaving the page now would lose something
 */
export async function translatePage(query, wouldLose) {
  const asked = chooseLanguage(query.get('lang'), navigator.languages);
  const language = await loadMessages(asked);
  document.documentElement.lang = language;
  document.title = text('title');
  fillWords(document);
  // The templates of later cards.
  for (const template of document.querySelectorAll('template')) fillWords(template.content);
  byId('support').textContent = text('device.opening');
  showChoice(query, language, wouldLose);
}

/**
 * Links to this page in other languages, keeping the rest of its address.
 * @param {URLSearchParams} query
 * @param {string} language
 * @param {() => boolean} wouldLose
 */
function showChoice(query, language, wouldLose) {
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (
    document.querySelectorAll('a[hreflang]')
  )) {
    const other = link.getAttribute('hreflang') ?? '';
    const address = new URLSearchParams(query);
    address.set('lang', other);
    link.setAttribute('href', `?${address}`);
    link.addEventListener('click', async (event) => {
      // The current view may have changed since.
      const href = `?${address}${location.hash}`;
      link.setAttribute('href', href);
      if (!wouldLose() || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (await confirmed(text('confirm.language'), text('confirm.leave'))) leave(href);
    });
    if (other === language) link.setAttribute('aria-current', 'true');
  }
}
