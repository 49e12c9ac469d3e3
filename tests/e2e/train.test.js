/**
 * The whole path of a training: two folders in, a run that is paused, reloaded and continued, and its
 * weights used in Translate, downloaded, and started from again.
 */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, cards, downloaded, picture, ready, translate, widthsOf } from './support/page.js';
import {
  fillFolders,
  lossRows,
  runFile,
  SMALL,
  set,
  startFromFiles,
  startSmall,
  stepOf,
  stop,
  until,
} from './support/training.js';

const visit = setUp();

const STEPS = 30;
/** The first tensors of PyTorch's ResnetGenerator with a single block, in the order of the alphabet. */
const NAMES = ['model.1.bias', 'model.1.weight', 'model.10.conv_block.1.bias'];

/** Tensors of a safetensors file. @param {Buffer} bytes */
function tensorsOf(bytes) {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
  delete header.__metadata__;
  return Object.entries(header).map(
    ([
      name,
      {
        dtype,
        data_offsets: [from, to],
      },
    ]) => {
      assert.equal(dtype, 'F32', name);
      const part = Uint8Array.from(bytes.subarray(8 + length + from, 8 + length + to));
      return { name, values: new Float32Array(part.buffer) };
    },
  );
}

visit(
  'two folders become a model: paused, reloaded, continued, used, and started from again',
  { timeout: 180_000 },
  async ({ page }) => {
    await ready(page);
    await page.click(by('view-train'));
    await page.fill(by('name-a'), 'Day');
    await page.fill(by('name-b'), 'Night');
    await fillFolders(page);
    const report = await page.textContent(by('dataset-report'));
    assert.match(report ?? '', /learn from \d+ photos of Day and \d+ of Night/);
    await page.selectOption(by('start-from'), 'scratch');
    await set(page, { ...SMALL, steps: STEPS });

    await page.click(by('calibrate-button'));
    await until(page, 'calibrated');
    const estimate = (await page.textContent(by('calibrate-result'))) ?? '';
    assert.match(estimate, new RegExp(`One step takes .* s here: ${STEPS} steps take about`));

    await page.click(by('train-button'));
    await until(page, 'training', { step: 4 });
    await page.click(by('pause-button'));
    await until(page, 'paused', { step: 4 });
    const paused = await stepOf(page);
    assert.ok(paused < STEPS, `paused at ${paused}`);
    await page.click(by('step-button'));
    await until(page, 'paused', { step: paused + 1 });
    assert.equal(await stepOf(page), paused + 1);
    const before = await lossRows(page);
    assert.equal(before.length, paused + 1);
    for (const { losses } of before) {
      assert.equal(Object.keys(losses).length, 8);
      assert.ok(Object.values(losses).every(Number.isFinite), JSON.stringify(losses));
    }

    await page.reload();
    await page.waitForSelector(by('resume-offer'));
    assert.equal(await page.getAttribute(by('view-train'), 'aria-selected'), 'true');
    const offered = await page.textContent(by('resume-offer'));
    assert.match(offered ?? '', /Day ↔ Night/);
    await page.click(by('offer-accept'));
    await until(page, 'finished', { step: STEPS });
    const rows = await lossRows(page);
    assert.deepEqual(
      rows.map(({ step }) => step),
      Array.from({ length: STEPS }, (_, i) => i + 1),
    );
    assert.deepEqual(rows.slice(0, before.length - 1), before.slice(0, -1));

    const trips = await page.$$eval(`${by('preview')} .trip`, (all) =>
      all.map((trip) => /** @type {HTMLElement} */ (trip).dataset.domain),
    );
    assert.deepEqual([...new Set(trips)].sort(), ['A', 'B']);
    const shown = await widthsOf(page, `${by('preview')} img`);
    assert.ok(shown.length >= 6 && shown.every((width) => width > 0), `${shown}`);

    const there = await downloaded(page, by('download-weights'));
    const back = await downloaded(page, by('download-weights-b'));
    assert.match(there.name, /Day.*Night.*\.safetensors$/);
    assert.match(back.name, /Night.*Day.*\.safetensors$/);
    for (const { name, values } of [...tensorsOf(there.bytes), ...tensorsOf(back.bytes)]) {
      assert.ok(values.every(Number.isFinite), name);
    }
    assert.ok(!there.bytes.equals(back.bytes));
    const { steps } = await runFile(page);
    assert.equal(steps.cycle_A.length, STEPS);

    await page.click(by('use-in-translate'));
    await page.waitForFunction(
      ([list]) =>
        /Day.*Night/.test(
          /** @type {HTMLSelectElement} */ (document.querySelector(list)).selectedOptions[0]?.text,
        ),
      [by('model-select')],
    );
    await page.setInputFiles(by('photos-input'), upload('x.png', photo(56, 40, 900)));
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
    assert.ok(
      !(await picture(page, 'x.png')).rgb.equals((await picture(page, 'x.png', 'before')).rgb),
    );

    await page.click(by('view-train'));
    await page.click(by('another-button'));
    await until(page, 'empty');
    await fillFolders(page);
    await startFromFiles(page, { a: there.bytes, b: back.bytes });
    await set(page, { steps: 2, warmup: 0 });
    await page.click(by('train-button'));
    await until(page, 'finished', { step: 2 });
    const again = tensorsOf((await downloaded(page, by('download-weights'))).bytes);
    assert.ok(again.every(({ values }) => values.every(Number.isFinite)));
    assert.equal(again.length, tensorsOf(there.bytes).length);
  },
);

