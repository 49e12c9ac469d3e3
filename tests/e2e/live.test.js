/** Live, with a camera that sees a painted pan: frames are translated, kept, saved and recorded, and it stops. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { patchWorker, setUp } from './support/browser.js';
import { folderOf, upload } from './support/files.js';
import {
  another,
  asPhoto,
  begin,
  changes,
  codeOf,
  hide,
  mirrored,
  onStage,
  played,
  tracks,
  UNCLOSED,
  until,
  watchCameras,
} from './support/live.js';
import { by, downloaded, drop, nearness, ready, withoutAlpha } from './support/page.js';
import { CAMERA, panningCamera } from './support/video.js';
import { generatorFile, TINY } from './support/weights.js';

/** @typedef {import('playwright-core').Page} Page */

const visit = setUp({ args: panningCamera() });
const prepare = watchCameras;

/** @param {Page} page @param {string} name */
const said = async (page, name) => (await page.textContent(by(name))) ?? '';

visit(
  'a camera’s frame becomes what a photo of it becomes',
  { prepare },
  async ({ page, site }) => {
    await ready(page);
    await begin(page, 'use-camera');
    assert.ok((await changes(page, 1500)) >= 3, 'pictures follow each other');
    await page.waitForFunction(
      (selector) =>
        /\d pictures? a second · \d+ ms behind/.test(
          document.querySelector(selector)?.textContent ?? '',
        ),
      by('live-rate'),
    );
    await page.click(by('live-freeze'));
    await until(page, 'frozen');
    assert.equal(await changes(page, 500), 0, 'the pair stays');
    assert.deepEqual(await tracks(page), ['live'], 'the camera is at hand');
    // A camera on a desk is a mirror; what Translate is given is as the network saw it.
    const [before, after] = [await onStage(page, 'before'), await onStage(page, 'after')];
    assert.deepEqual([before.width, before.height], [CAMERA.width, CAMERA.height]);
    assert.deepEqual([after.width, after.height], [CAMERA.width, CAMERA.height]);
    const photo = await asPhoto(page, mirrored(before));
    const near = nearness(mirrored(after).rgb, photo.rgb);
    assert.ok(near.within > 0.99 && near.max <= 4, JSON.stringify(near));
    assert.ok(nearness(after.rgb, before.rgb).within < 0.5, 'it is another picture');
    assert.ok(site.served.every((path) => path.startsWith('/some/sub-path/')));
  },
);

visit('the frozen pair is compared, saved, and translated anew', {}, async ({ page }) => {
  await ready(page);
  await begin(page, 'use-camera');
  await page.click(by('live-freeze'));
  await until(page, 'frozen');
  await page.focus(by('live-compare'));
  await page.keyboard.press('Home');
  assert.equal(await page.getAttribute(by('live-compare'), 'aria-valuetext'), '0% before');
  const after = await onStage(page, 'after');
  const { name, bytes } = await downloaded(page, by('live-save'));
  assert.match(name, /^tiny.* \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.png$/);
  assert.ok(withoutAlpha(PNG.sync.read(bytes).data).equals(after.rgb));
  await page.selectOption(by('live-model'), 'summer2winter');
  await page.waitForFunction(
    (selector) => !document.querySelector(selector)?.checkVisibility(),
    by('live-line'),
  );
  const other = await another(page, after);
  assert.ok(nearness(other.rgb, after.rgb).within < 0.5, 'by the other model');
  await page.click(by('live-freeze'));
  await until(page, 'live');
  assert.ok((await changes(page, 2000)) >= 1, 'it goes on');
});

visit(
  'a recording plays again, and one that leaving cut short is not lost',
  { prepare, expected: [UNCLOSED] },
  async ({ page }) => {
    await ready(page);
    await begin(page, 'use-camera');
    await page.click(by('live-record'));
    await page.waitForTimeout(2200);
    assert.match(await said(page, 'live-record'), /^Stop at 0:0[1-9]$/);
    const { name, bytes } = await downloaded(page, by('live-record'));
    assert.match(name, /^tiny.*\.webm$/);
    const { width, height, seconds } = await played(page, bytes, 'video/webm');
    assert.deepEqual([width, height], [CAMERA.width, CAMERA.height]);
    assert.ok(seconds > 1 && seconds < 20, `${seconds} s`);

    // It is a video as any other.
    await page.click(by('live-end'));
    await until(page, 'idle');
    await page.setInputFiles(by('live-file'), upload('own.webm', bytes, 'video/webm'));
    await until(page, 'live');
    assert.ok((await changes(page, 1500)) >= 2, 'the video is translated');

    await page.click(by('live-record'));
    await page.waitForTimeout(1200);
    await page.click(by('view-train'));
    await page.click(by('view-live'));
    await until(page, 'stopped');
    await page.waitForSelector(by('live-recorded')); // the last piece takes a moment
    assert.match(await said(page, 'live-recorded'), /A recording of 0:0\d is not saved yet/);
    const kept = await downloaded(page, by('live-keep'));
    assert.ok((await played(page, kept.bytes, 'video/webm')).seconds > 0);
    assert.equal(await page.isVisible(by('live-recorded')), false);
    await page.click(by('live-again'));
    await until(page, 'live');
  },
);

