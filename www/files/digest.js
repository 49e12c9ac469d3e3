/** SHA-256, to recognise contents. */

/**
 * @param {BufferSource} bytes
 * @returns {Promise<string | null>} in lower-case hexadecimal; null outside a secure context, which has no
 *   `crypto.subtle`
 */
export async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Hash of a file's content. Where that is impossible, files with the same name and length count as the same.
 * @param {Blob} file
 */
export async function contentHash(file) {
  const found = await sha256(await file.arrayBuffer());
  return found ?? `${file.size} ${file instanceof File ? file.name : ''}`;
}
