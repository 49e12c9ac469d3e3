/** Tiny pictures that reveal how a browser treats a file's colour and orientation data. */

/** @param {string} base64 @param {string} type */
const file = (base64, type) =>
  new Blob([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], { type });

/** A red pixel with a profile that swaps the primaries of red and green, which makes it green. */
export const PROFILE = () =>
  file(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAAumlDQ1B4AAB42mNgYNzBAARMAgwMuXklRUHuTgoRkVEKDEggMbm4gAEv+HaNgRFEX9ZlIB1wpqQWJwPpD0Ack1xQVMLAwOgDZPMUAR0CZEcA2SLpEHYOiJ0EYTeA2OUlBSD1U0DsopAgZyB7BZAtkI7ETkJiQ+0Ce7mCgbqgJLWiBESDzEWEYdJMBobtrQwMErcQYvmLGBgsvjIwME9AiKksYGDgb2Fg2HYeIYYI1+TSojKoNYxMxgwMAE8xM0CjYFGdAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC',
    'image/png',
  );

/** A pixel of level 128, with a gamma of 1. */
export const GAMMA = () =>
  file(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAABGdBTUEAAYagMeiWXwAAAAxJREFUeNpjaGhoAAADBAGBdS4BvAAAAABJRU5ErkJggg==',
    'image/png',
  );

/** Two pixels side by side, to be shown one above the other. @type {Record<string, string>} */
const LYING = {
  png: 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAGmVYSWZNTQAqAAAACAABARIAAwAAAAEABgAAAAAAANZnS2kAAAANSURBVHjaY/jPwABEAAj+Af8ZwGvnAAAAAElFTkSuQmCC',
  webp: 'UklGRlAAAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TA8AAAAvAQAAAAcQ/Y/+ByKi/wEARVhJRhoAAABNTQAqAAAACAABARIAAwAAAAEABgAAAAAAAA==',
};

/** @type {Record<string, Promise<boolean>>} */
const asked = {};

/**
 * Whether this browser applies the EXIF orientation to this kind of picture; Chromium does not for WebP.
 * @param {import('../files/kinds.js').ImageKind} kind
 * @returns {Promise<boolean>}
 */
export function turns(kind) {
  if (!(kind in LYING)) return Promise.resolve(true);
  asked[kind] ??= createImageBitmap(file(LYING[kind], `image/${kind}`)).then(
    ({ width }) => width === 1,
    () => true,
  );
  return asked[kind];
}
