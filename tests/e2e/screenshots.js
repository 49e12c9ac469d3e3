/**
 * Pictures of the Train and Live views in every state, and of models in Translate, to be looked at:
 * `node tests/e2e/screenshots.js FOLDER [--scheme light|dark] [--width 1280] [--only live]`. Both schemes and two
 * widths unless told otherwise. The photos are the page's painted scenes. With `--readme docs/train.jpg` it makes that one
 * picture: what came of a training with what is proposed on a processor.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { ARGUMENTS } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { until as untilLive } from './support/live.js';
import { by, ready, translate } from './support/page.js';
import { serveSite } from './support/site.js';
import { set, until, untilTold } from './support/training.js';
import { ALLOWED, FAKE } from './support/video.js';
import { generator, generatorFile, judge, safetensors, TINY } from './support/weights.js';

/** @typedef {import('playwright-core').Page} Page */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scheme: { type: 'string', default: 'light,dark' },
    width: { type: 'string', default: '1280,390' },
    lang: { type: 'string', default: 'en' },
    readme: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
  },
});
const [folder = 'screenshots'] = positionals;
const PATIENCE = 300_000;

/** Live, by the painted scenes and the camera. @type {typeof walk} */
async function live(page, url, shoot) {
  await page.goto(`${url}?device=cpu&lang=${values.lang}#live`);
  await page.waitForSelector(by('live-scenes'));
  await ready(page);
  await shoot('live-begin');
  await page.selectOption(by('live-size'), '256');
  await page.click(by('live-scenes'));
  await untilLive(page, 'live');
  await page.waitForTimeout(3000);
  await shoot('live-scenes');
  await page.click(by('live-record'));
  await page.waitForFunction(
    (selector) => /px/.test(document.querySelector(selector)?.textContent ?? ''),
    by('live-notice'),
    { timeout: PATIENCE },
  );
  await page.waitForTimeout(3000);
  await shoot('live-recording');
  await page.click(by('live-freeze'));
  await shoot('live-frozen');
  await page.click(by('view-train'));
  await page.click(by('view-live'));
  await page.waitForTimeout(500);
  await shoot('live-stopped');
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException('Permission denied', 'NotAllowedError');
    };
  });
  await page.click(by('live-drop'));
  await page.click(by('live-use-camera'));
  await untilLive(page, 'stopped');
  await shoot('live-refused');
  await page.reload();
  await page.click(by('live-use-camera'));
  await untilLive(page, 'live');
  await page.waitForTimeout(3000);
  await shoot('live-camera');
}

/** Own models in Translate. @type {typeof walk} */
async function models(page, url, shoot) {
  await page.goto(`${url}?device=cpu&lang=${values.lang}`);
  await ready(page);
  const said = {
    from: 'summer',
    to: 'winter',
    margin: '16',
    size: '512',
    trained_on: '900 photos',
  };
  const broken = safetensors(generator(TINY).slice(0, -2));
  await page.setInputFiles(by('weights-input'), upload('broken.pth', broken, ''));
  await page.waitForSelector(by('notice-detail'));
  await shoot('refused');
  await page.setInputFiles(by('weights-input'), [
    upload('gift.safetensors', generatorFile(TINY, said), ''),
    upload('latest_net_D_A.pth', safetensors(judge(2)), ''),
  ]);
  await page.waitForSelector(`${by('model-select')} option[value="own:gift.safetensors"]`, {
    state: 'attached',
  });
  await page.setInputFiles(by('photos-input'), upload('a.png', photo(600, 400)));
  await translate(page, 1);
  await shoot('several');
  await page.click('#more > summary');
  await shoot('card');
  await page.click(by('download-model'));
  await shoot('download-model');
  await page.click(by('export-no'));
}

/**
 * @param {Page} page
 * @param {string} url
 * @param {(state: string) => Promise<void>} shoot
 */
async function walk(page, url, shoot) {
  await live(page, url, shoot);
  if (values.only === 'live') return;
  await models(page, url, shoot);
  await page.goto(`${url}?device=cpu&lang=${values.lang}&fault=nan@50#train`);
  await ready(page);
  await shoot('empty');
  await page.click(by('samples-train-button'));
  await until(page, 'ready');
  await shoot('checked');
  await page.click(by('calibrate-button'));
  await until(page, 'calibrated', { timeout: PATIENCE });
  await shoot('calibrated');
  await page.selectOption(by('start-from'), 'scratch');
  await set(page, { crop: 64, steps: 90, 'preview-every': 10, ngf: 8, blocks: 2 });
  await shoot('more-settings');
  await page.selectOption(by('start-from'), 'model:summer2winter');
  await set(page, { crop: 64, steps: 60, warmup: 15, 'preview-every': 10 });
  await page.click(by('train-button'));
  await until(page, 'training', { step: 11, timeout: PATIENCE });
  await shoot('warming-up');
  await until(page, 'training', { step: 35, timeout: PATIENCE });
  await shoot('running');
  await page.click(by('pause-button'));
  await until(page, 'paused', { timeout: PATIENCE });
  await shoot('paused');
  await page.reload();
  await page.waitForSelector(by('resume-offer'));
  await shoot('offer');
  await page.click(by('offer-accept'));
  await untilTold(page, 'training-not-finite', PATIENCE);
  await until(page, 'paused', { timeout: PATIENCE });
  await shoot('fault');
  await page.click(by('rates-apply'));
  await page.click(by('resume-button'));
  await until(page, 'finished', { timeout: PATIENCE });
  await shoot('done');
  await page.click(by('export-run'));
  await page.waitForSelector(`${by('export')}[open]`);
  await shoot('download');
  await page.click(by('export-no'));
  await page.click(by('another-button'));
  await page.waitForSelector(by('stored-run'));
  await shoot('stored');
}

const site = await serveSite();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: [...ARGUMENTS, ALLOWED, FAKE],
});
if (values.readme) await portrait(values.readme);
else await album();
await browser.close();
await site.close();

/** @param {string} path */
async function portrait(path) {
  const page = await browser.newPage({ locale: 'en-US', viewport: { width: 1280, height: 1000 } });
  await page.goto(`${site.url}?device=cpu#train`);
  await ready(page);
  await page.click(by('samples-train-button'));
  await until(page, 'ready');
  await page.click(by('train-button'));
  await until(page, 'finished', { timeout: 12 * PATIENCE });
  await page.locator(by('outcome')).screenshot({ path, quality: 88, type: 'jpeg' });
}

async function album() {
  mkdirSync(folder, { recursive: true });
  for (const width of values.width.split(',').map(Number)) {
    for (const scheme of /** @type {('light' | 'dark')[]} */ (values.scheme.split(','))) {
      const context = await browser.newContext({
        locale: 'en-US',
        colorScheme: scheme,
        viewport: { width, height: width > 600 ? 900 : 844 },
      });
      const page = await context.newPage();
      let count = 0;
      await walk(page, site.url, async (state) => {
        // The bar sticks to the top, also in a picture of the whole page.
        await page.evaluate(() => scrollTo(0, 0));
        await page.waitForTimeout(300);
        count += 1;
        const name = `${String(count).padStart(2, '0')}-${state}-${width}-${scheme}.png`;
        await page.screenshot({ path: join(folder, name), fullPage: true });
        console.log(name);
      });
      await context.close();
    }
  }
}
