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
} from '../../www/page/messages.js';
import { CHOICES } from '../../www/train/plan/settings.js';
import { KINDS } from '../../www/train/view/losses.js';

const root = new URL('../../', import.meta.url);
/** @param {string} path */
const read = (path) => readFileSync(new URL(path, root), 'utf8');
/** @typedef {Record<string, import('../../www/page/messages.js').Messages>} Words */
/** @param {string} of the name of the file before the language @returns {Words} */
const wordsOf = (of) =>
  Object.fromEntries(
    LANGUAGES.map((name) => [name, JSON.parse(read(`www/messages/${of}${name}.json`))]),
  );
/** What Live brings with it. */
const live = wordsOf('live-');
const first = wordsOf('');
/** @type {Words} */
const all = Object.fromEntries(LANGUAGES.map((name) => [name, { ...first[name], ...live[name] }]));
/** @param {(name: string) => boolean} wanted */
const scriptsIn = (wanted) =>
  /** @type {string[]} */ (readdirSync(new URL('www/', root), { recursive: true }))
    .filter((name) => name.endsWith('.js') && !name.startsWith('pkg') && wanted(name))
    .map((name) => read(`www/${name}`))
    .join('\n');
const scripts = scriptsIn(() => true);

const markup = read('index.html');
const types = [
  'www/page/notices.js',
  'www/train/gather/dataset.js',
  'www/train/plan/types.d.ts',
  'www/train/snapshot.js',
]
  .map(read)
  .join('\n');

/** Every string that has the form of a failure's code. */
const CODE =
  /'((?:browser|camera|canvas|encode|engine|file|folder|gpu|image|model|out-of|output|recording|run|storage|too-many|training|video|weights|zip)-[a-z-]+)'/g;
/** What is told, whatever its form. */
const TOLD = /(?:[tT]ell\(|\.add\('[a-z]+',\s*|code:\s*)'([a-z-]+)'/g;

/** An element whose name only looks like a code. */
const NAMES = new Set(['run-title']);
/** No code of a failure: it stands beside the fields. */
const OUTSIDE = new Set(['rates-proposed']);

/** @param {RegExp} pattern with one group @param {string} source */
const all1 = (pattern, source) => [...source.matchAll(pattern)].map(([, found]) => found);

/** @param {string} sentence */
const inSentence = (sentence) => [...new Set(all1(/\{(\w+)\}/g, sentence))].sort();

/** @param {import('../../www/page/messages.js').Message} message */
const placeholders = (message) => inSentence(typeof message === 'string' ? message : message.other);

/** @param {import('../../www/page/messages.js').Message} message @returns {string[]} all plural forms */
const formsOf = (message) => (typeof message === 'string' ? [message] : Object.values(message));

/** The strings of a union in a type's declaration. @param {RegExp} declaration @param {string} source */
function union(declaration, source) {
  const [found = ''] = declaration.exec(source) ?? [];
  const members = all1(/['"]([\w-]+)['"]/g, found);
  assert.ok(members.length > 1, `${declaration} declares nothing`);
  return members;
}

const engineCodes = all1(/=> "([a-z-]+)"/g, read('src/error.rs'));
const pageCodes = all1(CODE, scripts).filter((code) => !NAMES.has(code));
const toldCodes = all1(TOLD, scripts);
const quoted = new Set(all1(/'([a-z-]+)'/g, scripts));

/** A sentence for each code, of those that the engine has or a script names. @param {string} prefix */
const sentencesOf = (prefix) =>
  Object.keys(all.en).filter((key) => {
    const code = key.slice(prefix.length);
    return key.startsWith(prefix) && (engineCodes.includes(code) || quoted.has(code));
  });

const cards = /** @type {{ id: string, trained: { on: string } }[]} */ (
  JSON.parse(read('www/models/cards.json'))
);
const ids = cards.map(({ id }) => id);
const browsers = union(/typedef \{[^}]*\} Browser/, read('www/page/support.js'));
const fields = all1(/\{\s+name: '(\w+)',\s+id:/g, read('www/train/view/fields.js'));
const choices = Object.entries(CHOICES).flatMap(([name, values]) =>
  values.map((value) => `${name}.${value}`),
);
const engineTypes = read('www/pkg/cyclegan_web.d.ts');
const units = union(/type Unit = [^;]*;/, engineTypes);

/** Keys that are put together, by their form, and what can stand in each. @type {Record<string, string[]>} */
const PUT_TOGETHER = {
  'advice.adapter.*': browsers.filter((name) => name !== 'other'),
  'advice.missing.*': browsers,
  'card.*': union(/typedef \{[^}]*\} ItemState/, read('www/translate/queue.js')).filter(
    (s) => s !== 'done',
  ),
  'compare.alt.*': ['before', 'after'],
  'error.*': sentencesOf('error.').map((key) => key.slice('error.'.length)),
  'fact.saved.*': union(/typedef \{[^}]*\} Kept/, read('www/train/run/saver.js')),
  'folder.drop.*': ['a', 'b'],
  'grid.*': all1(/, '(\w+)'\],/g, read('www/train/view/words.js')).concat('none'),
  'live.error.*': Object.keys(all.en)
    .map((key) => /^live\.error\.(.*)/.exec(key)?.[1] ?? '')
    .filter((code) => engineCodes.includes(code) || quoted.has(code)),
  'live.on.*': union(/@property \{[^}]*\} kind/, read('www/live/source/source.js')),
  'losses.*': [...KINDS],
  'losses.*.about': [...KINDS],
  'models.*': [...ids, 'own', 'site'],
  'models.about.*': [...ids, 'own', 'site'],
  'models.trained.*': cards.map(({ trained }) => trained.on),
  'notice.*': sentencesOf('notice.').map((key) => key.slice('notice.'.length)),
  'plan.about.*': all1(/\{ kind: '(\w+)'/g, types),
  'preset.*': union(/type Preset = [^;]*;/, types),
  'preset.*.about': union(/type Preset = [^;]*;/, types),
  'proposal.*': union(/why: [^;]*;/, types),
  'reason.*': sentencesOf('reason.').map((key) => key.slice('reason.'.length)),
  'reason.device.*': ['webgpu', 'cpu'],
  'samples.*': union(/type Season = [^;]*;/, engineTypes),
  'export.pth.*': union(/typedef \{[^}]*\} Reader/, read('www/page/pth-reader.js')),
  'setting.*': fields,
  'setting.*.*': choices,
  'setting.*.about': fields,
  'setting.length.*': units,
  'stage.*': union(/'start' \| 'best' \| 'last'/, read('www/train/view/outcome.js')),
  'stage.*.best': ['start', 'last'],
  'state.*': union(/typedef \{[^}]*\}[\s*]+State/, types),
  'unsupported.*': ['raw', 'jpeg', 'video', 'pdf', 'archive'],
  'train.name.*': ['a', 'b'],
  'train.name.label.*': ['a', 'b'],
};

