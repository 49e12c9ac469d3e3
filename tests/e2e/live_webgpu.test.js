/** Live on a graphics card, a software one: frames reach it as textures, and pictures leave it on a canvas. */
import assert from 'node:assert/strict';
import { PNG } from 'pngjs';
import { patchWorker, SOFTWARE_SCREEN, setUp } from './support/browser.js';
import { upload } from './support/files.js';
import { begin, changes, codeOf, mirrored, onStage, until } from './support/live.js';
import { by, nearness, picture, ready, translate } from './support/page.js';
import { CAMERA, panningCamera } from './support/video.js';

const visit = setUp({ gpu: true, args: [...SOFTWARE_SCREEN, ...panningCamera()] });

/** @type {string[]} what canvases in workers are drawn by */
let drawn = [];

visit(
  'a frame that never leaves the card becomes what a photo of it becomes',
  {
    query: '?device=webgpu',
    timeout: 180_000,
    async prepare(page) {
      drawn = [];
      page.on('console', (message) => drawn.push(message.text()));
      await patchWorker(
        page,
        `const plain = OffscreenCanvas.prototype.getContext;
         OffscreenCanvas.prototype.getContext = function (kind, ...more) {
           console.info(kind);
           return plain.call(this, kind, ...more);
         };`,
      );
    },
  },
  async ({ page }) => {
    await ready(page, 'webgpu');
    await begin(page, 'use-camera');
    assert.ok((await changes(page, 4000)) >= 2, 'pictures follow each other');
    assert.ok(drawn.includes('webgpu'), 'on a canvas of the card');
    await page.click(by('live-freeze'));
    await until(page, 'frozen');
    assert.equal(await codeOf(page), null);
    const [before, after] = [await onStage(page, 'before'), await onStage(page, 'after')];
    const png = new PNG(CAMERA);
    for (const [i, level] of mirrored(before).rgb.entries()) {
      png.data[4 * Math.floor(i / 3) + (i % 3)] = level;
      png.data[4 * Math.floor(i / 3) + 3] = 255;
    }
    await page.click(by('view-translate'));
    await page.setInputFiles(by('photos-input'), upload('frame.png', PNG.sync.write(png)));
    await translate(page, 1);
    const photo = await picture(page, 'frame.png');
    const near = nearness(mirrored(after).rgb, photo.rgb);
    assert.ok(near.within > 0.99 && near.max <= 4, JSON.stringify(near));
  },
);
