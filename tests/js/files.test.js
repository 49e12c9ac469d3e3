/** Photos in: folders, drops and pastes, with stand-ins for what the browser hands over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromDrop, fromInput, fromPaste, isPhoto, MAX_PHOTOS } from '../../www/files.js';

globalThis.File ??= /** @type {any} */ ((await import('node:buffer')).File);

/** @typedef {{ [name: string]: Tree | string | null | Error }} Tree text: a file of that type; null: a file; Error: fails */

/** @param {string} path @returns {File} */
function picked(path, type = '') {
  const file = new File(['x'], path.split('/').at(-1) ?? '', { type });
  return Object.defineProperty(file, 'webkitRelativePath', {
    value: path.includes('/') ? path : '',
  });
}

/** An entry as a drop gives it; folders hand out 100 children at a time. @param {string} name @param {any} tree @returns {any} */
function entry(name, tree) {
  if (tree === null || typeof tree === 'string' || tree instanceof Error) {
    return {
      name,
      isDirectory: false,
      file: (/** @type {any} */ ok, /** @type {any} */ fail) =>
        setImmediate(() =>
          tree instanceof Error ? fail(tree) : ok(new File(['x'], name, { type: tree ?? '' })),
        ),
    };
  }
  return {
    name,
    isDirectory: true,
    createReader() {
      const children = Object.entries(typeof tree === 'function' ? tree() : tree);
      return {
        readEntries: (/** @type {any} */ ok, /** @type {any} */ fail) =>
          setImmediate(() =>
            tree.unreadable
              ? fail(new DOMException('gone', 'NotFoundError'))
              : ok(children.splice(0, 100).map(([child, inside]) => entry(child, inside))),
          ),
      };
    },
  };
}

/** @param {Tree} tree @returns {any} */
const dropped = (tree) => ({
  items: Object.entries(tree).map(([name, inside]) => ({
    kind: 'file',
    webkitGetAsEntry: () => entry(name, inside),
  })),
});

/** @param {AsyncGenerator<import('../../www/files.js').Chunk>} chunks */
async function all(chunks) {
  const result = {
    paths: /** @type {string[]} */ ([]),
    ignored: 0,
    problems: /** @type {any[]} */ ([]),
    chunks: 0,
  };
  for await (const chunk of chunks) {
    result.paths.push(...chunk.photos.map(({ path }) => path));
    result.ignored += chunk.ignored;
    result.problems.push(...chunk.problems);
    result.chunks += 1;
  }
  return result;
}

test('what is a photo', () => {
  for (const name of [
    'a.jpg',
    'A.JPEG',
    'b.PNG',
    'c.webp',
    'd.avif',
    'e.gif',
    'f.bmp',
    'g.heic',
    'x/y.heif',
    'a..png',
    '<img src=x>.png',
  ]) {
    assert.ok(isPhoto(name, ''), name);
  }
  const junk = [
    '.DS_Store',
    'Thumbs.db',
    'desktop.ini',
    '._x.jpg',
    '.hidden.png',
    '__MACOSX/a.jpg',
    'a/.git/b.png',
    'a.svg',
    'a.tiff',
    'a.tif',
    'a.mp4',
    'a.MOV',
    'a.txt',
    'a.jpg.txt',
    'a.cr2',
    'jpg',
    '',
  ];
  for (const name of junk) assert.ok(!isPhoto(name, ''), name);
  assert.ok(isPhoto('no extension', 'image/jpeg'));
  assert.ok(isPhoto('Dr. Who on holiday', 'image/png'), 'a dot before a space is no extension');
  assert.ok(!isPhoto('no extension', 'image/svg+xml'));
  assert.ok(!isPhoto('a.svg', 'image/png'), 'the extension comes first');
});

test('an input gives photos with their folders, and counts the rest', async () => {
  const files = [
    'trip/a.jpg',
    'trip/sub/b.png',
    'trip/.DS_Store',
    'trip/Thumbs.db',
    'c.webp',
    'film.mp4',
  ].map((path) => picked(path));
  const { paths, ignored, problems } = await all(fromInput(files));
  assert.deepEqual(paths, ['trip/a.jpg', 'trip/sub/b.png', 'c.webp']);
  assert.equal(ignored, 3);
  assert.deepEqual(problems, []);
});

test('nothing gives nothing', async () => {
  assert.deepEqual(await all(fromInput([])), { paths: [], ignored: 0, problems: [], chunks: 0 });
  assert.deepEqual((await all(fromDrop(dropped({ empty: {} })))).paths, []);
});

