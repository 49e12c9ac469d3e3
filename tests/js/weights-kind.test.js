/** Weights are told by their first bytes, and photos, documents and archives are not taken for them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { holdsWeights } from '../../www/files/weights-kind.js';

const golden = new URL('../golden/pth/', import.meta.url);
const latin = (/** @type {string} */ text) => new Blob([Buffer.from(text, 'latin1')]);

/** A zip's local header, and what follows. @param {string} name @param {string} [rest] */
const zipped = (name, rest = '') =>
  latin(`PK\x03\x04${'\0'.repeat(22)}${String.fromCharCode(name.length)}\0\0\0${name}${rest}`);

test('every container that PyTorch writes is known', async () => {
  const names = readdirSync(golden).filter((name) => name.endsWith('.pth'));
  const whole = names.filter((name) => !/^bad_(text|empty)/.test(name));
  assert.ok(whole.length > 6, whole.join());
  for (const name of names) {
    const found = await holdsWeights(new Blob([readFileSync(new URL(name, golden))]));
    assert.equal(found, whole.includes(name), name);
  }
});

test('zips of PyTorch are known by what they hold, in any order', async () => {
  for (const name of ['archive/data.pkl', 'x/.format_version', 'm/constants.pkl', 'data/0']) {
    assert.ok(await holdsWeights(zipped(name)), name);
  }
  assert.ok(await holdsWeights(zipped('z/readme', `${'.'.repeat(9e4)}PK\x01\x02 z/data.pkl`)));
});

test('safetensors are known by their header', async () => {
  const header = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  const length = `${String.fromCharCode(header.length)}${'\0'.repeat(7)}`;
  assert.ok(await holdsWeights(latin(`${length}${header}1234`)));
  assert.ok(!(await holdsWeights(latin(`${length}${header.slice(0, 9)}`))), 'shorter than it says');
});

test('nothing else is', async () => {
  const others = [
    '',
    'P',
    '\xff\xd8\xff\xe0 a photo',
    '\x89PNG\r\n\x1a\n',
    '<!doctype html><title>Sign in</title>',
    '{"a": 1}',
    '\x80\x01 no protocol',
  ];
  for (const text of others) assert.ok(!(await holdsWeights(latin(text))), text);
  for (const name of ['[Content_Types].xml', 'mimetype', 'photos/a.jpg', 'database/0']) {
    assert.ok(!(await holdsWeights(zipped(name))), name);
  }
});
