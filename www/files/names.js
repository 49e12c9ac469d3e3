/**
 * File names that are safe on every system, whatever a photo was called: relative, without anything that
 * Windows refuses or invisible characters that make a name look like another, and unique even where case and
 * Unicode composition are ignored.
 */

/** Longest file name on common file systems, in bytes of UTF-8. */
const MAX_BYTES = 255;
/** Deepest folder that is read, and recreated. */
export const MAX_DEPTH = 32;
/** What browsers decode. Only Safari decodes HEIC; elsewhere the engine says what to do. */
export const IMAGE_EXTENSION = /\.(jpe?g|jpe|jfif|pjpeg|a?png|gif|webp|avif|bmp|hei[cf]|hif)$/i;
/** Names of devices on Windows, with any extension. */
const RESERVED = /^(con|prn|aux|nul|(com|lpt)[0-9¹²³]|con(in|out)\$)\s*(\.|$)/i;
/**
 * Keeps the joiner inside an emoji, and the tags of a flag (first group); the rest is invisible. It uses no
 * lookbehind, which Safari supports only from 16.4 on.
 */
const INVISIBLE =
  /(\u{1F3F4}[\u{E0020}-\u{E007E}]+\u{E007F}|(?:\p{Extended_Pictographic}|\uFE0F|\p{Emoji_Modifier})\u200D(?=\p{Extended_Pictographic}))|\p{Cf}|[\u115F\u1160\u3164\uFFA0]/gu;
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}<>:"/\\|?*]/gu;

/** Marks that turn the letters around them. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text for display, without marks that turn what stands around it; empty if nothing of it can be seen. @param {string} said */
export function unturned(said) {
  const text = said.replace(TURNING, '');
  return /[^\p{Cf}\p{Z}\p{Cc}\u115F\u1160\u3164\uFFA0\u2800]/u.test(text) ? text : '';
}

const EXTENSIONS = /** @type {const} */ ({
  png: '.png',
  jpeg: '.jpg',
  webp: '.webp',
  avif: '.avif',
});
/** @typedef {keyof typeof EXTENSIONS} Format of a result */

/** The format of a result by its type. @param {string} type @returns {Format} */
export function formatOf(type) {
  const name = type.replace('image/', '');
  return name in EXTENSIONS ? /** @type {Format} */ (name) : 'png';
}

/**
 * One safe component of a path, at most 255 bytes. A short extension survives when the name is cut.
 * @param {string} name
 * @param {string} [fallback] for a name that ends up empty
 * @param {number} [count] from 2: appended to distinguish the name from another
 * @returns {string}
 */
export function safeFileName(name, fallback = 'file', count = 1) {
  const clean = cleaned(name);
  const extension = /\.[\p{L}\p{N}]{1,16}$/u.exec(clean)?.[0] ?? '';
  const ending = count > 1 ? ` (${count})${extension}` : extension;
  return fitted(clean.slice(0, clean.length - extension.length), ending, fallback);
}

/**
 * File name for one result.
 * @param {string} path of the photo
 * @param {Format} format
 * @returns {string} without folders
 */
export function resultName(path, format) {
  return resultNames()(path.split(/[/\\]/).at(-1) ?? '', format);
}

/**
 * Names the results in an archive: safe, relative, in the photos' folders, without duplicates.
 * @param {string[]} [taken] names that are already in use
 * @returns {(path: string, format: Format) => string}
 */
export function resultNames(taken = []) {
  const files = new Set(taken.map(folded));
  /** @type {Set<string>} */
  const folders = new Set();
  /**
   * Where to continue counting, so that thousands of equal names do not take quadratic time.
   * @type {Map<string, number>}
   */
  const counts = new Map();

  /** @param {string} folder @param {string} stem @param {string} extension @param {(key: string) => boolean} free */
  function unique(folder, stem, extension, free) {
    const base = folder + fitted(stem, extension, 'photo');
    if (free(folded(base))) return base;
    const counter = folded(base);
    for (let count = counts.get(counter) ?? 2; ; count += 1) {
      const name = folder + fitted(stem, ` (${count})${extension}`, 'photo');
      if (!free(folded(name))) continue;
      if (extension) counts.set(counter, count + 1); // folders repeat, so they count from the start
      return name;
    }
  }

  return (path, format) => {
    const parts = path.replace(/^[A-Za-z]:(?=[/\\])/, '').split(/[/\\]/);
    const name = cleaned(parts.pop() ?? '');
    let folder = '';
    for (const part of parts.map(cleaned).filter(Boolean).slice(-MAX_DEPTH)) {
      folder = `${unique(folder, part, '', (key) => !files.has(key))}/`;
      folders.add(folded(folder.slice(0, -1)));
    }
    const stem = cleaned(name.replace(IMAGE_EXTENSION, ''));
    const result = unique(
      folder,
      stem,
      EXTENSIONS[format],
      (key) => !files.has(key) && !folders.has(key),
    );
    files.add(folded(result));
    return result;
  };
}

/**
 * The name itself, or with " (2)", " (3)" … before its extension. Compared without case, because Windows and
 * macOS do so when results are unpacked.
 * @param {Set<string>} taken lower-case names; the new one is added
 * @param {string} name
 */
export function uniqueName(taken, name) {
  let candidate = name;
  const slash = name.lastIndexOf('/');
  const dot = name.lastIndexOf('.');
  const cut = dot > slash + 1 ? dot : name.length;
  for (let n = 2; taken.has(candidate.toLowerCase()); n += 1) {
    candidate = `${name.slice(0, cut)} (${n})${name.slice(cut)}`;
  }
  taken.add(candidate.toLowerCase());
  return candidate;
}

/** A key that is equal for names that some file system treats as the same. @param {string} path */
function folded(path) {
  return path.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

/** Removes everything unsafe; the result may be empty. @param {string} name */
function cleaned(name) {
  return name
    .normalize('NFC')
    .replace(INVISIBLE, (_, kept) => kept ?? '')
    .replace(FORBIDDEN, '_')
    .replace(/^[\s.]+|[\s.]+$/g, '');
}

/**
 * Stem and ending within 255 bytes: the stem is cut between characters as a reader sees them.
 * @param {string} stem
 * @param {string} ending
 * @param {string} fallback
 */
function fitted(stem, ending, fallback) {
  const encoder = new TextEncoder();
  const bytes = (/** @type {string} */ text) => encoder.encode(text).length;
  let kept = RESERVED.test(stem + ending) ? `_${stem}` : stem;
  if (bytes(kept) + bytes(ending) > MAX_BYTES) {
    let room = MAX_BYTES - bytes(ending);
    let length = 0;
    for (const { segment } of new Intl.Segmenter().segment(kept.slice(0, MAX_BYTES))) {
      room -= bytes(segment);
      if (room < 0) break;
      length += segment.length;
    }
    kept = kept.slice(0, length).replace(/[\s.]+$/, '');
  }
  return (kept || fallback) + ending;
}