visit(
  'the camera is off as soon as nobody looks',
  { prepare, expected: [UNCLOSED] },
  async ({ page }) => {
    await ready(page);
    const engines = page.workers().length;
    await begin(page, 'use-camera');
    assert.equal(page.workers().length, engines + 1, 'it has an engine of its own');
    await hide(page, true);
    await until(page, 'stopped');
    assert.deepEqual(await tracks(page), ['ended'], 'hidden');
    await hide(page, false);
    await page.waitForTimeout(300);
    assert.deepEqual(await tracks(page), ['ended'], 'it comes back with a click only');
    assert.match(await said(page, 'live-notice'), /^Stopped, and the camera is off/);
    assert.ok(await page.isVisible(by('live-after')), 'the last pair is there');
    await page.click(by('live-again'));
    await until(page, 'live');
    assert.deepEqual(await tracks(page), ['ended', 'live']);
    await page.click(by('view-translate'));
    await page.waitForSelector('#view-live[data-state=stopped]', { state: 'attached' });
    assert.deepEqual(await tracks(page), ['ended', 'ended'], 'left');
    assert.equal(page.workers().length, engines, 'its engine is gone');
    await page.goBack();
    await until(page, 'stopped');
    await page.click(by('live-again'));
    await until(page, 'live');
    await page.click(by('live-end'));
    assert.deepEqual(await tracks(page), ['ended', 'ended', 'ended']);
  },
);

visit(
  'a camera that goes says so, and what was recorded is there',
  { prepare },
  async ({ page }) => {
    await ready(page);
    await begin(page, 'use-camera');
    await page.click(by('live-record'));
    await page.waitForTimeout(600);
    await page.evaluate(() => {
      const [track] = /** @type {any} */ (globalThis).cameraTracks;
      track.dispatchEvent(new Event('ended'));
    });
    await until(page, 'stopped');
    assert.equal(await codeOf(page), 'camera-gone');
    await page.waitForSelector(by('live-recorded'));
    await page.click(by('live-drop'));
    await page.click(by('live-again'));
    await until(page, 'live');
    assert.equal(await codeOf(page), null);
  },
);

visit(
  'an engine that dies says so, and goes on',
  {
    prepare: (page) =>
      patchWorker(
        page,
        `const make = createImageBitmap;
         let left = 25;
         globalThis.createImageBitmap = (...given) => {
           if (given[0] instanceof ImageData) left -= 1;
           if (left === 0) throw new WebAssembly.RuntimeError('unreachable');
           return make(...given);
         };`,
      ),
  },
  async ({ page }) => {
    await ready(page);
    await begin(page, 'use-camera');
    await until(page, 'stopped');
    assert.equal(await codeOf(page), 'engine-died');
    assert.match(await said(page, 'live-problem'), /Go on to start it again/);
    await page.click(by('live-again'));
    await until(page, 'live');
  },
);

visit(
  'too slow a device gets smaller pictures, unless the person chooses otherwise',
  {
    async prepare(page) {
      await page.addInitScript(() => {
        const post = Worker.prototype.postMessage;
        Worker.prototype.postMessage = function (
          /** @type {any} */ message,
          /** @type {any} */ more,
        ) {
          if (message.do === 'live-frame') Object.assign(globalThis, { sent: message });
          post.call(this, message, more);
        };
      });
      await patchWorker(
        page,
        `const make = createImageBitmap;
         globalThis.createImageBitmap = async (...given) => {
           if (given[0] instanceof ImageData) await new Promise((then) => setTimeout(then, 150));
           return make(...given);
         };`,
      );
    },
  },
  async ({ page }) => {
    await ready(page);
    await begin(page, 'scenes');
    await page.selectOption(by('live-size'), '192');
    await page.waitForFunction(
      (selector) => /** @type {any} */ (document.querySelector(selector)).value === '128',
      by('live-size'),
      { timeout: 15_000 },
    );
    assert.match(await said(page, 'live-notice'), /fewer than 10 pictures a second at 192 px/);
    await page.selectOption(by('live-size'), '256');
    assert.equal(await said(page, 'live-notice'), '');
    await page.waitForTimeout(5000);
    assert.equal(await page.inputValue(by('live-size')), '256', 'chosen against the notice');
    const { seen, shown } = await page.evaluate(() => /** @type {any} */ (globalThis).sent);
    assert.deepEqual(seen, { width: 256, height: 172 });
    assert.deepEqual(shown, { width: 576, height: 384 });
    const { width, height } = await onStage(page, 'after');
    assert.deepEqual({ width, height }, shown);
  },
);

