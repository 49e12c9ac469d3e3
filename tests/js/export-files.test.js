/** Models as files: their names, and what the engine is asked for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exported } from '../../www/page/export-files.js';
import { readerOf } from '../../www/page/pth-reader.js';
import { readZip } from '../e2e/support/zip.js';

/** @typedef {import('../../www/page/export-files.js').Source} Source */

/** An engine whose files are what it was asked for. */
const engine = {
  async export(
    /** @type {import('../../www/engine/client.js').Weights} */ weights,
    /** @type {object} */ job,
  ) {
    return new Blob([`${Buffer.from(await weights.read())} ${JSON.stringify(job)}`]);
  },
};

/** @param {Source['network']} network @param {string | null} [part] @returns {Source} */
const source = (network, part = null) => ({
  name: `${network} of run`,
  network,
  weights: { read: () => new Blob([network]).arrayBuffer(), sha256: null, network: part },
  about: null,
});

test('one model is one file, with its own name', async () => {
  const { name, blob } = await exported(
    engine,
    [source('G_A', 'ema')],
    { to: 'onnx', half: true },
    'x',
  );
  assert.equal(name, 'G_A of run.onnx');
  const job = { to: 'onnx', half: true, network: 'ema', about: null };
  assert.equal(await blob.text(), `G_A ${JSON.stringify(job)}`);
});

test('several are a zip; those for PyTorch have the names that its repository looks for', async () => {
  const four = /** @type {const} */ (['G_A', 'G_B', 'D_A', 'D_B']).map((name) => source(name));
  const zip = await exported(engine, four, { to: 'pth', half: false }, 'Day/Night');
  assert.equal(zip.name, 'Day_Night.zip');
  const files = readZip(Buffer.from(await zip.blob.arrayBuffer()));
  assert.deepEqual(
    files.map(({ name }) => name),
    ['G_A', 'G_B', 'D_A', 'D_B'].map((name) => `latest_net_${name}.pth`),
  );
  assert.match(String(files[3].bytes), /^D_B /);
  const two = await exported(engine, four.slice(0, 2), { to: 'safetensors', half: false }, 'run');
  const names = readZip(Buffer.from(await two.blob.arrayBuffer())).map(({ name }) => name);
  assert.deepEqual(names, ['G_A of run.safetensors', 'G_B of run.safetensors']);
});

test('equal names in a zip are told apart', async () => {
  const [a, b] = /** @type {const} */ (['G_A', 'G_B']);
  const both = [source(a), { ...source(b), name: 'g_a of RUN' }];
  const zip = await exported(engine, both, { to: 'onnx', half: false }, 'run');
  const names = readZip(Buffer.from(await zip.blob.arrayBuffer())).map(({ name }) => name);
  assert.deepEqual(names, ['G_A of run.onnx', 'g_a of RUN (2).onnx']);
});

test('a file for PyTorch is promised to those whose code has its layers', () => {
  const authors = { up: 'transpose', down: 'strided', norm: 'instance', pictures: 3 };
  const cut = { ...authors, up: 'blurred', down: 'blurred' };
  assert.equal(readerOf([authors, { up: 'transpose', norm: 'instance' }]), 'authors');
  assert.equal(readerOf([{ ...authors, up: 'bilinear' }]), 'script');
  assert.equal(readerOf([{ ...authors, up: 'nearest' }]), 'script');
  assert.equal(readerOf([{ ...authors, norm: 'instance_affine' }]), 'script');
  assert.equal(readerOf([cut]), 'cut');
  assert.equal(readerOf([{ ...cut, norm: 'instance_affine' }]), 'none');
  assert.equal(readerOf([{ ...authors, up: 'blurred' }]), 'none');
  assert.equal(readerOf([{ ...authors, pictures: 1 }]), 'none');
  assert.equal(readerOf([null]), 'unknown');
  assert.equal(readerOf([authors, cut]), 'unknown');
});
