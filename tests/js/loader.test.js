/** Adding, renaming and forgetting weights between translations: which ones the engine is asked for. */
import assert from 'node:assert/strict';
import { register } from 'node:module';
import { test } from 'node:test';
import { CodedError } from '../../www/failure.js';
import { WeightsStore } from '../../www/files/weights-store.js';

// Vite bundles JSON; Node.js wants to be told what it is.
register(
  `data:text/javascript,${encodeURIComponent(`
    export const load = (url, context, next) =>
      next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context);
  `)}`,
);
const { generatorsIn, ModelLoader } = await import('../../www/translate/loader.js');
const { ownModel, shippedModels, siteModel } = await import('../../www/models/models.js');

const signal = new AbortController().signal;

/** A network of a file. @param {string} name @param {object} [facts] @returns {any} */
const network = (name, facts) => ({
  ...{ name, kind: 'generator', averaged: false, network: { ngf: 2 }, reason: null },
  ...facts,
});
const JUDGE = { kind: 'discriminator', network: null };
/** A model beside the page, of which nothing is said. */
const HOSTED = {
  ...{ path: 'models/a.pth', url: new URL('https://host.example/models/a.pth') },
  ...{
    network: null,
    from: null,
    to: null,
    margin: 0,
    size: null,
    bytes: null,
    sha256: null,
    thumbnails: null,
  },
};
/** One generator, as most files hold. */
const ALONE = { networks: [network('')], about: null };

/** A loader over a store in memory, and an engine that notes what it reads. */
function setUp(report = ALONE) {
  /** @type {(string | null | undefined)[]} */
  const parts = [];
  /** @type {string[]} */
  const read = [];
  /** @type {unknown} */
  let loaded = null;
  const engine = {
    async load(/** @type {import('../../www/engine/client.js').Weights} */ weights) {
      if (loaded !== weights) read.push(Buffer.from(await weights.read()).toString());
      loaded = weights;
      parts.push(weights.network);
      return /** @type {any} */ (null);
    },
    async inspect(/** @type {import('../../www/engine/client.js').Weights} */ weights) {
      await weights.read();
      return report;
    },
  };
  const store = new WeightsStore(null, { code: 'storage-unavailable', detail: '' }, async () => {});
  return { loader: new ModelLoader(engine, store), engine, read, parts, store };
}
/** @param {string} name */
const load = (/** @type {InstanceType<typeof ModelLoader>} */ loader, name) =>
  loader.load(ownModel(name), () => {}, signal);

test('weights that were added are not read twice, and others are read when they are asked for', async () => {
  const { loader, read } = setUp();
  await loader.add(new File(['first'], 'a.pth'));
  await loader.add(new File(['second'], 'b.pth'));
  await load(loader, 'b.pth');
  await load(loader, 'a.pth');
  assert.deepEqual(read, ['first', 'second', 'first']);
});

test('a model that is asked for while another is added is the one that is loaded', async () => {
  const { loader, read } = setUp();
  await loader.add(new File(['first'], 'a.pth'));
  const [, weights] = await Promise.all([
    loader.add(new File(['second'], 'b.pth')),
    load(loader, 'a.pth'),
  ]);
  assert.equal(Buffer.from(await weights.read()).toString(), 'first');
  await load(loader, 'a.pth');
  assert.equal(read.at(-1), 'first');
});

test('a weights file that was moved after it was added is not needed any more', async () => {
  const { loader } = setUp();
  const file = new File(['mine'], 'a.pth');
  await loader.add(file);
  file.arrayBuffer = () => Promise.reject(new DOMException('moved', 'NotFoundError'));
  const weights = await load(loader, 'a.pth');
  assert.equal(Buffer.from(await weights.read()).toString(), 'mine', 'for a worker that is new');
});

test('one that moved before it was read is told of as a weights file, not as a photo', async () => {
  const { loader } = setUp();
  const file = new File(['mine'], 'a.pth');
  file.arrayBuffer = () => Promise.reject(new DOMException('moved', 'NotFoundError'));
  await assert.rejects(loader.add(file), { code: 'weights-unreadable' });
});

test('renamed weights are the same ones, and are read under their new name', async () => {
  const { loader, read } = setUp();
  await loader.add(new File(['mine'], 'a.pth'));
  assert.equal(await loader.rename('a.pth', 'b.pth'), 'b.pth');
  const weights = await load(loader, 'b.pth');
  assert.deepEqual(read, ['mine']);
  assert.equal(Buffer.from(await weights.read()).toString(), 'mine');
});

test('weights that the browser has removed say so, and may be added again', async () => {
  const { loader, store, read } = setUp();
  await loader.add(new File(['mine'], 'a.pth'));
  const weights = await load(loader, 'a.pth');
  await store.remove('a.pth');
  await assert.rejects(
    weights.read(),
    (error) => error instanceof CodedError && error.code === 'weights-gone',
  );
  assert.equal((await loader.add(new File(['again'], 'a.pth'))).name, 'a.pth');
  await load(loader, 'a.pth');
  assert.deepEqual(read, ['mine', 'again']);
});

test('forgotten weights are not what a later file of their name is', async () => {
  const { loader, read } = setUp();
  await loader.add(new File(['old'], 'a.pth'));
  await loader.forget('a.pth');
  await loader.add(new File(['new'], 'a.pth'));
  await load(loader, 'a.pth');
  assert.deepEqual(read, ['old', 'new']);
});

