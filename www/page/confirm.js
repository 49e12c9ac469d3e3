/** Asks before something is lost for good. */
import { button, byId } from './dom.js';

/**
 * @param {string} words what would be lost
 * @param {string} yes label of the button that confirms
 * @returns {Promise<boolean>} false also if the dialog is closed with Escape
 */
export function confirmed(words, yes) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('confirm'));
  byId('confirm-words').textContent = words;
  button('confirm-yes').textContent = yes;
  button('confirm-no').onclick = () => dialog.close('no');
  button('confirm-yes').onclick = () => dialog.close('yes');
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
