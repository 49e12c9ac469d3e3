/** What the browser remembers of weights files, and what is known where it remembers nothing. */
import assert from 'node:assert/strict';
import { register } from 'node:module';
import { test } from 'node:test';

// Vite bundles JSON; Node.js wants to be told what it is.
register(
  `data:text/javascript,${encodeURIComponent(`
    export const load = (url, context, next) =>
      next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context);
  `)}`,
);
const { modelsIn, partsOf, rememberParts } = await import('../../www/translate/own-record.js');

/** @param {import('node:test').TestContext} t @param {() => object} storage */
function storedIn(t, storage) {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
  Object.defineProperty(globalThis, 'localStorage', { configurable: true, get: storage });
  t.after(() => Object.defineProperty(globalThis, 'localStorage', before ?? { value: undefined }));
}

const weights = new Blob(['no header']);
const BOTH = [{ part: 'G_A' }, { part: 'G_B', name: 'back again' }];

/** @param {import('../../www/models/models.js').Model[]} models */
const named = (models) => models.map(({ value, name }) => [value, name]);
const MODELS = [
  ['own:run.pth/G_A', 'run.pth · G_A'],
  ['own:run.pth/G_B', 'back again'],
];

test('the networks of a file and their names are remembered until it is forgotten', async (t) => {
  /** @type {Map<string, string>} */
  const kept = new Map();
  storedIn(t, () => ({
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value),
    removeItem: (/** @type {string} */ key) => kept.delete(key),
  }));
  rememberParts('run.pth', BOTH);
  assert.deepEqual(named(await modelsIn('run.pth', weights)), MODELS);
  for (const odd of ['{', '[]', '7', '[{"part":7}]', '[null]']) {
    kept.set([...kept.keys()][0], odd);
    assert.deepEqual(partsOf('run.pth'), [{ part: null }], odd);
  }
  rememberParts('run.pth', []);
  assert.equal(kept.size, 0);
});

test('a browser that remembers nothing still shows all networks of a file that is added', async (t) => {
  storedIn(t, () => {
    throw new DOMException('', 'SecurityError');
  });
  rememberParts('run.pth', BOTH);
  assert.deepEqual(named(await modelsIn('run.pth', weights, { parts: BOTH })), MODELS);
  assert.deepEqual(named(await modelsIn('run.pth', weights)), [['own:run.pth', 'run.pth']]);
});
