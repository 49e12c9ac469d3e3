/** The words of Live, which come with it. */
import { addMessages, currentLanguage } from '../page/messages.js';

/** @type {Record<string, () => Promise<{ default: import('../page/messages.js').Messages }>>} */
const LOAD = {
  en: () => import('../messages/live-en.json'),
  zh: () => import('../messages/live-zh.json'),
};

/** In the page's language. */
export async function loadLiveWords() {
  addMessages((await LOAD[currentLanguage()]()).default);
}
