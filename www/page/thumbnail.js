/** Small pictures of a photo and its translation, for a model's file. */

/** Longer side in pixels. */
const SIDE = 96;
const QUALITY = 0.8;

/**
 * @param {Blob | null | undefined} before
 * @param {Blob | null | undefined} after
 * @returns {Promise<[before: string, after: string] | null>} JPEGs as base64; null: they cannot be made
 */
export async function thumbnails(before, after) {
  if (!before || !after) return null;
  try {
    return [await thumbnail(before), await thumbnail(after)];
  } catch {
    return null;
  }
}

/** @param {Blob} picture */
async function thumbnail(picture) {
  const bitmap = await createImageBitmap(picture);
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const brush = canvas.getContext('2d');
  if (!brush) throw new Error('no canvas');
  brush.imageSmoothingQuality = 'high';
  brush.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const jpeg = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
  return base64(/** @type {Blob} */ (jpeg));
}

/** @param {Blob} file */
export async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
