/** Real photos to try the page with, fetched when they are asked for. */
import { CodedError } from '../failure.js';
import { fetchFile } from '../files/download.js';

/** Named with each, and so with each result, as CC BY 4.0 wants it. */
const CREDIT = 'Aitzol Berasategi, CC BY 4.0';

/** By their titles; the URLs are written out, so that the build finds the files. */
const PHOTOS = {
  // As the photo at the top of the page, which is there already.
  Life: new URL('../demo/before.jpg', import.meta.url),
  'Picos de Europa': new URL('../samples/picosdeeuropa.jpg', import.meta.url),
  Aitzgorri: new URL('../samples/aitzgorri.jpg', import.meta.url),
  Sunset: new URL('../samples/sunset.jpg', import.meta.url),
};

/**
 * @returns {Promise<{ name: string, file: File }[]>}
 * @throws {CodedError} `samples-unavailable`
 */
export async function samplePhotos() {
  const fetched = Object.entries(PHOTOS).map(async ([title, url]) => {
    const photo = await fetchFile(url, (response) => response.blob());
    const name = `${title} (${CREDIT}).jpg`;
    return { name, file: new File([photo], name, { type: 'image/jpeg' }) };
  });
  try {
    return await Promise.all(fetched);
  } catch (error) {
    throw new CodedError('samples-unavailable', String(error));
  }
}
