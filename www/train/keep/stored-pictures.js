/** The pictures of a stored run. */

/** @import { Disk } from '../../files/disk.js' */
/** @import { PreviewSet, RunIndex } from './record.js' */

/** The latest picture, to recognise a run by. @param {RunIndex} index @param {Disk} folder */
export async function latestPicture({ pictures }, folder) {
  const latest = pictures.filter(({ step }) => step === pictures.at(-1)?.step);
  const picture = latest.find(({ domain }) => domain === 'A') ?? latest[0];
  if (!picture) return { input: null, picture: null };
  return {
    input: await folder.read(picture.input),
    picture: await folder.read(picture.translated),
  };
}

/** @param {RunIndex} index @param {Disk} folder @returns {Promise<PreviewSet[]>} */
export async function allPictures({ pictures, record }, folder) {
  const all = await Promise.all(
    pictures.map(async ({ input, translated, back, ...picture }) => {
      const blobs = await Promise.all([input, translated, back].map((name) => folder.read(name)));
      const photo = record.previews[picture.domain][picture.index];
      if (!photo || blobs.includes(null)) return [];
      const [first, second, third] = /** @type {File[]} */ (blobs);
      const { name, seen } = photo;
      const files = { input: first, translated: second, back: third };
      return [{ ...picture, ...files, name, heldOut: !seen }];
    }),
  );
  const whole = all.flat();
  const steps = [...new Set(whole.map(({ step }) => step))];
  return steps.map((step) => ({ step, pictures: whole.filter((one) => one.step === step) }));
}
