/** Models beside the page: which places a list or a link may name, and what is believed of a list. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostedModels, linkedModel } from '../../www/models/hosted.js';

const PAGE = new URL('https://host.example/~me/cyclegan/index.html?model=x#train');
const SHA = 'ab'.repeat(32);

test('a link names a file in the page’s folder or below it', () => {
  for (const [asked, path] of [
    ['models/monet.safetensors', 'models/monet.safetensors'],
    ['./a.pth', 'a.pth'],
    ['models/../b.pth', 'b.pth'],
    ['models/été%201.pth', 'models/été 1.pth'],
    ['https://host.example/~me/cyclegan/models/c.pth', 'models/c.pth'],
  ]) {
    const { url, path: found } = linkedModel(asked, PAGE);
    assert.equal(found, path);
    assert.ok(url.href.startsWith('https://host.example/~me/cyclegan/'), url.href);
  }
});

test('a link to any other place is refused, however it is written', () => {
  for (const asked of [
    'https://evil.example/w.safetensors',
    '//evil.example/w.safetensors',
    '/w.safetensors',
    '../w.safetensors',
    'models/../../w.safetensors',
    '%2e%2e/w.safetensors',
    'models/..%2f..%2fw.safetensors',
    'models\\..\\..\\w.safetensors',
    'http://host.example/~me/cyclegan/w.safetensors',
    'https://host.example:444/~me/cyclegan/w.safetensors',
    'https://me@host.example/~me/cyclegan/w.safetensors',
    'data:application/octet-stream;base64,AA==',
    'blob:https://host.example/~me/cyclegan/1',
    'javascript:alert(1)',
    'https://host.example/~me/cyclegan2/w.pth',
    'models/',
    '',
    'w.pth?x=1',
    'https://[',
  ]) {
    assert.throws(() => linkedModel(asked, PAGE), { code: 'model-elsewhere' }, asked);
  }
});

/** @param {import('node:test').TestContext} t @param {() => unknown} answer */
function answering(t, answer) {
  /** @type {string[]} */
  const asked = [];
  t.mock.method(globalThis, 'fetch', async (/** @type {URL} */ url) => {
    asked.push(url.href);
    const body = answer();
    return body instanceof Response ? body : Response.json(body);
  });
  return asked;
}

test('a list names its models, from where it lies', async (t) => {
  const asked = answering(t, () => [
    { file: 'plain.pth' },
    {
      ...{ file: 'monet/a.safetensors', from: 'photo', to: 'Monet', margin: 16, size: 512 },
      ...{ bytes: 1000, sha256: SHA, thumbnails: ['monet/1.jpg', 'monet/2.jpg'], more: 1 },
    },
  ]);
  const [plain, full] = await hostedModels(PAGE);
  assert.deepEqual(asked, ['https://host.example/~me/cyclegan/models/models.json']);
  assert.equal(plain.path, 'models/plain.pth');
  assert.deepEqual(
    [plain.from, plain.margin, plain.bytes, plain.thumbnails],
    [null, 0, null, null],
  );
  assert.equal(full.url.href, 'https://host.example/~me/cyclegan/models/monet/a.safetensors');
  assert.deepEqual([full.from, full.to, full.margin, full.size], ['photo', 'Monet', 16, 512]);
  assert.deepEqual([full.bytes, full.sha256], [1000, SHA]);
  assert.equal(full.thumbnails?.[1].pathname, '/~me/cyclegan/models/monet/2.jpg');
});

test('of an entry that makes no sense, what does is taken', async (t) => {
  answering(t, () => [
    null,
    'a.pth',
    {},
    { file: 'https://evil.example/a.pth' },
    { file: '../../a.pth' },
    { file: 'a.pth', from: '<b>', to: ['x'], margin: 1e9, bytes: -1, sha256: 'short' },
    { file: 'b.pth', thumbnails: ['1.jpg', 'https://evil.example/2.jpg'], size: '512px' },
  ]);
  const [a, b, ...others] = await hostedModels(PAGE);
  assert.equal(others.length, 0);
  assert.deepEqual([a.from, a.to, a.margin, a.bytes, a.sha256], ['<b>', null, 64, null, null]);
  assert.deepEqual([b.thumbnails, b.size], [null, null]);
});

test('a list that is missing, or none, is no trouble', async (t) => {
  let answer = /** @type {() => unknown} */ (() => new Response('', { status: 404 }));
  answering(t, () => answer());
  assert.deepEqual(await hostedModels(PAGE), []);
  for (const odd of [{}, null, 'x', 7]) {
    answer = () => odd;
    assert.deepEqual(await hostedModels(PAGE), []);
  }
  answer = () => new Response('<!doctype html>');
  assert.deepEqual(await hostedModels(PAGE), []);
  answer = () => {
    throw new TypeError('offline');
  };
  assert.deepEqual(await hostedModels(PAGE), []);
});

test('a list or a link can name one network of a file', async (t) => {
  answering(t, () => [
    { file: 'a.pth', network: 'G_A' },
    { file: 'a.pth', network: 7 },
  ]);
  const found = await hostedModels(PAGE);
  assert.deepEqual(
    found.map(({ network }) => network),
    ['G_A', null],
  );
  assert.equal(linkedModel('a.pth', PAGE, 'G_B').network, 'G_B');
  assert.equal(linkedModel('a.pth', PAGE, '').network, null);
});
