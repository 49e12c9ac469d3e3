/** The photos of a batch, and how a peer reads and writes them. */
import { randomPicture } from '../weights.js';

/** @param {number} size */
const canvasOf = (size) => new OffscreenCanvas(size, size);

/** @param {OffscreenCanvas} canvas */
function context(canvas) {
  const found = canvas.getContext('2d', { willReadFrequently: true });
  if (!found) throw new Error('there is no canvas');
  return found;
}

/** @param {Uint8Array} rgba @param {number} size @returns {Promise<Blob>} a PNG */
export function encoded(rgba, size) {
  const canvas = canvasOf(size);
  context(canvas).putImageData(new ImageData(new Uint8ClampedArray(rgba), size, size), 0, 0);
  return canvas.convertToBlob();
}

/** @param {Blob} file @returns {Promise<Uint8Array>} RGBA */
export async function decoded(file) {
  const picture = await createImageBitmap(file);
  const { width, height } = picture;
  const drawn = context(canvasOf(width));
  drawn.drawImage(picture, 0, 0);
  picture.close();
  return new Uint8Array(drawn.getImageData(0, 0, width, height).data.buffer);
}

/** @param {number} count @param {number} size @returns {Promise<File[]>} */
export async function drawPhotos(count, size) {
  const files = [];
  for (let i = 0; i < count; i += 1) {
    files.push(new File([await encoded(randomPicture(size, i), size)], `${i}.png`));
  }
  return files;
}
