/** Adding photos and models: dropped anywhere on the page, picked, pasted, or painted as samples. */
import { fromDrop, fromInput, fromPaste } from '../files/walk.js';
import { byId, input } from '../page/dom.js';
import { text } from '../page/messages.js';
import { currentView } from '../page/views.js';

/** @import { Candidate } from '../files/walk.js' */

/** @typedef {AsyncGenerator<import('../files/walk.js').Chunk>} Chunks */

/** Sample scenes: enough to fill a gallery, at a size that is fast on any device. */
const SCENES = 6;
const SCENE = { width: 512, height: 384 };
/** The places painted first, because they look best. */
const FINEST = { summer: [6, 5, 10, 8, 13, 22], winter: [20, 6, 2, 8, 13, 22] };
let scenesPainted = 0;

/**
 * @param {object} page
 * @param {() => number} page.room how many more photos are accepted
 * @param {(chunks: Chunks) => void} page.onFiles
 * @param {(models: Candidate[]) => void} page.onModels for those picked as models, whatever they are
 */
export function listenForFiles({ room, onFiles, onModels }) {
  for (const id of ['photos', 'camera', 'folder']) {
    const picked = taken(input(id), (files) => onFiles(fromInput(files, room())));
    input(id).addEventListener('change', picked);
  }
  const models = (/** @type {File[]} */ files) =>
    onModels(files.map((file) => ({ file, path: file.name })));
  input('weights').addEventListener('change', taken(input('weights'), models));
  document.addEventListener('paste', (event) => {
    if (currentView() === 'translate' && event.clipboardData?.files.length)
      onFiles(fromPaste(event.clipboardData, room()));
  });
  listenForDrops((data) => onFiles(fromDrop(data, room())));
}

/** @param {HTMLInputElement} field @param {(files: File[]) => void} onPick */
function taken(field, onPick) {
  return () => {
    const files = [...(field.files ?? [])];
    field.value = ''; // so that the same files can be picked again
    if (files.length > 0) onPick(files);
  };
}

/** @param {(data: DataTransfer) => void} onDrop */
function listenForDrops(onDrop) {
  const veil = byId('veil');
  let leaving = 0;
  const hide = () => {
    veil.hidden = true;
  };
  // Also for other things than files: a link dropped by mistake would replace the page.
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.dataTransfer.dropEffect = 'copy';
    if (currentView() !== 'translate') return;
    veil.hidden = false;
    clearTimeout(leaving);
    // dragover fires many times a second during a drag, and then stops.
    leaving = window.setTimeout(hide, 250);
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    hide();
    if (currentView() !== 'translate') return; // the other views have drop areas of their own
    if (event.dataTransfer?.types.includes('Files')) onDrop(event.dataTransfer);
  });
}

/**
 * Paints sample photos of the seasons that a model expects; different scenes each time.
 * @param {Pick<import('../engine/client.js').EngineClient, 'paint'>} engine
 * @param {import('../pkg/cyclegan_web.js').Season[]} seasons taken in turn
 * @returns {Promise<{ name: string, file: File }[]>}
 */
export async function paintSamples(engine, seasons) {
  const painted = [];
  for (let n = 0; n < SCENES; n += 1) {
    const season = seasons[n % seasons.length];
    scenesPainted += 1;
    const seed = FINEST[season][scenesPainted - 1] ?? scenesPainted + 100;
    const picture = await engine.paint({ season, seed, ...SCENE });
    const values = { season: text(`samples.${season}`), n: scenesPainted };
    const name = text('samples.name', values);
    painted.push({ name, file: new File([picture], name, { type: 'image/png' }) });
  }
  return painted;
}
