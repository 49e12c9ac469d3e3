/**
 * Photos that were added before the page was reloaded. Their files are out of reach, since browsers hand out no
 * lasting access to files that were dropped or picked. When the same photos are added again, each file goes to
 * the item that lacks it, so that only what is missing is done.
 */

/** @typedef {{ path: string, size: number, modified: number }} Origin of a photo: its path, bytes and date */
/** @typedef {{ file: File | null, origin: Origin | null, result: unknown }} Missing as much of an item as matters here */

/**
 * An item lacks its file from now on, if it does.
 * @template {Missing} I
 * @param {Map<string, I[]>} absent
 * @param {I} item
 */
export function miss(absent, item) {
  if (item.file || !item.origin) return;
  const key = keyOf(item.origin);
  absent.set(key, [...(absent.get(key) ?? []), item]);
}

/** What survives however a photo is added: by itself, or with its folder. @param {Omit<Origin, 'modified'>} origin */
const keyOf = ({ path, size }) => `${size} ${path.slice(path.lastIndexOf('/') + 1)}`;

/**
 * The item that lacks this file. Some phones give photos a new date each time they are picked, so under the
 * same path the date counts only if there is a result, which must not be taken for that of a photo that was
 * edited since. A photo that comes with more or fewer folders must be the only one that it can be.
 * @template {Missing} I
 * @param {Map<string, I[]>} absent
 * @param {string} path
 * @param {File} file
 * @param {(item: I) => boolean} isHere whether the item was not removed meanwhile
 * @returns {I | null} it has the file now
 */
export function found(absent, path, file, isHere) {
  const key = keyOf({ path, size: file.size });
  const listed = absent.get(key);
  if (!listed) return null;
  const here = listed.filter(isHere);
  const dated = here.filter(({ origin }) => origin?.modified === file.lastModified);
  const moved = dated.filter(({ origin }) => origin && isWithin(path, origin.path));
  const item =
    dated.find(({ origin }) => origin?.path === path) ??
    here.find(({ origin, result }) => origin?.path === path && !result) ??
    (moved.length === 1 ? moved[0] : null);
  if (!item) return null;
  item.file = file;
  absent.set(
    key,
    listed.filter((one) => one !== item),
  );
  return item;
}

/** Whether one path is the end of the other. @param {string} one @param {string} other */
const isWithin = (one, other) => one.endsWith(`/${other}`) || other.endsWith(`/${one}`);
