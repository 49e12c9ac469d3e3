/** Several models at once: which are looked at, in which order, and what is said of the rest. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { useMessages } from '../../www/page/messages.js';
import { batchWords, earlierStates, inOrderOfUse } from '../../www/translate/batch.js';

const en = new URL('../../www/messages/en.json', import.meta.url);
useMessages('en', JSON.parse(readFileSync(en, 'utf8')));

/** @param {string[]} paths */
const files = (paths) => paths.map((path) => ({ path, file: new File([], path) }));
/** @param {import('../../www/files/walk.js').Candidate[]} found */
const names = (found) => found.map(({ path }) => path);

test('the last state of a run stands for the earlier ones beside it', () => {
  const found = files([
    'run/5_net_G_A.pth',
    'run/latest_net_G_A.pth',
    'run/10_net_D_B.pth',
    'other/5_net_G_A.pth',
    'run/mine.pth',
  ]);
  const { latest, earlier } = earlierStates(found);
  assert.deepEqual(names(latest), [
    'run/latest_net_G_A.pth',
    'other/5_net_G_A.pth',
    'run/mine.pth',
  ]);
  assert.equal(earlier, 2);
});

test('models come in the order of their names, numbers by value', () => {
  const found = files(['b/net_G_B.pth', 'b/net_G_A.pth', 'a/10.pth', 'a/9.pth']);
  assert.deepEqual(names(inOrderOfUse(found)), [
    'a/9.pth',
    'a/10.pth',
    'b/net_G_A.pth',
    'b/net_G_B.pth',
  ]);
});

test('what was taken is said first, then what was left out and why', () => {
  const left = [
    { name: 'D_A.pth', code: 'weights-discriminator', detail: '' },
    { name: 'D_B.pth', code: 'weights-discriminator', detail: '' },
    { name: 'optimizer.bin', code: 'weights-no-tensors', detail: '' },
  ];
  assert.equal(batchWords(['“G.pth” is ready'], [], 0), '“G.pth” is ready');
  assert.equal(
    batchWords(['“G.pth” is ready'], left, 1),
    '“G.pth” is ready · 2 files hold judges, which make no pictures, and were left out: D_A.pth, ' +
      'D_B.pth · 1 file that is no model for this page was left out: optimizer.bin · ' +
      '1 earlier state was left out',
  );
  const many = Array.from({ length: 7 }, (_, i) => `“${i}” is ready`);
  assert.match(batchWords(many, [], 0), /“3” is ready · and 3 more$/);
});
