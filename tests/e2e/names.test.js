/** Names that try to be markup, to mislead, or to leave the folder that a zip is unpacked in. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, cards, ready, translate, useWeights } from './support/page.js';
import { readZip } from './support/zip.js';

const visit = setUp();

visit('names are shown as text, whatever stands in them', {}, async ({ page }) => {
  const names = [
    '<img src=x onerror=alert(1)>.png',
    '"><script>alert(2)</script>.png',
    `quotes " ' \` &amp;.png`,
    'line\nbreak.png',
    'evil\u202egpj.png',
    '\u{1F3D4}\uFE0F snow \u{1F468}\u200D\u{1F469}\u200D\u{1F467}.png',
    `${'x'.repeat(251)}.png`,
    'javascript:alert(3).png',
  ];
  await ready(page);
  await useWeights(page);
  const file = photo(16, 16);
  await page.setInputFiles(
    by('photos-input'),
    [...names, '<b>bad</b>.png'].map((name) =>
      upload(name, name.includes('bad') ? 'no picture' : file),
    ),
  );
  await translate(page, names.length + 1);
  const shown = await cards(page);
  assert.deepEqual(shown.map(({ name }) => name).sort(), [...names, '<b>bad</b>.png'].sort());
  assert.equal(shown.filter(({ state }) => state === 'done').length, names.length);
  const texts = await page.$$eval(`${by('result-card')} [data-role=name]`, (all) =>
    all.map((one) => [one.textContent ?? '', one.childElementCount]),
  );
  assert.ok(texts.every(([, children]) => children === 0));
  assert.ok(texts.some(([text]) => text === '<img src=x onerror=alert(1)>.png'));
  assert.ok(
    texts.every(([text]) => !/[\u202a-\u202e]/.test(String(text))),
    'letters turned round',
  );
  assert.equal(await page.textContent(`${by('problem-list')} bdi`), '<b>bad</b>.png');
  assert.equal(await page.locator('img[src=x], bdi b, bdi script').count(), 0);
});

visit('a zip holds only names that are safe anywhere', {}, async ({ page }) => {
  const names = [
    'x\\..\\..\\up.png',
    '/abs.png',
    'C:\\x\\drive.png',
    'con.txt.png',
    'nul.png',
    'trailing. .png',
    'same.png',
    'SAME.jpg',
    'same.png',
    'caf\u00e9.png',
    'cafe\u0301.png',
    'zero\0byte.png',
    'manifest.json.png',
    `${'\u00e9'.repeat(150)}.png`,
  ];
  await ready(page);
  await useWeights(page);
  // Files made in the page: Playwright would take the names for paths.
  await page.evaluate(
    async ([selector, all, base64]) => {
      const bytes = Uint8Array.from(atob(String(base64)), (c) => c.charCodeAt(0));
      const data = new DataTransfer();
      // Of different times: two of one name, size and time are one photo.
      for (const [lastModified, name] of all.entries())
        data.items.add(new File([bytes], name, { type: 'image/png', lastModified }));
      const input = /** @type {HTMLInputElement} */ (document.querySelector(String(selector)));
      input.files = data.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    },
    /** @type {const} */ ([by('photos-input'), names, photo(16, 16).toString('base64')]),
  );
  await translate(page, names.length);
  assert.ok((await cards(page)).every(({ state }) => state === 'done'));
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click(by('download-all')),
  ]);
  const entries = readZip(await readFile(await download.path()));
  assert.equal(entries.length, names.length + 1);
  const folded = new Set(entries.map(({ name }) => name.normalize('NFC').toLowerCase()));
  assert.equal(folded.size, entries.length, 'no two alike');
  for (const { name, utf8 } of entries) {
    assert.ok(utf8, name);
    assert.doesNotMatch(name, /^\/|^[a-z]:|\\|(^|\/)\.\.?(\/|$)|[\p{Cc}<>:"|?*]/iu, name);
    for (const part of name.split('/')) {
      assert.ok(Buffer.byteLength(part) <= 255, name);
      assert.doesNotMatch(part, /[. ]$|^(con|prn|aux|nul|com\d|lpt\d)\s*(\.|$)/i, name);
    }
  }
});
