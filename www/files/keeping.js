/** How the worker stores a visitor's weights, where the page itself cannot write. */
import { Disk } from './disk.js';
import { FOLDER, WRITING } from './weights-store.js';

/**
 * @param {FileSystemDirectoryHandle} root of this site's private storage
 * @param {string} name
 * @param {Blob} file
 * @throws {import('../failure.js').CodedError} `storage-full`, `storage-unavailable`, `file-gone`
 */
export async function keepWeights(root, name, file) {
  const folder = new Disk(await root.getDirectoryHandle(FOLDER, { create: true }));
  // Bytes show under the name as they are written. If the page ends meanwhile, this tells of the half.
  await folder.write(WRITING, name);
  try {
    await folder.write(name, file);
  } finally {
    await folder.remove(WRITING); // where it failed, nothing of it was left
  }
}
