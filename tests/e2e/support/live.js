/** What a visitor does in the Live view, and what is to be seen there. */
import { PNG } from 'pngjs';
import { upload } from './files.js';
import { by, picture, translate, useWeights, withoutAlpha } from './page.js';

/** A worker that is ended cannot close the frame that was just sent to it. */
export const UNCLOSED = /VideoFrame was garbage collected without being closed/;

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./page.js').Picture} Picture */
/** @typedef {import('../../../www/live/panel.js').State} State */

/** @param {Page} page @param {State} state @param {number} [timeout] milliseconds */
export async function until(page, state, timeout = 60_000) {
  try {
    await page.waitForSelector(`#view-live[data-state=${state}]`, { timeout });
  } catch (cause) {
    const now = await page.getAttribute('#view-live', 'data-state');
    throw new Error(`not ${state}, but ${now}: ${await codeOf(page)}`, { cause });
  }
}

/** Opens Live with a small model, and begins. @param {Page} page @param {'use-camera' | 'scenes'} source */
export async function begin(page, source) {
  await useWeights(page);
  await page.click(by('view-live'));
  await page.click(by(`live-${source}`));
  await until(page, 'live');
}

/** The code of what the view says went wrong; null: nothing did. @param {Page} page */
export async function codeOf(page) {
  const problem = page.locator(by('live-problem'));
  return (await problem.isVisible()) ? problem.getAttribute('data-code') : null;
}

/** @param {Page} page @param {'before' | 'after'} role @returns {Promise<Picture>} */
export async function onStage(page, role) {
  const { width, height, base64 } = await page.$eval(by(`live-${role}`), (element) => {
    const canvas = /** @type {HTMLCanvasElement} */ (element);
    const { width, height } = canvas;
    const data = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
    let text = '';
    for (const byte of data) text += String.fromCharCode(byte);
    return { width, height, base64: btoa(text) };
  });
  return { width, height, rgb: withoutAlpha(Buffer.from(base64, 'base64')) };
}

/** The next translation on the stage. @param {Page} page @param {Picture} before @returns {Promise<Picture>} */
export async function another(page, before) {
  for (;;) {
    const now = await onStage(page, 'after');
    if (!now.rgb.equals(before.rgb)) return now;
    await page.waitForTimeout(100);
  }
}

/** How many pictures come in a while. @param {Page} page @param {number} milliseconds */
export async function changes(page, milliseconds) {
  let last = await onStage(page, 'after');
  let count = 0;
  for (const end = Date.now() + milliseconds; Date.now() < end; ) {
    await page.waitForTimeout(100);
    const next = await onStage(page, 'after');
    if (!next.rgb.equals(last.rgb)) count += 1;
    last = next;
  }
  return count;
}

/** Left and right exchanged. @param {Picture} picture @returns {Picture} */
export function mirrored({ width, height, rgb }) {
  const turned = Buffer.alloc(rgb.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      rgb.copy(
        turned,
        3 * (y * width + x),
        3 * (y * width + width - 1 - x),
        3 * (y * width + width - x),
      );
    }
  }
  return { width, height, rgb: turned };
}

/** Remembers the cameras that a page opens, for {@link tracks}. @param {Page} page not yet opened */
export const watchCameras = (page) =>
  page.addInitScript(() => {
    const all = /** @type {MediaStreamTrack[]} */ ([]);
    Object.assign(globalThis, { cameraTracks: all });
    const { mediaDevices } = navigator;
    if (!mediaDevices) return;
    const open = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (wanted) => {
      const stream = await open(wanted);
      all.push(...stream.getTracks());
      return stream;
    };
  });

/** The state of each camera that was opened. @param {Page} page @returns {Promise<string[]>} */
export const tracks = (page) =>
  page.evaluate(() =>
    /** @type {any} */ (globalThis).cameraTracks.map(
      (/** @type {MediaStreamTrack} */ { readyState }) => readyState,
    ),
  );

/** As when another tab is shown. @param {Page} page @param {boolean} hidden */
export const hide = (page, hidden) =>
  page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);

/**
 * Plays a video to its end.
 *
 * @param {Page} page
 * @param {Buffer} bytes
 * @param {string} type
 */
export const played = (page, bytes, type) =>
  page.evaluate(
    async ([base64, kind]) => {
      const file = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const video = document.createElement('video');
      video.muted = true;
      video.src = URL.createObjectURL(new Blob([file], { type: kind }));
      // It may be over before `play` has answered.
      const ended = new Promise((resolve) => video.addEventListener('ended', resolve));
      await video.play();
      await ended;
      return { width: video.videoWidth, height: video.videoHeight, seconds: video.currentTime };
    },
    [bytes.toString('base64'), type],
  );

/** What Translate makes of a frame. @param {Page} page @param {Picture} frame @returns {Promise<Picture>} */
export async function asPhoto(page, { width, height, rgb }) {
  const png = new PNG({ width, height });
  for (const [i, level] of rgb.entries()) {
    png.data[4 * Math.floor(i / 3) + (i % 3)] = level;
    png.data[4 * Math.floor(i / 3) + 3] = 255;
  }
  await page.click(by('view-translate'));
  await page.setInputFiles(by('photos-input'), upload('frame.png', PNG.sync.write(png)));
  await translate(page, 1);
  return picture(page, 'frame.png');
}
