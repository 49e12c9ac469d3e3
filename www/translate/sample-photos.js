/** Real photos to try the page with, fetched on request. */
import { CodedError } from '../failure.js';
import { fetchFile } from '../files/download.js';
import { keepOwn } from '../files/kept.js';

/** Part of the name of each photo and result, as CC BY 4.0 requires. */
const CREDIT = 'Aitzol Berasategi, CC BY 4.0';

/** By title; the URLs are written out, so that the build finds the files. */
const PHOTOS = {
  // The photo at the top of the page, which is already there.
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
    keepOwn(url, new Response(photo));
    const name = `${title} (${CREDIT}).jpg`;
    return { name, file: new File([photo], name, { type: 'image/jpeg' }) };
  });
  try {
    return await Promise.all(fetched);
  } catch (error) {
    throw new CodedError('samples-unavailable', String(error));
  }
}