const spaces = [...new Set(Object.keys(all.en).map((key) => key.split('.')[0]))].join('|');
/** Keys that a script writes in full. */
const written = all1(new RegExp(`['"\`]((?:${spaces})(?:\\.[A-Za-z][\\w-]*)+)['"\`]`, 'g'), scripts)
  .filter((name) => !/\.(js|json|css|safetensors)$/.test(name))
  .concat(all1(/\btext\('([\w.-]+)'/g, scripts));
/** The forms of those that are put together. */
const forms = all1(
  new RegExp(`(?:text\\(\\s*|(?=\`(?:${spaces})\\.))\`([^\`]*\\$\\{[^\`]*)\``, 'g'),
  scripts,
).map((form) => form.replace(/\$\{[^}]*\}/g, '*'));
const named = all1(/data-(?:text|label|hint)="([^"]+)"/g, markup);
const together = Object.entries(PUT_TOGETHER).flatMap(([form, values]) =>
  values.map((value) =>
    form === 'setting.*.*' ? `setting.${value}` : form.replace('*', () => value),
  ),
);

test('every language has the same keys with the same placeholders', () => {
  for (const name of LANGUAGES) {
    assert.deepEqual(Object.keys(all[name]).sort(), Object.keys(all.en).sort(), name);
    for (const [key, message] of Object.entries(all[name])) {
      assert.deepEqual(placeholders(message), placeholders(all.en[key]), `${name}: ${key}`);
      for (const form of formsOf(message)) assert.ok(form.trim(), `${name}: ${key} is empty`);
    }
  }
});

