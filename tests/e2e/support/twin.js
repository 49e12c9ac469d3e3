/**
 * A run that the page and the command line both make: the same photos in the same order, the same settings.
 * Its losses on the command line stand in `fixtures/losses.json`.
 */
import { PNG } from 'pngjs';
import { contentHash } from '../../../www/files/digest.js';
import { divided, folderReport, inspect } from '../../../www/train/gather/dataset.js';
import { configOf } from '../../../www/train/plan/config.js';
import { defaultSettings } from '../../../www/train/plan/settings.js';
import { paintedPixels } from './files.js';

/** What is filled in on the page, by the ends of the test ids. */
export const FIELDS = {
  crop: 32,
  ngf: 4,
  blocks: 1,
  steps: 30,
  seed: 3,
  polish: 0,
  'preview-every': 10,
};
const PHOTOS = 12;
const SIZE = /** @type {const} */ ([56, 40]);
const SCRATCH = /** @type {const} */ ({ kind: 'scratch' });
const CPU = /** @type {const} */ ({ device: 'cpu', fallback: false });

/** @param {'a' | 'b'} side @returns {{ name: string, bytes: Buffer }[]} all photos of a folder */
export function photosOf(side) {
  return Array.from({ length: PHOTOS }, (_, i) => {
    const png = new PNG({ width: SIZE[0], height: SIZE[1] });
    paintedPixels(...SIZE, (side === 'a' ? 1 : 500) + i).copy(png.data);
    // Not compressed: the order of a run follows from the bytes of its files.
    return { name: `${side}${i}.png`, bytes: PNG.sync.write(png, { deflateLevel: 0 }) };
  });
}

/** Those that are trained on, in the order of the run. @param {'a' | 'b'} side */
export async function trainingOf(side) {
  const found = photosOf(side).map(({ name, bytes }) => ({
    file: new File([Uint8Array.from(bytes)], name),
    path: name,
  }));
  const photos = await inspect(found, {
    measure: async () => ({ width: SIZE[0], height: SIZE[1] }),
    hash: contentHash,
    onOne: () => {},
    signal: new AbortController().signal,
  });
  return divided(folderReport(side, photos)).training;
}

/** The engine's configuration, as the page makes it. */
export function config() {
  const { crop, ngf, blocks, steps, seed, polish } = FIELDS;
  const settings = { ...defaultSettings(CPU, SCRATCH, null), crop, ngf, blocks, seed, polish };
  return configOf({ ...settings, length: steps }, SCRATCH, CPU, steps);
}
