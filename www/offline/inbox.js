/**
 * Photos that another app has shared with this one. They arrive as a form, which the service worker keeps in a
 * cache until the page that opens takes them.
 */
import { CodedError } from '../failure.js';

const INBOX = 'cyclegan-shared';
/** In the manifest, too: the form's field, and the parameter of the page's address. */
const FIELD = 'photos';
export const PARAMETER = 'shared';
/** Where the name of a file is kept. */
const NAME = 'x-name';

/**
 * Keeps the files of a form, and leads to the page.
 * @param {Request} request
 * @param {URL} folder of the page
 * @returns {Promise<Response>} never rejects
 */
export async function shareIn(request, folder) {
  const page = new URL(folder);
  const id = crypto.randomUUID();
  page.searchParams.set(PARAMETER, id);
  try {
    const form = await request.formData();
    const cache = await caches.open(INBOX);
    // Left behind by a page that never came.
    for (const old of await cache.keys()) await cache.delete(old);
    for (const [i, file] of form.getAll(FIELD).entries()) {
      if (!(file instanceof File)) continue;
      const headers = { 'content-type': file.type, [NAME]: encodeURIComponent(file.name) };
      await cache.put(new URL(`${PARAMETER}/${id}/${i}`, folder), new Response(file, { headers }));
    }
  } catch {
    page.searchParams.set(PARAMETER, '');
  }
  return Response.redirect(page.href, 303);
}

/**
 * Takes what was shared out of the cache.
 * @param {string} id as the page's address has it
 * @param {URL} folder of the page
 * @returns {Promise<File[]>}
 * @throws {CodedError} `storage-failed`
 */
export async function takeShared(id, folder) {
  if (id === '') throw new CodedError('storage-failed', 'what was shared could not be kept');
  const cache = await caches.open(INBOX);
  const mine = new URL(`${PARAMETER}/${id}/`, folder).href;
  const files = [];
  for (const request of await cache.keys()) {
    if (!request.url.startsWith(mine)) continue;
    const kept = await cache.match(request);
    await cache.delete(request);
    if (!kept) continue;
    const body = await kept.blob();
    const name = decodeURIComponent(kept.headers.get(NAME) ?? '');
    files.push(new File([body], name, { type: body.type }));
  }
  return files;
}