test('the words that come with Live are those that are used there alone', () => {
  const others = scriptsIn((name) => !name.startsWith('live/')) + markup;
  for (const name of LANGUAGES) {
    const both = Object.keys(live[name]).filter((key) => key in first[name]);
    assert.deepEqual(both, [], `${name}: in both files`);
  }
  for (const key of Object.keys(live.en)) assert.ok(!others.includes(`'${key}'`), key);
  assert.doesNotMatch(others, /["'`]live\.[a-z]/);
});

test('a sentence with a form for one counts what it is given as n', () => {
  for (const name of LANGUAGES) {
    for (const [key, message] of Object.entries(all[name])) {
      if (typeof message === 'string') continue;
      assert.ok(inSentence(message.other).includes('n'), `${name}: ${key}`);
    }
  }
});

test('one of a thing is told as much as many are', () => {
  const sentences = (/** @type {string} */ form) => form.split(/[.?!。？！](?:\s|$)/).length;
  for (const name of LANGUAGES) {
    for (const [key, message] of Object.entries(all[name])) {
      if (typeof message === 'string' || message.one === undefined) continue;
      assert.equal(sentences(message.one), sentences(message.other), `${name}: ${key}`);
      const unknown = inSentence(message.one).filter((one) => !placeholders(message).includes(one));
      assert.deepEqual(unknown, [], `${name}: ${key}`);
    }
  }
});

test('every code of the engine and of the page has a sentence', () => {
  assert.ok(engineCodes.length > 15 && pageCodes.length > 15 && toldCodes.length > 15);
  for (const code of engineCodes) assert.ok(`error.${code}` in all.en, `${code} has no sentence`);
  for (const code of [...pageCodes, ...toldCodes]) {
    const known = `error.${code}` in all.en || `notice.${code}` in all.en;
    assert.ok(known, `${code} has no sentence`);
  }
});

test('a sentence is filled from the values that its code brings', () => {
  for (const key of Object.keys(all.en).filter((one) => one.startsWith('error.'))) {
    const brought = key === 'error.unknown' ? ['code'] : [];
    assert.deepEqual(placeholders(all.en[key]), brought, `${key}: a failure is a code alone`);
  }
  /** @type {Map<string, string[]>} */
  const brought = new Map();
  for (const [, code, values] of types.matchAll(/`([a-z-]+)`(?:\s(?:\*\s)?\{([\w, ]+)\})?/g)) {
    brought.set(code, [...(brought.get(code) ?? []), ...(values?.split(', ') ?? [])]);
  }
  for (const key of Object.keys(all.en).filter((one) => one.startsWith('notice.'))) {
    const code = key.slice('notice.'.length);
    if (OUTSIDE.has(code)) continue;
    const wanted = placeholders(all.en[key]).filter((name) => !brought.get(code)?.includes(name));
    assert.deepEqual(wanted, [], `no type promises these values of ${code}`);
  }
});

test('every key that the markup or a script uses exists', () => {
  assert.ok(named.length > 20 && written.length > 100 && forms.length > 20);
  const missing = [...named, ...written, ...together].filter((key) => !(key in all.en));
  assert.deepEqual([...new Set(missing)], []);
  assert.deepEqual(
    [...new Set(forms)].sort(),
    Object.keys(PUT_TOGETHER).sort(),
    'a form of keys that are put together, and what can stand in it',
  );
});

test('every key is used by the markup or a script', () => {
  const used = new Set([...named, ...written, ...together]);
  assert.deepEqual(
    Object.keys(all.en).filter((key) => !used.has(key)),
    [],
  );
});

test('a failure is what happened and a way on', () => {
  for (const name of LANGUAGES) {
    for (const [key, message] of Object.entries(all[name])) {
      if (!key.startsWith('error.')) continue;
      const sentences = String(message).match(/[.?!。？！](?=\s|$)|[。？！]/g) ?? [];
      assert.ok(sentences.length >= 2, `${name}: ${key} says nothing of what to do`);
    }
  }
});

/** Words of those who build networks, which nobody else knows. */
const JARGON = {
  en: /\bweights?\b|half precision|\bdiscriminators?\b|\btensors?\b|\bepochs?\b|same result/i,
  zh: /权重|半精度|判别器|张量|结果相同/,
};

test('no sentence needs a word that only those know who build networks', () => {
  for (const [name, pattern] of Object.entries(JARGON)) {
    for (const [key, message] of Object.entries(all[name])) {
      for (const form of formsOf(message)) assert.doesNotMatch(form, pattern, `${name}: ${key}`);
    }
  }
});

test('the page says what translating and a CycleGAN are, before anything is chosen', () => {
  for (const name of LANGUAGES) assert.match(String(all[name]['hero.about']), /CycleGAN/);
  assert.match(String(all.en['hero.about']), /translates photos: it/);
  assert.match(String(all.zh['hero.about']), /“转换”，就是/);
  assert.match(markup, /data-text="hero.about"/);
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
  assert.equal(errorText('image-empty'), 'This file is empty. Copy or download it again.');
  assert.match(errorText('image-unsupported', { kind: 'TIFF' }), /kind TIFF,.*Export it as JPEG/);
  assert.match(errorText('image-unsupported', { kind: 'PDF' }), /a PDF\. Export its pages/);
});

test('times read as a person would say them', () => {
  useMessages('en', all.en);
  assert.equal(formatTime(0.01), '0.1 s');
  assert.equal(formatTime(3.14), '3.1 s');
  assert.equal(formatTime(59.6), '60 s');
  assert.equal(formatTime(600), '10 min');
  assert.equal(formatTime(6000), '1 h 40 min');
});
