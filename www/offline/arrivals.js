/** Takes files that other apps pass on: shared with this one, or opened with it. */
import { isPicture } from '../files/headers.js';
import { IMAGE_EXTENSION } from '../files/names.js';
import { tellFailure } from '../page/say.js';
import { showView } from '../page/views.js';
import { PARAMETER, takeShared } from './inbox.js';

/** @typedef {{ files?: { getFile: () => Promise<File> }[] }} Launch */

/** @param {(files: File[]) => void} onFiles also if there are none */
export async function takeArrivals(onFiles) {
  const take = (/** @type {File[]} */ files) => {
    showView('translate');
    onFiles(files);
  };
  const { launchQueue } =
    /** @type {{ launchQueue?: { setConsumer: (use: (launch: Launch) => void) => void } }} */ (
      /** @type {unknown} */ (globalThis)
    );
  launchQueue?.setConsumer(({ files = [] }) => {
    if (files.length === 0) return; // opened without any
    Promise.all(files.map((file) => file.getFile())).then(take, tellFailure);
  });
  const address = new URL(location.href);
  const shared = address.searchParams.get(PARAMETER);
  if (shared === null) return;
  address.searchParams.delete(PARAMETER);
  // They are taken once, also if the page is reloaded.
  history.replaceState(null, '', address);
  await takeShared(shared, new URL('./', document.baseURI)).then(photosOf).then(take, tellFailure);
}

/** Any site can lead here with a form, so nothing but photos is taken. @param {File[]} files */
async function photosOf(files) {
  const are = await Promise.all(
    files.map(async (file) => IMAGE_EXTENSION.test(file.name) || (await isPicture(file))),
  );
  return files.filter((_, i) => are[i]);
}
