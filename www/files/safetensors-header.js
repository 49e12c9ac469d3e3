/** The header of a safetensors file: a JSON object that says where its tensors are, and may hold metadata. */

/**
 * @param {Blob} file
 * @param {number} longest bytes of a header that is still read
 * @returns {Promise<{ header: Record<string, unknown>, start: number }>} `start` of the tensors
 * @throws {Error} when the file is something else, or can no longer be read
 */
export async function headerOf(file, longest) {
  const length = Number(new DataView(await file.slice(0, 8).arrayBuffer()).getBigUint64(0, true));
  if (length > Math.min(longest, file.size - 8)) throw new Error(`a header of ${length} bytes`);
  const start = 8 + length;
  return { header: JSON.parse(await file.slice(8, start).text()), start };
}