test('a dropped folder is read to the end, however many batches', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 350 }, (_, i) => [`${String(i).padStart(3, '0')}.jpg`, null]),
  );
  const { paths, ignored, chunks } = await all(
    fromDrop(
      dropped({
        root: {
          ...many,
          sub: { deep: { 'z.png': null, '.DS_Store': null } },
          __MACOSX: { '._z.png': null },
        },
        'single.gif': null,
      }),
    ),
  );
  assert.equal(paths.length, 352);
  assert.equal(paths[0], 'root/000.jpg');
  assert.equal(paths[349], 'root/349.jpg');
  assert.deepEqual(paths.slice(350), ['root/sub/deep/z.png', 'single.gif']);
  assert.equal(ignored, 2, 'a junk folder counts once');
  assert.ok(chunks >= 4, 'they come in chunks');
});

test('entries are taken during the event, not after', async () => {
  let over = false;
  const taken = entry('a.jpg', null);
  const data = /** @type {any} */ ({
    items: [
      { kind: 'string', webkitGetAsEntry: () => assert.fail('text is no file') },
      { kind: 'file', webkitGetAsEntry: () => (over ? null : taken) },
      {
        kind: 'file',
        webkitGetAsEntry: () => null,
        getAsFile: () => (over ? null : picked('b.png')),
      },
    ],
  });
  const chunks = fromDrop(data);
  over = true;
  assert.deepEqual((await all(chunks)).paths, ['a.jpg', 'b.png']);
});

test('what cannot be read is listed and the rest goes on', async () => {
  const gone = new DOMException('gone', 'NotFoundError');
  const { paths, problems } = await all(
    fromDrop(
      dropped({
        root: {
          'a.jpg': null,
          'b.jpg': gone,
          closed: /** @type {any} */ ({ unreadable: true }),
          'c.jpg': null,
        },
      }),
    ),
  );
  assert.deepEqual(paths, ['root/a.jpg', 'root/c.jpg']);
  assert.deepEqual(problems, [
    { path: 'root/b.jpg', code: 'file-gone' },
    { path: 'root/closed', code: 'file-gone' },
  ]);
});

test('a folder that holds itself ends at the depth limit', async () => {
  const loop = () => ({ 'a.jpg': null, loop });
  const { paths, problems } = await all(fromDrop(dropped({ root: /** @type {any} */ (loop) })));
  assert.equal(paths.length, 32);
  assert.equal(problems.length, 1);
  assert.equal(problems[0].code, 'folder-too-deep');
});

test('no more than the limit, and the last chunk says so', async () => {
  const files = Array.from({ length: MAX_PHOTOS + 5 }, (_, i) => picked(`${i}.jpg`));
  const { paths, problems } = await all(fromInput(files));
  assert.equal(paths.length, MAX_PHOTOS);
  assert.deepEqual(problems, [{ path: `${MAX_PHOTOS}.jpg`, code: 'too-many-photos' }]);
  assert.deepEqual((await all(fromInput(files.slice(0, MAX_PHOTOS)))).problems, []);
  assert.equal((await all(fromInput(files, 3))).paths.length, 3);
});

test('a long list gives way to the page again and again', async () => {
  const files = Array.from({ length: 10_000 }, (_, i) => picked(`f/${i}.${i % 2 ? 'jpg' : 'txt'}`));
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  let count = 0;
  for await (const { photos } of fromInput(files)) {
    const until = performance.now() + 5; // what the page does with a chunk
    while (performance.now() < until);
    count += photos.length;
  }
  clearInterval(timer);
  assert.equal(count, 5000);
  // 50 chunks of 5 ms, and at most 20 ms and a chunk without giving way.
  assert.ok(turns >= 8, `${turns} turns of the event loop`);
});

test('pasted pictures get names of their own; copied files keep theirs', async () => {
  const data = /** @type {any} */ ({
    files: [
      picked('image.png', 'image/png'),
      picked('holiday.jpg', 'image/jpeg'),
      picked('', 'image/jpeg'),
      picked('notes.txt', 'text/plain'),
    ],
  });
  const { paths, ignored } = await all(fromPaste(data));
  assert.deepEqual(paths, ['pasted-1.png', 'holiday.jpg', 'pasted-2.jpg']);
  assert.equal(ignored, 1);
});