/** Every tensor by its name. @param {Buffer} bytes */
const byName = (bytes) => new Map(tensorsOf(bytes).map(({ name, values }) => [name, values]));

visit(
  'the weights that are downloaded are what the engine held, under PyTorch’s names',
  {},
  async ({ page }) => {
    await ready(page);
    await startSmall(page, 500);
    await until(page, 'training', { step: 5 });
    await page.click(by('pause-button'));
    await until(page, 'paused');
    // Paused, the run is saved as the engine has it: weights, moments and all.
    const checkpoint = await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const runs = await root.getDirectoryHandle('training');
      /** @type {{ at: number, bytes: ArrayBuffer }[]} */
      const found = [];
      for await (const run of /** @type {any} */ (runs).values()) {
        for await (const file of run.values()) {
          const at = Number(/^checkpoint-(\d+)/.exec(file.name)?.[1]);
          if (at) found.push({ at, bytes: await (await file.getFile()).arrayBuffer() });
        }
      }
      const { bytes } = found.sort((a, b) => b.at - a.at)[0];
      return Array.from(new Uint8Array(bytes));
    });
    const held = byName(Buffer.from(checkpoint));
    await stop(page);
    for (const [button, network] of [
      ['download-weights', 'G_A'],
      ['download-weights-b', 'G_B'],
    ]) {
      const given = byName((await downloaded(page, by(button))).bytes);
      assert.deepEqual([...given.keys()].sort().slice(0, 3), NAMES);
      for (const [name, values] of given) {
        const own = held.get(`ema.${network}.${name}`);
        assert.ok(own, `ema.${network}.${name} is not among ${[...held.keys()].slice(0, 8)}`);
        assert.deepEqual(values, own, `ema.${network}.${name}`);
      }
    }
  },
);

visit(
  'a run can be stopped and kept, and is deleted only when that is confirmed',
  {},
  async ({ page }) => {
    await ready(page);
    await startSmall(page, 500);
    await until(page, 'training', { step: 2 });
    await stop(page);
    assert.match((await page.textContent(by('train-status'))) ?? '', /stopped/);
    await page.click(by('another-button'));
    await page.waitForSelector(by('stored-run'));
    assert.equal(await page.locator(by('stored-run')).count(), 1);
    await page.click(by('run-delete'));
    await page.click(by('confirm-no'));
    assert.equal(await page.locator(by('stored-run')).count(), 1);
    await page.click(by('run-delete'));
    await page.click(by('confirm-yes'));
    await page.waitForSelector(by('stored-run'), { state: 'detached' });
  },
);