visit(
  'a dropped model translates what is there, and a damaged one leaves it alone',
  {},
  async ({ page, t }) => {
    const weights = generatorFile({ ...TINY, seed: 5 });
    const folder = folderOf(t, {
      'second.safetensors': weights,
      'third.safetensors': weights.subarray(0, 900),
      'notes.txt': 'text',
      'empty.mp4': '',
      'packed.zip': Buffer.from('PK\x03\x04, and more of that'),
    });
    await ready(page);
    await begin(page, 'use-camera');
    await page.click(by('live-freeze'));
    await until(page, 'frozen');
    const first = await onStage(page, 'after');
    await drop(page, [join(folder, 'second.safetensors')]);
    const second = await another(page, first);
    assert.ok(nearness(second.rgb, first.rgb).within < 0.5, 'by the other model');
    for (const list of ['live-model', 'model-select'])
      assert.equal(await page.inputValue(by(list)), 'own:second.safetensors');
    await until(page, 'frozen');
    await drop(page, [join(folder, 'third.safetensors')]);
    await page.waitForSelector('#notice', { state: 'visible' });
    assert.match((await page.textContent('#notice')) ?? '', /This model file is cut off/);
    await until(page, 'frozen');
    assert.equal(await page.inputValue(by('live-model')), 'own:second.safetensors');
    for (const other of ['', 'notes.txt', 'packed.zip', 'empty.mp4']) {
      await drop(page, [join(folder, other)]);
      await page.waitForSelector(by('live-problem'), { state: 'visible' });
      assert.equal(await codeOf(page), 'video-unplayable', other);
      await until(page, 'frozen');
      await drop(page, [join(folder, 'second.safetensors')]);
      await page.waitForSelector(by('live-problem'), { state: 'hidden' });
    }
    assert.match(await said(page, 'live-notice'), /second/);
  },
);

visit(
  'Live is fetched again when it could not be',
  {
    expected: [/404/, /Failed to fetch/],
    prepare: (_, site) => {
      site.hidden = /live-en/;
    },
  },
  async ({ page, site }) => {
    await ready(page);
    await page.click(by('view-live'));
    await page.waitForSelector('#live-missing', { state: 'visible' });
    site.hidden = null;
    await page.click(by('view-translate'));
    await page.click(by('view-live'));
    await page.waitForSelector(by('live-start'));
    assert.equal(await page.isVisible('#live-missing'), false);
  },
);

visit('a file that is no video is refused, and the scenes are there', {}, async ({ page }) => {
  await ready(page);
  await page.click(by('view-live'));
  await page.setInputFiles(by('live-file'), upload('a.mp4', Buffer.from('no video'), 'video/mp4'));
  await until(page, 'stopped');
  assert.equal(await codeOf(page), 'video-unplayable');
  await page.click(by('live-scenes'));
  await until(page, 'live');
  // They pass on by themselves when they are seen again, since nobody is watched.
  await hide(page, true);
  await until(page, 'stopped');
  await hide(page, false);
  await until(page, 'live');
});

visit(
  'a camera that gives no frame is off as soon as the view is left',
  {
    async prepare(page) {
      await watchCameras(page);
      await page.addInitScript(() => {
        HTMLMediaElement.prototype.play = () => new Promise(() => {});
      });
    },
  },
  async ({ page }) => {
    await ready(page);
    await page.click(by('view-live'));
    await page.click(by('live-use-camera'));
    await page.waitForFunction(() => /** @type {any} */ (globalThis).cameraTracks.length === 1);
    await page.waitForSelector('video', { state: 'attached' });
    await page.click(by('view-translate'));
    await page.waitForSelector('#view-live[data-state=stopped]', { state: 'attached' });
    assert.deepEqual(await tracks(page), ['ended']);
    assert.equal(await page.locator('video').count(), 0);
  },
);
