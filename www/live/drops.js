/** Files that are chosen or dropped in the Live view. */
import { currentView } from '../page/views.js';

/** @param {HTMLInputElement} field @param {HTMLElement} area that shows it @param {(file: File) => void} onFile */
export function listenForVideos(field, area, onFile) {
  field.addEventListener('change', () => {
    const [file] = field.files ?? [];
    field.value = ''; // so that the same file can be chosen again
    if (file) onFile(file);
  });
  let leaving = 0;
  const over = (/** @type {boolean} */ isOver) => area.toggleAttribute('data-over', isOver);
  const brings = (/** @type {DragEvent} */ { dataTransfer }) =>
    currentView() === 'live' && dataTransfer?.types.includes('Files');
  // What a drop would do by itself, Translate prevents for the whole page.
  document.addEventListener('dragover', (event) => {
    if (!brings(event)) return;
    over(true);
    clearTimeout(leaving);
    // dragover fires many times a second during a drag, and then stops.
    leaving = window.setTimeout(over, 250, false);
  });
  document.addEventListener('drop', (event) => {
    over(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    const file = files.find(({ type }) => type.startsWith('video/')) ?? files[0];
    if (brings(event) && file) onFile(file);
  });
}
