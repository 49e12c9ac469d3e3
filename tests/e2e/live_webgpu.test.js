/** Live on a graphics card, a software one: frames reach it as textures, and pictures leave it on a canvas. */
import assert from 'node:assert/strict';
import { patchWorker, SOFTWARE_SCREEN, setUp } from './support/browser.js';
import { asPhoto, begin, changes, codeOf, mirrored, onStage, until } from './support/live.js';
import { by, nearness, ready } from './support/page.js';
import { panningCamera } from './support/video.js';

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
    const photo = await asPhoto(page, mirrored(before));
    const near = nearness(mirrored(after).rgb, photo.rgb);
    assert.ok(near.within > 0.99 && near.max <= 4, JSON.stringify(near));
  },
);
