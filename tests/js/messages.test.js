/** The page's words: both languages say everything, and every failure has a sentence. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  chooseLanguage,
  errorText,
  formatTime,
  LANGUAGES,
  text,
  useMessages,
} from '../../www/messages.js';

const root = new URL('../../', import.meta.url);
/** @param {string} path */
const read = (path) => readFileSync(new URL(path, root), 'utf8');
/** @type {Record<string, import('../../www/messages.js').Messages>} */
const all = Object.fromEntries(
  LANGUAGES.map((name) => [name, JSON.parse(read(`www/messages/${name}.json`))]),
);
const scripts = /** @type {string[]} */ (readdirSync(new URL('www/', root), { recursive: true }))
  .filter((name) => name.endsWith('.js') && !name.startsWith('pkg'))
  .map((name) => read(`www/${name}`))
  .join('\n');

/** Every string that has the form of a failure's code. */
const CODE =
  /'((?:browser|canvas|encode|engine|file|folder|gpu|image|model|out-of|output|run|storage|too-many|training|weights|zip)-[a-z-]+)'/g;

/** An element whose name only looks like a code. */
const NAMES = new Set(['run-title']);

/** @param {import('../../www/messages.js').Message} message */
const placeholders = (message) => {
  const sentence = typeof message === 'string' ? message : message.other;
  return [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
};

test('every language has the same keys with the same placeholders', () => {
  for (const name of LANGUAGES) {
    assert.deepEqual(Object.keys(all[name]).sort(), Object.keys(all.en).sort(), name);
    for (const [key, message] of Object.entries(all[name])) {
      assert.deepEqual(placeholders(message), placeholders(all.en[key]), `${name}: ${key}`);
      assert.ok(typeof message === 'string' ? message : message.other, `${name}: ${key} is empty`);
    }
  }
});

test('every code of the engine and of the page has a sentence, and no sentence is left over', () => {
  const engine = [...read('src/error.rs').matchAll(/=> "([a-z-]+)"/g)].map(([, code]) => code);
  const page = [...scripts.matchAll(CODE)]
    .map(([, code]) => code)
    .filter((code) => !NAMES.has(code));
  assert.ok(engine.length > 15 && page.length > 15);
  const codes = new Set([...engine, ...page]);
  for (const code of codes) {
    const known = `error.${code}` in all.en || `notice.${code}` in all.en;
    assert.ok(known, `${code} has no sentence`);
  }
  for (const code of engine) assert.ok(`error.${code}` in all.en, `${code} has no sentence`);
  const sentences = Object.keys(all.en).filter((key) => key.startsWith('error.'));
  const unused = sentences.filter((key) => !codes.has(key.slice(6)) && key !== 'error.unknown');
  assert.deepEqual(unused, []);
});

test('every key that the markup names exists', () => {
  const keys = [...read('index.html').matchAll(/data-(?:text|label|hint)="([^"]+)"/g)];
  assert.ok(keys.length > 20);
  for (const [, key] of keys) assert.ok(key in all.en, `${key} is not in the messages`);
});

test('every key is used by the markup or a script', () => {
  const source = read('index.html') + scripts;
  const built = [
    'error.',
    'card.',
    'models.',
    'advice.missing.',
    'advice.adapter.',
    'compare.alt.',
    'fact.saved.',
    'folder.drop.',
    'losses.',
    'notice.',
    'plan.about.',
    'proposal.',
    'reason.',
    'setting.',
    'state.',
    'train.name.',
  ];
  for (const key of Object.keys(all.en)) {
    const known = built.some((prefix) => key.startsWith(prefix)) || key.startsWith('samples.');
    assert.ok(known || source.includes(`'${key}'`) || source.includes(`"${key}"`), key);
  }
});

test('the URL chooses the language, then the visitor, then English', () => {
  assert.equal(chooseLanguage('zh', ['en-US']), 'zh');
  assert.equal(chooseLanguage('../evil', ['zh-CN']), 'zh');
  assert.equal(chooseLanguage(null, ['fr-FR', 'zh-Hant', 'en']), 'zh');
  assert.equal(chooseLanguage(null, ['fr']), 'en');
  assert.equal(chooseLanguage(null, []), 'en');
});

test('sentences are filled in, with plurals and the numbers of the language', () => {
  useMessages('en', all.en);
  assert.equal(text('drop.added', { n: 1 }), '1 photo added');
  assert.equal(text('drop.added', { n: 1200 }), '1,200 photos added');
  assert.equal(text('models.added', { name: '{n} <b>' }), '“{n} <b>” is ready');
  assert.equal(text('no.such.key'), 'no.such.key');
  assert.match(errorText('never-heard-of'), /never-heard-of/);
  assert.equal(errorText('image-empty'), 'This file is empty.');
});

test('times read as a person would say them', () => {
  useMessages('en', all.en);
  assert.equal(formatTime(0.01), '0.1 s');
  assert.equal(formatTime(3.14), '3.1 s');
  assert.equal(formatTime(59.6), '60 s');
  assert.equal(formatTime(600), '10 min');
  assert.equal(formatTime(6000), '1 h 40 min');
});
