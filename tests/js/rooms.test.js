/** Who may know whom: every file of the page is in a room, and a room knows only those above it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';

const root = new URL('../../', import.meta.url);

const GROUND = ['failure.js', 'files', 'engine'];
const PAGE = [...GROUND, 'page', 'models'];
const PLAN = [...PAGE, 'train/gather'];
const RUN = [...PLAN, 'train/plan', 'train/keep', 'train/worker'];
/** What a room may import beside itself, from the top downwards. @type {Record<string, string[]>} */
const MAY = {
  'failure.js': [],
  files: ['failure.js'],
  engine: ['failure.js', 'files'],
  page: [...GROUND, 'messages'],
  models: GROUND,
  translate: PAGE,
  'train/gather': [...GROUND, 'page'],
  offline: [...GROUND, 'page'],
  'train/plan': PLAN,
  'train/keep': [...GROUND, 'page', 'train/gather', 'train/plan'],
  'train/worker': [...GROUND, 'train/gather', 'train/plan', 'train/keep'],
  'train/run': RUN,
  train: [...RUN, 'train/run'],
  'train/view': [...PLAN, 'train/plan', 'train/keep', 'train/run', 'train'],
  'live/worker': GROUND,
  live: [...PAGE, 'messages', 'translate'],
  'engine-worker.js': [...GROUND, 'train/worker', 'live/worker', 'pkg'],
  'disk-worker.js': ['failure.js', 'files'],
  'main.js': [
    ...['engine-worker.js', 'disk-worker.js', ...PAGE, 'offline', 'translate', 'train/view'],
    'live',
  ],
  public: [],
};

const NETWORKS = ['random', 'choice', 'json', 'image', 'weights', 'ops', 'model', 'device'];
/** The same of the engine; `error` everybody may know. @type {Record<string, string[]>} */
const ENGINE = {
  error: [],
  random: [],
  choice: [],
  json: ['choice'],
  image: [],
  weights: ['choice'],
  ops: [],
  device: ['choice', 'ops', 'weights'],
  model: ['random', 'choice', 'json', 'ops', 'weights', 'device'],
  samples: ['random', 'choice', 'image'],
  translate: NETWORKS,
  train: [...NETWORKS, 'translate'],
  web: [...NETWORKS, 'samples', 'translate', 'train'],
};

/** @param {string} folder @param {RegExp} kind */
function filesIn(folder, kind) {
  const names = /** @type {string[]} */ (readdirSync(new URL(folder, root), { recursive: true }));
  return names
    .filter((name) => kind.test(name) && !name.startsWith('pkg/'))
    .map((path) => ({ path, source: readFileSync(new URL(folder + path, root), 'utf8') }));
}

/** @param {string} path */
function roomOf(path) {
  const [first, second, third] = path.split('/');
  const inner = third === undefined ? first : `${first}/${second}`;
  return inner in MAY ? inner : first;
}

/** @param {string} path @param {string} source @returns {string[]} the files that it imports */
const importsOf = (path, source) =>
  [...source.matchAll(/(?:from |import |import\()'(\.[^'?]+)/g)].map(([, to]) =>
    posix.join(posix.dirname(path), to),
  );

const files = filesIn('www/', /\.(js|ts)$/);
/** What each file imports, types included. @type {Map<string, string[]>} */
const known = new Map(
  files.map(({ path, source }) => [path.replace('.d.ts', '.js'), importsOf(path, source)]),
);

test('a file of the page imports only what its room may know', () => {
  for (const { path, source } of files) {
    const here = roomOf(path);
    assert.ok(here in MAY, `${path} is in no room`);
    const code = importsOf(path, source.replace(/\/\*[\s\S]*?\*\/|^import type [^;]*/gm, ''));
    for (const to of known.get(path.replace('.d.ts', '.js')) ?? []) {
      const there = roomOf(to);
      // What the engine says of its types everybody may know.
      const isType = there === 'pkg' && !code.includes(to);
      assert.ok(here === there || isType || MAY[here].includes(there), `${path} imports ${to}`);
    }
  }
});

test('no import leads back to where it came from', () => {
  /** @type {Set<string>} */
  const done = new Set();
  /** @param {string} path @param {string[]} way */
  const walk = (path, way) => {
    assert.ok(!way.includes(path), [...way, path].join(' → '));
    if (!done.has(path)) for (const to of known.get(path) ?? []) walk(to, [...way, path]);
    done.add(path);
  };
  for (const path of known.keys()) walk(path, []);
});

/** @param {string} code @returns {string[]} the rooms of the engine that it names */
function roomsIn(code) {
  const groups = [...code.matchAll(/use crate::\{([^;]*)\};/g)].flatMap(([, group]) => {
    let names = group;
    while (names.includes('{')) names = names.replace(/\{[^{}]*\}/g, '');
    return names.split(',');
  });
  const names = [...code.matchAll(/crate::(\w+)/g)].map(([, name]) => name);
  return [...groups.map((path) => path.trim().split('::')[0]).filter(Boolean), ...names];
}

test('a file of the engine imports only what its room may know', () => {
  const rust = filesIn('src/', /\.rs$/).filter(({ path }) => !/^(bin\/|lib\.rs)/.test(path));
  const tests = rust.flatMap(({ source }) =>
    [...source.matchAll(/#\[cfg\(.*\btest\b.*\)\]\s*mod (\w+);/g)].map(([, name]) => `${name}.rs`),
  );
  for (const { path, source } of rust) {
    const here = path.split(/[/.]/)[0];
    assert.ok(here in ENGINE, `${path} is in no room`);
    if (tests.includes(posix.basename(path))) continue;
    for (const there of roomsIn(source.replace(/\/\/.*/g, ''))) {
      const may = here === there || there === 'error' || ENGINE[here].includes(there);
      assert.ok(may, `${path} imports ${there}`);
    }
  }
});

test('only web/ knows JavaScript, ops/ and the device a backend, and the facade of ops/ its parts', () => {
  for (const { path, source } of filesIn('src/', /\.rs$/)) {
    const code = source.replace(/^\s*\/\/.*/gm, '');
    if (!/^web[/.]/.test(path)) assert.doesNotMatch(code, /wasm_bindgen|js_sys|web_sys/, path);
    if (!/^(ops|device)[/.]/.test(path)) assert.doesNotMatch(code, /burn::backend|burn_wgpu/, path);
    if (/^ops\/\w+\//.test(path)) assert.doesNotMatch(code, /crate::ops::(?!layer|graph)/, path);
  }
});
