/** Names in an archive: safe on every system, and never the same twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultName, resultNames, safeFileName } from '../../www/files/names.js';

/** @param {string} path @param {'png' | 'jpeg'} format */
const name = (path, format = 'png') => resultNames()(path, format);
const bytes = (/** @type {string} */ text) => Buffer.byteLength(text);

/** What no name may be, on any system. @param {string} path */
function assertSafe(path) {
  const shown = JSON.stringify(path);
  assert.ok(!/[\p{Cc}\p{Cs}<>:"\\|?*]/u.test(path), `${shown} has a forbidden character`);
  assert.ok(!/[\u200B\u200C\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u00AD]/.test(path), shown);
  for (const part of path.split('/')) {
    assert.ok(part !== '' && !/^\.|[. ]$/.test(part), `${shown} has an unsafe part`);
    assert.ok(
      !/^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\.|$)/i.test(part),
      shown,
    );
    assert.ok(bytes(part) <= 255, `${shown} is too long`);
  }
}

test('the extension becomes that of the result, and folders are kept', () => {
  assert.equal(name('trip/day 1/IMG_2.JPG'), 'trip/day 1/IMG_2.png');
  assert.equal(name('a.png', 'jpeg'), 'a.jpg');
  assert.equal(name('a.tar.webp'), 'a.tar.png');
  assert.equal(name('2020.05.01'), '2020.05.01.png');
  assert.equal(name('no extension'), 'no extension.png');
  assert.equal(resultName('trip/a:b.heic', 'jpeg'), 'a_b.jpg');
});

test('hostile names', () => {
  const cases = {
    '../../x.png': 'x.png',
    '/abs.jpg': 'abs.png',
    '//server/share/x.jpg': 'server/share/x.png',
    'C:\\x.jpg': 'x.png',
    'C:\\dir\\..\\x.jpg': 'dir/x.png',
    'C:x.jpg': 'C_x.png',
    'a/./b/../c.png': 'a/b/c.png',
    'con.txt': '_con.txt.png',
    'CON.jpg': '_CON.png',
    'aux/nul.png': '_aux/_nul.png',
    'com1.jpg': '_com1.png',
    'lpt¹.jpg': '_lpt¹.png',
    'con .jpg': '_con.png',
    'console.jpg': 'console.png',
    'dir. /x.jpg. ': 'dir/x.png',
    '...': 'photo.png',
    '': 'photo.png',
    '.jpg': 'jpg.png',
    'nul\0.jpg': 'nul_.png',
    'line\nbreak\t\u007f\u0085.png': 'line_break___.png',
    'line\u2028separator.png': 'line_separator.png',
    'photo\u202Egnp.exe': 'photognp.exe.png',
    '\u2066a\u2069\u200Bb\uFEFF\u200F.png': 'ab.png',
    'a\u200Db.png': 'ab.png',
    '<img src=x onerror=alert(1)>.png': '_img src=x onerror=alert(1)_.png',
    'say "hi" it\'s?*|.png': "say _hi_ it's___.png",
    'half \uD83D pair.png': 'half _ pair.png',
  };
  for (const [path, expected] of Object.entries(cases)) {
    assert.equal(name(path), expected, JSON.stringify(path));
    assertSafe(name(path));
  }
});

test('emoji are kept whole, with their joiners, selectors and tags', () => {
  for (const emoji of [
    '🏔️',
    '👩‍👩‍👧‍👦',
    '👩🏽‍🚀',
    '🏳️‍🌈',
    '🇳🇴',
    '🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}',
    '❤️‍🔥',
  ]) {
    assert.equal(name(`${emoji}.jpg`), `${emoji}.png`);
  }
  assert.equal(name('a\u{E0041}\u{E0042}.jpg'), 'a.png', 'tags without a flag');
});

test('long names are cut at a whole character and keep the extension', () => {
  assert.equal(name(`${'x'.repeat(300)}.jpg`), `${'x'.repeat(251)}.png`);
  assert.equal(name(`${'é'.repeat(200)}.jpg`), `${'é'.repeat(125)}.png`);
  assert.equal(name(`${'👩‍👩‍👧‍👦'.repeat(20)}.jpg`), `${'👩‍👩‍👧‍👦'.repeat(10)}.png`);
  assert.equal(name(`a${'\u0301'.repeat(300)}.jpg`), 'photo.png', 'one character of 600 bytes');
  const long = `${'d'.repeat(300)}/${'f'.repeat(255)}`;
  assert.equal(name(long), `${'d'.repeat(255)}/${'f'.repeat(251)}.png`);
  assert.equal(
    name(`${'n'.repeat(250)}. .x.jpg`).length,
    254,
    'no dot or space is left at the cut',
  );
});

test('names that any file system takes for the same are told apart', () => {
  const next = resultNames(['manifest.json']);
  assert.equal(next('a.jpg', 'png'), 'a.png');
  assert.equal(next('a.png', 'png'), 'a (2).png');
  assert.equal(next('A.webp', 'png'), 'A (3).png');
  assert.equal(next('a (2).jpg', 'png'), 'a (2) (2).png');
  assert.equal(next('a.gif', 'jpeg'), 'a.jpg');
  assert.equal(next('caf\u00e9.png', 'png'), 'caf\u00e9.png');
  assert.equal(next('cafe\u0301.png', 'png'), 'caf\u00e9 (2).png');
  assert.equal(next('straße.png', 'png'), 'straße.png');
  assert.equal(next('STRASSE.png', 'png'), 'STRASSE (2).png');
  assert.equal(next('a?.png', 'png'), 'a_.png');
  assert.equal(next('a*.png', 'png'), 'a_ (2).png');
  const long = 'x'.repeat(300);
  assert.equal(next(`${long}1.png`, 'png'), `${'x'.repeat(251)}.png`);
  assert.equal(next(`${long}2.png`, 'png'), `${'x'.repeat(247)} (2).png`);
});

test('a folder and a file never share a name', () => {
  const next = resultNames(['manifest.json']);
  assert.equal(next('x.jpg', 'png'), 'x.png');
  assert.equal(next('x.png/1.jpg', 'png'), 'x.png (2)/1.png');
  assert.equal(next('x.png/2.jpg', 'png'), 'x.png (2)/2.png', 'the same folder again');
  assert.equal(next('y.png/1.jpg', 'png'), 'y.png/1.png');
  assert.equal(next('y.jpg', 'png'), 'y (2).png');
  assert.equal(next('manifest.json/a.jpg', 'png'), 'manifest.json (2)/a.png');
});

test('ten thousand equal names take no time', () => {
  const next = resultNames();
  const started = performance.now();
  const names = new Set(Array.from({ length: 10_000 }, () => next('image.png', 'png')));
  assert.equal(names.size, 10_000);
  assert.ok(names.has('image (10000).png'));
  assert.ok(performance.now() - started < 3000);
});

test('random names stay safe and unique', () => {
  const alphabet = [
    'a',
    'A',
    '.',
    ' ',
    '/',
    '\\',
    ':',
    '\0',
    '\u202E',
    '\u200D',
    '👩',
    'é',
    'e\u0301',
    'con',
    '.jpg',
    '..',
    '?',
    '\uD800',
    '\n',
    '🏴',
    '\u{E0067}',
    '\u{E007F}',
    '\u{1F3FD}',
  ];
  let state = 1;
  const random = (/** @type {number} */ n) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * n);
  };
  const next = resultNames();
  const seen = new Set();
  for (let i = 0; i < 3000; i += 1) {
    const path = Array.from({ length: random(12) }, () => alphabet[random(alphabet.length)]).join(
      '',
    );
    const result = next(path, 'png');
    assertSafe(result);
    const key = result.normalize('NFC').toLowerCase();
    assert.ok(!seen.has(key), JSON.stringify([path, result]));
    seen.add(key);
  }
});

test('one safe file name keeps its extension and can be counted', () => {
  assert.equal(safeFileName('../my: model.safetensors'), '_my_ model.safetensors');
  assert.equal(safeFileName('nul.pth'), '_nul.pth');
  assert.equal(safeFileName('\u202E', 'weights'), 'weights');
  assert.equal(safeFileName('a.pth', 'weights', 2), 'a (2).pth');
  const long = safeFileName(`${'x'.repeat(400)}.safetensors`, 'weights', 12);
  assert.equal(long, `${'x'.repeat(238)} (12).safetensors`);
  assert.equal(bytes(long), 255);
});