test('a wrong answer in place of a model is not remembered: the next try fetches it again', async (t) => {
  const { loader } = setUp();
  const [model] = shippedModels();
  const whole = new Uint8Array(model.bytes ?? 0);
  const answers = [new Uint8Array(9), whole, whole];
  let asked = 0;
  t.mock.method(globalThis, 'fetch', async () => new Response(answers[asked++]));
  const load = () => loader.load(model, () => {}, signal);
  await assert.rejects(load(), { code: 'model-unavailable' });
  await load();
  await load();
  assert.equal(asked, 2);
});

test('of a model beside the page it is told what is wrong with its file', async (t) => {
  const { loader } = setUp();
  const load = (/** @type {object} */ said) =>
    loader.load(siteModel({ ...HOSTED, ...said }), () => {}, signal);
  const large = { headers: { 'content-length': String(2 ** 30 + 1) } };
  for (const [answer, code] of /** @type {const} */ ([
    [() => new Response('', { status: 404 }), 'model-not-there'],
    [() => new Response('', { status: 410 }), 'model-not-there'],
    [() => new Response('', { status: 403 }), 'model-unavailable'],
    [() => new Response('four'), 'model-differs'],
    [() => new Response('12345', large), 'weights-too-large'],
  ])) {
    t.mock.method(globalThis, 'fetch', async () => answer());
    await assert.rejects(load({ bytes: 5 }), { code });
  }
});

test('a model that is not the one that was published is fetched again, too', async (t) => {
  const model = shippedModels()[1];
  let asked = 0;
  t.mock.method(globalThis, 'fetch', async () => {
    asked += 1;
    return new Response(new Uint8Array(model.bytes ?? 0));
  });
  const { store } = setUp();
  const refusing = {
    load: async () => Promise.reject(new CodedError('weights-hash-mismatch', 'another')),
    inspect: async () => ALONE,
  };
  for (let tries = 1; tries < 3; tries += 1) {
    const loading = new ModelLoader(refusing, store).load(model, () => {}, signal);
    await assert.rejects(loading, { code: 'weights-hash-mismatch' });
    assert.equal(asked, tries);
  }
});

test('both generators of a file are models, from one stored copy', async () => {
  const both = [network('G_A'), network('D_A', JUDGE), network('G_B')];
  const { loader, parts, read, store } = setUp({ networks: both, about: null });
  const { name, networks } = await loader.add(new File(['both'], 'run.pth'));
  assert.deepEqual(
    networks.map(({ part }) => part),
    ['G_A', 'G_B'],
  );
  assert.equal((await store.list()).length, 1);
  for (const part of ['G_B', 'G_A']) await loader.load(ownModel(name, { part }), () => {}, signal);
  assert.deepEqual(parts, ['G_A', 'G_B', 'G_A']);
  assert.deepEqual(read, ['both', 'both', 'both']);

  assert.equal(await loader.rename(name, 'mine.pth'), 'mine.pth');
  await loader.load(ownModel('mine.pth', { part: 'G_B' }), () => {}, signal);
  assert.equal(parts.at(-1), 'G_B');
});

test('averages come before what they are averages of, and the rest stays', () => {
  const networks = [network('G'), network('D', JUDGE), network('ema', { averaged: true })];
  assert.deepEqual(
    generatorsIn({ networks, about: null }).map(({ part }) => part),
    ['ema', 'G'],
  );
  assert.equal(generatorsIn({ networks: [network('ema')], about: null })[0].part, null);
});

test('a file without a generator says what it holds instead', () => {
  const unet = { kind: 'other', network: null, reason: { code: 'weights-unet', detail: 'down' } };
  for (const [networks, code] of /** @type {const} */ ([
    [[network('', JUDGE)], 'weights-discriminator'],
    [[network('', unet)], 'weights-unet'],
    [[network('netD', JUDGE), network('netG', unet)], 'weights-unet'],
    [[], 'weights-not-generator'],
  ])) {
    assert.throws(() => generatorsIn({ networks: [...networks], about: null }), { code });
  }
});

test('where it is not known which network is meant, the first one is', async () => {
  const both = { networks: [network('G_B'), network('G_A')], about: null };
  const { engine, store } = setUp(both);
  await store.add('run.pth', new File(['both'], 'run.pth'));
  const choosy = {
    ...engine,
    async load(/** @type {import('../../www/engine/client.js').Weights} */ weights) {
      if (!weights.network) throw new CodedError('weights-several', 'G_B, G_A');
      return engine.load(weights);
    },
  };
  const weights = await new ModelLoader(choosy, store).load(ownModel('run.pth'), () => {}, signal);
  assert.equal(weights.network, 'G_B');
});

test('what is called ONNX and is nothing else is told as that', async () => {
  const { store } = setUp();
  const refusing = {
    load: async () => /** @type {any} */ (null),
    inspect: async () => Promise.reject(new CodedError('weights-not-recognised', 'it starts with')),
  };
  const loader = new ModelLoader(refusing, store);
  const kindOf = (/** @type {string} */ name) =>
    loader.add(new File(['x'], name)).catch(({ code, values }) => [code, values?.kind]);
  assert.deepEqual(await kindOf('a.onnx'), ['weights-not-recognised', 'onnx']);
  assert.deepEqual(await kindOf('a.pth'), ['weights-not-recognised', undefined]);
});
