/** The pictures of a stored run. */

/** @import { Disk } from '../../files/disk.js' */
/** @import { PreviewSet, RunIndex } from './record.js' */

/** The latest picture, to recognise a run by. @param {RunIndex} index @param {Disk} folder */
export async function latestPicture({ pictures }, folder) {
  const latest = pictures.filter(({ step }) => step === pictures.at(-1)?.step);
  const picture = latest.find(({ domain }) => domain === 'A') ?? latest[0];
  if (!picture) return { input: null, picture: null };
  const { input, translated } = picture;
  return { input: await folder.read(input), picture: await folder.read(translated) };
}

/** @param {RunIndex} index @param {Disk} folder @returns {Promise<PreviewSet[]>} */
export async function allPictures({ pictures, record }, folder) {
  const all = await Promise.all(
    pictures.map(async ({ input, translated, back, ...picture }) => {
      const names = [input, translated, back];
      const [photo, there, again] = await Promise.all(names.map((name) => folder.read(name)));
      const of = record.previews[picture.domain][picture.index];
      if (!of || !photo || !there || !again) return [];
      const files = { input: photo, translated: there, back: again };
      return [{ ...picture, ...files, name: of.name, heldOut: !of.seen }];
    }),
  );
  const whole = all.flat();
  const steps = [...new Set(whole.map(({ step }) => step))];
  return steps.map((step) => ({ step, pictures: whole.filter((one) => one.step === step) }));
}
