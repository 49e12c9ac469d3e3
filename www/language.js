/** Puts the page into the visitor's language, once, before anything else is shown. */
import { byId } from './dom.js';
import { chooseLanguage, fillWords, loadMessages, text } from './messages.js';

/** @param {URLSearchParams} query `?lang=` goes before what the browser prefers */
export async function translatePage(query) {
  const language = chooseLanguage(query.get('lang'), navigator.languages);
  await loadMessages(language);
  document.documentElement.lang = language;
  document.title = text('title');
  fillWords(document);
  // What cards are made from later.
  for (const template of document.querySelectorAll('template')) fillWords(template.content);
  byId('support').textContent = text('device.opening');
  showChoice(query, language);
}

/**
 * Links to this page in the other languages, with the rest of its address.
 * @param {URLSearchParams} query
 * @param {string} language
 */
function showChoice(query, language) {
  for (const link of document.querySelectorAll('a[hreflang]')) {
    const other = link.getAttribute('hreflang') ?? '';
    const address = new URLSearchParams(query);
    address.set('lang', other);
    link.setAttribute('href', `?${address}`);
    // Which view is shown may have changed since.
    link.addEventListener('click', () => link.setAttribute('href', `?${address}${location.hash}`));
    if (other === language) link.setAttribute('aria-current', 'true');
  }
}
