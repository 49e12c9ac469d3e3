/** What the Train view says of folders, plans, runs and faults. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { useMessages } from '../../www/page/messages.js';
import { splitPair } from '../../www/train/gather/folders.js';
import { columnsOf, isKnown, rowOf, spoken } from '../../www/train/view/losses.js';
import {
  directionOf,
  estimateWords,
  factsOf,
  folderSummary,
  nameOf,
  pairOf,
  proposalWords,
  scoresOf,
  sentence,
} from '../../www/train/view/words.js';

const NAMES = { A: 'Summer', B: '' };
const MORNING = new Date(2026, 10, 23, 9, 0).getTime();

before(() => {
  const en = readFileSync(new URL('../../www/messages/en.json', import.meta.url), 'utf8');
  useMessages('en', JSON.parse(en));
});

test('a domain without a name is called by its letter', () => {
  assert.equal(nameOf({ A: '  ', B: 'x' }, 'A'), 'A');
  assert.equal(directionOf(NAMES, 'B'), 'B → Summer');
  assert.equal(pairOf(NAMES), 'Summer ↔ B');
});

test('remarks are written with the names and reasons that a person knows', () => {
  const few = sentence({ code: 'dataset-few', values: { domain: 'A', n: 3 } }, NAMES);
  assert.match(few, /^There are only 3 photos of Summer/);
  const values = { code: 'gpu-lost', step: 1250, back: 1240 };
  assert.equal(
    sentence({ code: 'recovered', values }, NAMES),
    'At step 1,250 the graphics card was reset. Training goes on from step 1,240, where it was saved.',
  );
  const rate = sentence(
    { code: 'training-not-finite', values: { step: 9, back: 4, lr: 1e-5 } },
    NAMES,
  );
  assert.match(rate, /learning rate of 0\.00001/);
  assert.match(sentence({ code: 'image-empty', values: {} }, NAMES), /This file is empty/);
  assert.match(sentence({ code: 'never-heard-of', values: {} }, NAMES), /never-heard-of/);
  const range = { code: 'setting-range', values: { least: 1e-7, most: 2048 } };
  assert.match(sentence(range, NAMES), /from 0\.0000001 to 2,048\./, 'limits to the last digit');
  const strange = { code: 'scores-failed', values: { code: 'strange' } };
  assert.match(sentence(strange, NAMES), /something failed \(strange\)/);
});

/** @type {import('../../www/train/plan/estimate.js').Calibration} */
const CALIBRATION = {
  secondsPerStep: 1.2,
  firstStep: 1.4,
  memory: { linear: 1e8, deviceInUse: null, deviceReserved: null },
  steps: 500,
  seconds: 600,
  feasible: true,
  proposal: null,
};

test('an estimate says when the run will end', () => {
  const [line, memory, ...more] = estimateWords(CALIBRATION, MORNING);
  assert.match(line, /^One step takes 1\.2 s here: 500 steps take about 10 min, until 9:10\sAM\.$/);
  assert.match(memory, /^It takes .* of memory\.$/);
  assert.deepEqual(more, []);
  const slow = { ...CALIBRATION, firstStep: 30, feasible: false, seconds: 90_000 };
  const [next, first, , long] = estimateWords(slow, MORNING);
  assert.match(next, /Tue, Nov 24/);
  assert.match(first, /first step takes 30 s/);
  assert.match(long, /long for this device/);
});

test('a proposal names the settings and the time', () => {
  const settings = { crop: 64, length: 200, unit: /** @type {const} */ ('steps') };
  const words = proposalWords({ why: 'slow', settings, seconds: 1500, secondsPerStep: 7 });
  assert.equal(
    words,
    'Better suited to this device: Piece size 64, Length 200. That would take about 25 min.',
  );
  const unknown = proposalWords({ why: 'fast', settings, seconds: null, secondsPerStep: null });
  assert.doesNotMatch(unknown, /would take/);
});

test('scores say which photos they were taken on', () => {
  const scores = [
    {
      step: 400,
      roundTripA: 0.2,
      roundTripB: 0.1,
      takenForB: 0.75,
      takenForA: 0.5,
      ceiling: 0.9,
    },
  ];
  const of = (/** @type {boolean} */ heldOut) => {
    const previews = /** @type {any} */ ([{ step: 400, pictures: [{ heldOut }] }]);
    return scoresOf({ scores, names: NAMES, previews });
  };
  const [taken, ceiling, trip, step] = of(true);
  assert.match(taken, /takes 75% of the translated Summer photos for B, and 50% of/);
  assert.match(ceiling, /90%/);
  assert.match(trip, /Summer photos changes by 10% on average, in B photos by 5%/);
  assert.match(step, /step 400, on photos that were kept aside/);
  assert.match(of(false)[3], /photos that it has learned from/);
  assert.deepEqual(scoresOf({ scores: [], names: NAMES, previews: [] }), []);
});

