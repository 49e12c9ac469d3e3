/** The version of a peer that does not tell it. */

/** @param {string} folder of an npm package @returns {Promise<string>} */
export async function versionOf(folder) {
  const response = await fetch(new URL('package.json', folder));
  return (await response.json()).version;
}
