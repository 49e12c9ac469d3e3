/** What a camera sees in the tests: a slow pan over a painted landscape, as a file that Chromium plays as one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paintedPixels } from './files.js';

/** Chromium has a camera, and lets every page use it. */
export const ALLOWED = '--use-fake-ui-for-media-stream';
export const FAKE = '--use-fake-device-for-media-stream';

/** What the camera gives: no larger than the smallest size, so that the network sees its very pixels. */
export const CAMERA = { width: 128, height: 96 };
const FRAMES = 24;
/** Pixels from one frame to the next. */
const PACE = 4;

/** @returns {string[]} arguments for a Chromium whose camera sees the pan */
export function panningCamera() {
  const folder = mkdtempSync(join(tmpdir(), 'pan-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'pan.y4m');
  writeFileSync(path, pan());
  return [ALLOWED, FAKE, `--use-file-for-fake-video-capture=${path}`];
}

/** A YUV4MPEG2 file, 4:2:0, whose last frame is followed by the first. */
function pan() {
  const { width, height } = CAMERA;
  const whole = width + PACE * FRAMES;
  const landscape = paintedPixels(whole, height);
  const parts = [Buffer.from(`YUV4MPEG2 W${width} H${height} F20:1 Ip A1:1 C420jpeg\n`)];
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const left = PACE * Math.abs(FRAMES / 2 - frame);
    const at = (/** @type {number} */ x, /** @type {number} */ y) => {
      const i = 4 * (y * whole + left + x);
      return [landscape[i], landscape[i + 1], landscape[i + 2]];
    };
    parts.push(Buffer.from('FRAME\n'), ...planes(width, height, at));
  }
  return Buffer.concat(parts);
}

/**
 * Brightness of every pixel, and two colour differences of every second one (ITU-R BT.601, video range).
 *
 * @param {number} width
 * @param {number} height
 * @param {(x: number, y: number) => number[]} at the pixel's RGB
 */
function planes(width, height, at) {
  const luma = Buffer.alloc(width * height);
  const chroma = [0, 1].map(() => Buffer.alloc((width * height) / 4));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [r, g, b] = at(x, y);
      luma[y * width + x] = 16 + 0.257 * r + 0.504 * g + 0.098 * b;
      if (x % 2 || y % 2) continue;
      const i = (y / 2) * (width / 2) + x / 2;
      chroma[0][i] = 128 - 0.148 * r - 0.291 * g + 0.439 * b;
      chroma[1][i] = 128 + 0.439 * r - 0.368 * g - 0.071 * b;
    }
  }
  return [luma, ...chroma];
}