test('a folder in a line', () => {
  const folder = /** @type {any} */ ({
    usable: 12,
    heldOut: 1,
    smallest: { width: 64, height: 48 },
    largest: { width: 64, height: 48 },
  });
  assert.equal(folderSummary(folder), '12 photos · 64 × 48 · 1 kept aside');
  const mixed = { ...folder, largest: { width: 640, height: 480 } };
  assert.match(folderSummary(mixed), /64 × 48 to 640 × 480 pixels/);
  assert.equal(folderSummary({ ...folder, usable: 0 }), '');
});

test('a run in a line, with what is known', () => {
  const run = /** @type {any} */ ({
    step: 120,
    total: 500,
    epoch: 3,
    epochs: 12,
    secondsPerStep: 0.8,
    secondsLeft: 304,
    rate: 0.0002,
    saved: { step: 100, kept: 'memory' },
    kept: null,
  });
  const facts = factsOf(run, true);
  assert.match(facts, /step 120 of 500 · round 3 of 12/);
  assert.match(facts, /about 5 min left/);
  assert.match(facts, /learning rate 0\.0002/);
  assert.match(facts, /step 100 kept until the page is closed/);
  assert.doesNotMatch(factsOf(run, false), /left/);
  assert.match(factsOf({ ...run, warmingUp: true }, true), /about 5 min left/);
  assert.doesNotMatch(factsOf({ ...run, kept: 'disk' }, false), /rate|until/);
});

/** @param {number} steps @returns {import('../../www/train/keep/history.js').Chart} */
function chartOf(steps) {
  const values = () => Array.from({ length: steps }, (_, i) => 1 / (i + 1));
  const lines = () =>
    /** @type {any} */ (
      Object.fromEntries(
        ['D', 'G', 'cycle', 'idt'].flatMap((kind) => [
          [`${kind}_A`, values()],
          [`${kind}_B`, values()],
        ]),
      )
    );
  const all = { mean: lines(), least: lines(), most: lines() };
  return { steps: Array.from({ length: steps }, (_, i) => i + 1), span: 1, ...all };
}

test('what is not computed during warm-up is a gap, not a zero', () => {
  const chart = chartOf(4);
  for (const lines of [chart.mean, chart.least, chart.most]) {
    for (const side of /** @type {const} */ (['A', 'B'])) lines[`cycle_${side}`].fill(NaN, 0, 2);
  }
  const [steps, ...lines] = columnsOf(chart, 'cycle');
  assert.deepEqual(steps, [1, 2, 3, 4]);
  assert.equal(lines.length, 6);
  for (const line of lines) assert.deepEqual(line, [null, null, 1 / 3, 1 / 4]);
  assert.ok(isKnown(chart, 'cycle'));
  const early = chartOf(2);
  for (const side of /** @type {const} */ (['A', 'B'])) early.mean[`cycle_${side}`].fill(NaN);
  assert.ok(!isKnown(early, 'cycle') && isKnown(early, 'D'), 'an empty chart is none');
  assert.deepEqual(columnsOf(chart, 'D')[1], [1, 1 / 2, 1 / 3, 1 / 4]);
  assert.equal(
    spoken(chart, 'cycle', ['there', 'back']),
    'There and back: there from 0.333 to 0.25; back from 0.333 to 0.25',
  );
  assert.equal(spoken(chartOf(0), 'G', ['there', 'back']), 'Fooling the judge');
});

test('the table says which step it is, to the last digit, and a loss to three', () => {
  const chart = { ...chartOf(0), steps: [12_345, 12_346] };
  for (const name of /** @type {const} */ (['cycle_A', 'G_B'])) {
    chart.mean[name] = [0.123456, Number.NaN];
  }
  assert.deepEqual(rowOf(chart, 0).slice(0, 2), ['12,345', '0.123']);
  assert.deepEqual([rowOf(chart, 1)[0], rowOf(chart, 1)[4]], ['12,346', '–']);
});

test('a data set in PyTorch’s layout is taken apart', () => {
  const photos = ['set/trainA/1.png', 'set/trainB/x/2.png', 'set/testA/3.png', 'trainA.png'].map(
    (path) => ({ path, file: /** @type {any} */ (null) }),
  );
  const pair = splitPair(photos);
  assert.deepEqual(
    pair?.A.map(({ path }) => path),
    ['set/trainA/1.png'],
  );
  assert.deepEqual(
    pair?.B.map(({ path }) => path),
    ['set/trainB/x/2.png'],
  );
  assert.equal(splitPair(photos.slice(0, 1)), null);
});
