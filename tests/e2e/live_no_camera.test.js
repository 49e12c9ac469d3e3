/** Live where Chromium itself refuses: there is no camera, or nobody has allowed it. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { codeOf, until } from './support/live.js';
import { by, ready } from './support/page.js';
import { ALLOWED, FAKE } from './support/video.js';

const visit = setUp({ args: [ALLOWED, `${FAKE}=device-count=0`] });

visit('without a camera there are videos and scenes', {}, async ({ page }) => {
  await ready(page);
  await page.click(by('view-live'));
  await page.click(by('live-use-camera'));
  await until(page, 'stopped');
  assert.equal(await codeOf(page), 'camera-none');
  assert.ok(await page.isVisible(by('live-scenes')));
  assert.ok(await page.isVisible(by('live-use-camera')), 'once it is plugged in');
});

visit(
  'a frame that keeps the camera from the page is told from a person who does',
  {
    prepare: async (page) => {
      await page.route(/framed\.html$/, async (route) => {
        const body = '<!doctype html><iframe src="./?device=cpu" allow="camera \'none\'"></iframe>';
        await route.fulfill({ body, contentType: 'text/html' });
      });
    },
  },
  async ({ page, site }) => {
    await page.goto(`${site.url}framed.html`);
    const frame = page.frameLocator('iframe');
    await frame.locator(by('view-live')).click();
    await frame.locator(by('live-use-camera')).click();
    const problem = frame.locator(by('live-problem'));
    await problem.waitFor();
    assert.equal(await problem.getAttribute('data-code'), 'camera-forbidden');
  },
);
