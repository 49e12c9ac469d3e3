/** Files that are chosen or dropped in the Live view. */
import { holdsWeights, ONNX_NAME, WEIGHTS_NAME } from '../files/weights-kind.js';
import { currentView } from '../page/views.js';

/**
 * @param {HTMLInputElement} field
 * @param {HTMLElement[]} areas that show what is dragged over them
 * @param {object} page
 * @param {(file: File) => void} page.onVideo for what is no model, whatever it is
 * @param {(files: File[]) => void} page.onModels
 */
export function listenForFiles(field, areas, { onVideo, onModels }) {
  const take = async (/** @type {File[]} */ files) => {
    const models = await modelsAmong(files);
    const others = files.filter((file) => !models.includes(file));
    const video = others.find(({ type }) => type.startsWith('video/')) ?? others[0];
    if (models.length > 0) onModels(models);
    if (video && (models.length === 0 || video.type.startsWith('video/'))) onVideo(video);
  };
  field.addEventListener('change', () => {
    const files = [...(field.files ?? [])];
    field.value = ''; // so that the same file can be chosen again
    take(files);
  });
  let leaving = 0;
  const over = (/** @type {boolean} */ isOver) => {
    for (const area of areas) area.toggleAttribute('data-over', isOver);
  };
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
    if (brings(event)) take([...(event.dataTransfer?.files ?? [])]);
  });
}

/** @param {File[]} files */
async function modelsAmong(files) {
  const models = await Promise.all(files.map(isModel));
  return files.filter((_, i) => models[i]);
}

/** By name also what is damaged, which Translate explains. A dropped folder cannot be read. @param {File} file */
const isModel = (file) =>
  WEIGHTS_NAME.test(file.name) ||
  ONNX_NAME.test(file.name) ||
  holdsWeights(file).catch(() => false);
