/** Photos in: folders, drops and pastes, with stand-ins for what the browser hands over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromDrop, fromInput, fromPaste, MAX_PHOTOS } from '../../www/files/walk.js';

globalThis.File ??= /** @type {any} */ ((await import('node:buffer')).File);

/** @typedef {{ [name: string]: Tree | string | null | Error }} Tree text: a file of that content; null: a file; Error: fails */

const PNG = '\x89PNG\r\n\x1a\n';

/** @param {string} path @returns {File} */
function picked(path, type = '', content = 'x') {
  const bytes = Buffer.from(content, 'latin1');
  const file = new File([bytes], path.split('/').at(-1) ?? '', { type });
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
          tree instanceof Error
            ? fail(tree)
            : ok(new File([Buffer.from(tree ?? 'x', 'latin1')], name)),
        ),
    };
  }
  return {
    name,
    isDirectory: true,
    createReader() {
      const { endsAfter = Infinity } = tree;
      const children = Number.isFinite(endsAfter)
        ? Array.from(
            { length: endsAfter },
            (_, i) => /** @type {[string, any]} */ ([`${100 + i}.jpg`, null]),
          )
        : Object.entries(typeof tree === 'function' ? tree() : tree);
      return {
        readEntries: (/** @type {any} */ ok, /** @type {any} */ fail) =>
          setImmediate(() =>
            tree.unreadable || (Number.isFinite(endsAfter) && children.length === 0)
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

/** @param {AsyncGenerator<import('../../www/files/walk.js').Chunk>} chunks */
async function all(chunks) {
  const result = {
    paths: /** @type {string[]} */ ([]),
    models: /** @type {string[]} */ ([]),
    ignored: /** @type {string[]} */ ([]),
    problems: /** @type {any[]} */ ([]),
    chunks: 0,
  };
  for await (const chunk of chunks) {
    result.paths.push(...chunk.photos.map(({ path }) => path));
    result.models.push(...chunk.models.map(({ path }) => path));
    result.ignored.push(...chunk.ignored);
    result.problems.push(...chunk.problems);
    result.chunks += 1;
  }
  return result;
}

test('what was chosen is decided by its content, whatever it is called', async () => {
  const photos = [
    'photo',
    'tweet.jpg_large',
    'Bild 2024.05.01',
    'Dr. Who',
    'a.txt',
    'x/IMG_1.jpg!d',
  ];
  const types = ['', 'application/octet-stream', 'text/plain'];
  for (const type of types) {
    const files = photos.map((path) => picked(path, type, PNG));
    const { paths, ignored, problems } = await all(fromInput(files));
    assert.deepEqual({ paths, ignored, problems }, { paths: photos, ignored: [], problems: [] });
  }
  const tree = Object.fromEntries(photos.map((name) => [name.replace('/', '-'), PNG]));
  assert.equal((await all(fromDrop(dropped({ tree })))).paths.length, photos.length);
});

test('what is called like a photo is left to the decoder, which says what it is', async () => {
  const names = [
    'a.jpg',
    'A.JPEG',
    'b.PNG',
    'c.webp',
    'd.avif',
    'e.gif',
    'f.bmp',
    'g.heic',
    'h.jfif',
  ];
  const { paths } = await all(fromInput(names.map((name) => picked(name, '', 'II*\0 is TIFF'))));
  assert.deepEqual(paths, names);
});

test('kinds that are no photos for a browser are named, each with its kind', async () => {
  Object.assign(globalThis, { ImageDecoder: { isTypeSupported: async () => false } });
  const files = {
    'scan.tif': ['II*\0\x08\0\0\0', 'TIFF'],
    scan: ['MM\0*\0\0\0\x08', 'TIFF'],
    'IMG_1.dng': ['II*\0\x08\0\0\0', 'raw'],
    'art.jxl': ['\xff\x0a\x13\x07', 'JPEG XL'],
    'film.mp4': ['\0\0\0\x18ftypisom\0\0\x02\0', 'video'],
    'letter.pdf': ['%PDF-1.7', 'PDF'],
    'drawing.svg': ['<svg xmlns="x"/>', 'SVG'],
  };
  const { paths, problems, ignored } = await all(
    fromDrop(
      dropped({
        'a.jpg': null,
        IMG_2: '\0\0\0\x18ftypheic\0\0\0\0mif1heic',
        ...Object.fromEntries(Object.entries(files).map(([name, [content]]) => [name, content])),
      }),
    ),
  );
  Object.assign(globalThis, { ImageDecoder: undefined });
  assert.deepEqual(paths, ['a.jpg']);
  assert.deepEqual(ignored, []);
  assert.deepEqual(problems, [
    { path: 'IMG_2', code: 'image-heic', values: undefined },
    ...Object.entries(files).map(([path, [, kind]]) => ({
      path,
      code: 'image-unsupported',
      values: { kind },
    })),
  ]);
});

test("what systems leave behind is nobody's, and all else that is left out is told by its ending", async () => {
  const junk = [
    '.DS_Store',
    'Thumbs.db',
    'desktop.ini',
    '._x.jpg',
    '.hidden.png',
    '__MACOSX/a.jpg',
    'a/.git/b.png',
  ];
  const others = ['a.txt', 'b.JSON', 'LICENSE', 'a.jpg.txt', 'x/w.pth', 'w.bin'];
  const files = [...junk, ...others].map((path) => picked(path));
  const { paths, ignored, problems } = await all(fromInput(files));
  assert.deepEqual({ paths, problems }, { paths: [], problems: [] });
  assert.deepEqual(ignored, ['txt', 'json', '', 'txt', 'pth', 'bin']);
});

test('weights among photos are models, whatever they are called', async () => {
  const zip = `PK\x03\x04${'\0'.repeat(22)}\x11\0\0\0archive/data.pkl`;
  const tree = {
    'a.jpg': null,
    run: { 'latest_net_G_A.pth': zip, checkpoint: zip, 'G.bin': '\x80\x02\x8a\n', 'n.txt': 'n' },
  };
  const { paths, models, ignored } = await all(fromDrop(dropped(tree)));
  assert.deepEqual(paths, ['a.jpg']);
  assert.deepEqual(models, ['run/G.bin', 'run/checkpoint', 'run/latest_net_G_A.pth']);
  assert.deepEqual(ignored, ['txt']);
});

test('a file that is only called a model is looked at if it was given by itself', async () => {
  const files = ['w.pth', 'w.pth.tar', 'W.CKPT', 'sub/w.pth', 'w.bin', 'w.pkl'];
  const { models, ignored } = await all(fromInput(files.map((path) => picked(path, '', '<html>'))));
  assert.deepEqual(models, ['w.pth', 'w.pth.tar', 'W.CKPT']);
  assert.deepEqual(ignored, ['pth', 'bin', 'pkl']);
});

test('an input gives photos with their folders, and counts the rest', async () => {
  const files = [
    'trip/a.jpg',
    'trip/sub/b.png',
    'trip/.DS_Store',
    'trip/Thumbs.db',
    'c.webp',
    'notes.txt',
  ].map((path) => picked(path));
  const { paths, ignored, problems } = await all(fromInput(files));
  assert.deepEqual(paths, ['trip/a.jpg', 'trip/sub/b.png', 'c.webp']);
  assert.deepEqual(ignored, ['txt']);
  assert.deepEqual(problems, []);
});

test('nothing gives nothing', async () => {
  assert.deepEqual(await all(fromInput([])), {
    paths: [],
    models: [],
    ignored: [],
    problems: [],
    chunks: 0,
  });
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
  assert.deepEqual(ignored, []);
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
          half: /** @type {any} */ ({ endsAfter: 100 }),
          'c.jpg': null,
        },
      }),
    ),
  );
  // What a folder gave before it failed counts.
  assert.deepEqual(
    paths.filter((path) => !path.includes('half/')),
    ['root/a.jpg', 'root/c.jpg'],
  );
  assert.equal(paths.length, 102);
  assert.deepEqual(problems, [
    { path: 'root/b.jpg', code: 'file-gone' },
    { path: 'root/closed', code: 'file-gone' },
    { path: 'root/half', code: 'file-gone' },
  ]);
});

test('what the browser gives nothing for is told, not swallowed', async () => {
  const nothing = {
    kind: 'file',
    type: 'image/png',
    webkitGetAsEntry: () => null,
    getAsFile: () => null,
  };
  const { problems } = await all(fromDrop(/** @type {any} */ ({ items: [nothing] })));
  assert.deepEqual(problems, [{ path: 'image/png', code: 'file-gone' }]);
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
  // What was left out has a line of its own, so there may be less room than none.
  assert.deepEqual((await all(fromInput(files, -1))).paths, []);
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
  assert.deepEqual(ignored, ['txt']);
});
