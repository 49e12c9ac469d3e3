/** What the end of a run says: which of start, best and last are shown, and which is handed back. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { useMessages } from '../../www/page/messages.js';
import { stagesOf, verdictOf } from '../../www/train/view/outcome.js';
import { gridOf, statusOf } from '../../www/train/view/words.js';

const words = JSON.parse(
  readFileSync(new URL('../../www/messages/en.json', import.meta.url), 'utf8'),
);
useMessages('en', words);

/** @param {number} step @returns {any} */
const shown = (step) => ({ step, pictures: [{ step }] });
/** A run of 20 steps. @param {any} [more] @returns {any} */
const run = (more) => ({
  step: 20,
  given: true,
  previews: [0, 10, 20].map(shown),
  scores: [0, 10, 20].map((step) => ({ step })),
  best: { step: 10, pictures: shown(10).pictures },
  ...more,
});
const kinds = (/** @type {any} */ of) => stagesOf(of).map(({ kind, step }) => `${kind} ${step}`);

test('start, best and last are shown as far as they differ', () => {
  assert.deepEqual(kinds(run()), ['start 0', 'best 10', 'last 20']);
  assert.deepEqual(kinds(run({ best: { step: 0, pictures: [] } })), ['start 0', 'last 20']);
  const better = run({ best: { step: 20, pictures: [] } });
  assert.deepEqual(kinds(better), ['start 0', 'last 20']);
  assert.deepEqual(
    stagesOf(better).map(({ isBest }) => isBest),
    [false, true],
  );
  assert.deepEqual(kinds(run({ given: false })), ['best 10', 'last 20'], 'noise is no start');
  assert.deepEqual(kinds(run({ best: null, scores: [] })), ['start 0', 'last 20']);
  const [start] = stagesOf(run({ scores: [] }));
  assert.equal(start.scores, null, 'what was not scored has no scores');
});

test('the verdict says plainly when nothing got better', () => {
  assert.match(verdictOf(run({ best: { step: 0, pictures: [] } })), /made nothing better/);
  assert.match(verdictOf(run()), /best at step 10/);
  assert.match(verdictOf(run({ best: { step: 20, pictures: [] } })), /got better/);
  assert.equal(verdictOf(run({ best: null })), '');
  assert.equal(verdictOf(run({ given: false, best: { step: 20, pictures: [] } })), '');
});

test('the grid is told in words, and that scores are being computed', () => {
  assert.match(gridOf(1), /not to be seen/);
  assert.match(gridOf(4.26), /faint \(4\.3/);
  assert.match(gridOf(21), /visible/);
  assert.match(gridOf(79), /strong/);
  const scoring = (/** @type {number} */ step) =>
    statusOf(/** @type {any} */ ({ state: 'training', run: { scoring: true, step } }));
  assert.match(scoring(0), /Before the first step/);
  assert.notEqual(scoring(0), scoring(20));
});
