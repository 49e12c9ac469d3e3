/** Photos in three stages: which overlap, what fails alone, and what counts as a photo's time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as soon } from 'node:timers/promises';
import { Pipeline } from '../../www/engine/pipeline.js';

/** @param {string} name @param {import('../../www/engine/protocol.js').Longest} [size] */
const jobOf = (name, size = 256) => ({
  file: new File(['x'], name),
  size,
  margin: 0,
  smooth: /** @type {const} */ (1),
  format: /** @type {const} */ ('png'),
});

/** A pipeline whose stages last until they are ended, and a log of what happens. */
function stages() {
  /** @type {string[]} */
  const log = [];
  /** @type {Map<string, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  const open = new Map();
  /** @param {string} stage @param {string} name */
  const begin = (stage, name) => {
    log.push(`${stage} ${name}`);
    return new Promise((resolve, reject) => open.set(`${stage} ${name}`, { resolve, reject }));
  };
  let freed = 0;
  /** @param {string} name */
  const made = (name) => ({
    plan: { seen_width: 8, seen_height: 8, reduced: false },
    precision: 'float32',
    takeAfter: () => name,
    takeBefore: () => name,
    free() {
      freed += 1;
    },
  });
  const pipeline = new Pipeline(
    /** @type {any} */ ({
      decodeTo: (/** @type {File} */ { name }) => begin('decode', name),
      encode: (/** @type {string} */ name) => begin('encode', name),
      Shrink: class {},
    }),
  );
  const engine = /** @type {any} */ ({
    translate: (/** @type {string} */ name) => begin('compute', name),
  });
  /** @param {string} name */
  const translate = (name) =>
    pipeline.translate(jobOf(name), engine, () => {}).catch((error) => error.message);
  /** @param {string} stage @param {string} name @param {Error} [error] @returns {Promise<string[]>} what begins */
  const end = async (stage, name, error) => {
    const { resolve, reject } = open.get(`${stage} ${name}`) ?? assert.fail(`no ${stage} ${name}`);
    const size = { width: 8, height: 8, photoWidth: 8, photoHeight: 8 };
    if (error) reject(error);
    else
      resolve(
        stage === 'decode' ? { data: name, ...size } : stage === 'compute' ? made(name) : name,
      );
    return begun();
  };
  const begun = async () => {
    await soon();
    return log.splice(0);
  };
  return { translate, end, begun, freed: () => freed };
}

test('the next photo is decoded during the first, and is computed before that one is encoded', async () => {
  const { translate, end, begun, freed } = stages();
  const both = [translate('a'), translate('b')];
  assert.deepEqual(await begun(), ['decode a'], 'one photo is there at its full size');
  assert.deepEqual(await end('decode', 'a'), ['decode b', 'compute a']);
  assert.deepEqual(await end('decode', 'b'), [], 'the card has one photo at a time');
  assert.deepEqual(await end('compute', 'a'), ['compute b', 'encode a']);
  const third = translate('c');
  assert.deepEqual(await begun(), ['decode c']);
  assert.deepEqual(await end('encode', 'a'), ['encode a'], 'the photo itself');
  await end('encode', 'a');
  assert.deepEqual(await end('decode', 'c'), []);
  assert.deepEqual(await end('compute', 'b'), ['compute c', 'encode b']);
  for (const name of ['b', 'b']) await end('encode', name);
  await end('compute', 'c');
  for (const name of ['c', 'c']) await end('encode', name);
  const made = await Promise.all([...both, third]);
  assert.deepEqual(
    made.map(({ after, width, seenWidth }) => ({ after, width, seenWidth })),
    ['a', 'b', 'c'].map((after) => ({ after, width: 8, seenWidth: 8 })),
  );
  assert.equal(freed(), 3);
});

for (const stage of ['decode', 'compute', 'encode']) {
  test(`a photo that fails in ${stage} leaves the one beside it alone`, async () => {
    const { translate, end, begun, freed } = stages();
    const both = [translate('a'), translate('b')];
    await begun();
    for (const name of ['a', 'b']) {
      for (const one of ['decode', 'compute', 'encode', 'encode']) {
        const isFault = name === 'a' && one === stage;
        await end(one, name, isFault ? new Error('broken') : undefined);
        if (isFault) break;
      }
    }
    const [a, b] = await Promise.all(both);
    assert.equal(a, 'broken');
    assert.equal(b.after, 'b');
    assert.equal(freed(), stage === 'encode' ? 2 : 1);
  });
}

test('waiting for another photo does not count as a photo’s time', async () => {
  const { translate, end, begun } = stages();
  const [, second] = [translate('a'), translate('b')];
  await begun();
  await new Promise((resolve) => setTimeout(resolve, 60));
  await end('decode', 'a');
  await end('decode', 'b');
  await new Promise((resolve) => setTimeout(resolve, 60));
  await end('compute', 'a');
  await new Promise((resolve) => setTimeout(resolve, 30));
  await end('compute', 'b');
  for (const name of ['b', 'b']) await end('encode', name);
  const { seconds } = await second;
  assert.ok(seconds >= 0.029 && seconds < 0.1, `${seconds}`);
});
