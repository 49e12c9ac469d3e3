/**
 * Each format that browsers decode: what the network sees equals what Pillow reads, byte for byte, with
 * the orientation applied and translucent pixels on white (`fixtures/make_formats.py`).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setUp } from './support/browser.js';
import { upload } from './support/files.js';
import { by, nearness, picture, problems, ready, translate, useWeights } from './support/page.js';

/** @type {Record<string, { file: string, width: number, height: number, rgb: string | null }>} */
const FORMATS = JSON.parse(readFileSync(new URL('fixtures/formats.json', import.meta.url), 'utf8'));

const visit = setUp();

visit('every format is read as Pillow reads it', {}, async ({ page }) => {
  const names = Object.keys(FORMATS);
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(
    by('photos-input'),
    names.map((name) => upload(name, Buffer.from(FORMATS[name].file, 'base64'), '')),
  );
  await translate(page, names.length);
  assert.deepEqual(await problems(page), {});
  const wrong = [];
  for (const name of names) {
    const { width, height, rgb } = FORMATS[name];
    const seen = await picture(page, name, 'before');
    const result = await picture(page, name);
    assert.deepEqual([seen.width, seen.height], [width, height], name);
    assert.deepEqual([result.width, result.height], [width, height], name);
    const { max } = rgb ? nearness(seen.rgb, Buffer.from(rgb, 'base64')) : { max: 0 };
    if (max > 0) wrong.push(`${name}: ${max}`);
  }
  assert.deepEqual(wrong, []);
});

visit('an orientation in EXIF puts the picture upright', {}, async ({ page }) => {
  const { file, width, height } = FORMATS['turned.jpg'];
  assert.ok(height > width, 'stored lying');
  await ready(page);
  await useWeights(page);
  await page.setInputFiles(by('photos-input'), upload('turned.jpg', Buffer.from(file, 'base64')));
  await translate(page, 1);
  const result = await picture(page, 'turned.jpg');
  assert.deepEqual([result.width, result.height], [width, height]);
});
