/** Smoother results: what four passes give, that the zip says so, and that sixteen can be stopped. */
import assert from 'node:assert/strict';
import { PNG } from 'pngjs';
import { setUp } from './support/browser.js';
import { paintedPixels, photo, upload } from './support/files.js';
import {
  by,
  downloaded,
  inMore,
  nearness,
  picture,
  ready,
  setMargin,
  translate,
  useWeights,
} from './support/page.js';
import { readZip } from './support/zip.js';

const visit = setUp();

const [WIDTH, HEIGHT] = [42, 29];
const SHIFTS = [
  [0, 0],
  [1, 2],
  [2, 1],
  [3, 3],
];

/** The photo with `down` rows above it and `right` columns to its left, reflected. @param {number[]} shift */
function moved([down, right]) {
  const pixels = paintedPixels(WIDTH, HEIGHT);
  const png = new PNG({ width: WIDTH + right, height: HEIGHT + down });
  for (let y = 0; y < png.height; y += 1) {
    for (let x = 0; x < png.width; x += 1) {
      const from = 4 * (Math.abs(y - down) * WIDTH + Math.abs(x - right));
      pixels.copy(png.data, 4 * (y * png.width + x), from, from + 4);
    }
  }
  return PNG.sync.write(png);
}

/** @param {import('playwright-core').Page} page @param {'1' | '4' | '16'} passes */
const setSmooth = (page, passes) =>
  inMore(page, () => page.selectOption(by('smooth-select'), passes));

visit('four passes are the mean of the photo moved by hand', {}, async ({ page, t }) => {
  await ready(page);
  await useWeights(page);
  await setMargin(page, 0);
  await page.selectOption(by('size-select'), 'own');
  await page.setInputFiles(
    by('photos-input'),
    SHIFTS.map((shift) => upload(`${shift.join()}.png`, moved(shift))),
  );
  await translate(page, SHIFTS.length);
  const sum = new Float64Array(3 * WIDTH * HEIGHT);
  for (const [down, right] of SHIFTS) {
    const { width, rgb } = await picture(page, `${down},${right}.png`);
    for (const [i] of sum.entries()) {
      const [y, x, c] = [Math.floor(i / (3 * WIDTH)), Math.floor(i / 3) % WIDTH, i % 3];
      sum[i] += rgb[3 * ((y + down) * width + x + right) + c] / SHIFTS.length;
    }
  }
  const single = (await picture(page, '0,0.png')).rgb;
  await page.click(by('clear-button'));
  await setSmooth(page, '4');
  await page.setInputFiles(by('photos-input'), upload('photo.png', photo(WIDTH, HEIGHT)));
  await translate(page, 1);
  const { width, height, rgb } = await picture(page, 'photo.png');
  assert.deepEqual([width, height], [WIDTH, HEIGHT]);
  // Each pass became bytes by hand, cut off; here the mean does.
  const { within, max } = nearness(rgb, Uint8Array.from(sum));
  t.diagnostic(`${(100 * within).toFixed(2)} % within one level, at most ${max}`);
  assert.equal(within, 1);
  assert.ok(nearness(rgb, single).within < 0.9, 'one pass looks the same');

  const entries = readZip((await downloaded(page, by('download-all'))).bytes);
  const manifest = entries.find(({ name }) => name === 'manifest.json');
  assert.equal(JSON.parse(String(manifest?.bytes)).settings.smooth, 4);
});

visit(
  'sixteen passes show how far they are, can be stopped, and are remembered',
  {},
  async ({ page }) => {
    await ready(page);
    await setSmooth(page, '16');
    await page.selectOption(by('size-select'), '256');
    await page.setInputFiles(by('photos-input'), upload('photo.png', photo(256, 192)));
    await page.click(by('translate-button'));
    await page.waitForFunction(
      () =>
        /[1-9]\d* of 16 passes/.test(document.querySelector('#progress-line')?.textContent ?? ''),
      null,
      { timeout: 60_000 },
    );
    const done = Number(await page.getAttribute(by('progress'), 'aria-valuenow'));
    assert.ok(done > 0 && done < 100, `${done} %`);
    await page.click(by('cancel-button'));
    await page.waitForSelector(by('translate-button'), { state: 'visible', timeout: 1500 });
    await page.reload();
    await ready(page);
    assert.equal(await page.inputValue(by('smooth-select')), '16');
  },
);

visit(
  'a model that asks for four passes gets them, unless the visitor wants otherwise',
  {},
  async ({ page, site }) => {
    await ready(page);
    const fetched = () => site.served.filter((path) => path.endsWith('.safetensors'));
    assert.equal(await page.inputValue(by('smooth-select')), '1');
    await page.selectOption(by('model-select'), 'vintage');
    assert.equal(await page.inputValue(by('smooth-select')), '4');
    assert.match((await page.textContent('#card-about')) ?? '', /this direction only/);
    assert.deepEqual(fetched(), [], 'nothing is fetched before it is needed');
    await page.setInputFiles(by('photos-input'), upload('photo.png', photo(48, 32)));
    await translate(page, 1);
    assert.equal(fetched().length, 1);
    assert.match(fetched()[0], /vintage/);
    const [before, after] = [
      await picture(page, 'photo.png', 'before'),
      await picture(page, 'photo.png'),
    ];
    assert.ok(!after.rgb.equals(before.rgb));
    await setSmooth(page, '1');
    await page.selectOption(by('model-select'), 'summer2winter');
    await page.selectOption(by('model-select'), 'vintage');
    assert.equal(await page.inputValue(by('smooth-select')), '1');
  },
);
