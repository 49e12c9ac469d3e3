/** Files over a poor connection: what is told, what is given up, what is tried again. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fetchFile } from '../../www/files/download.js';

const CONTENT = Buffer.alloc(400_000, 'cyclegan ');
/** How the host answers, one after another; the last again and again. @type {((response: import('node:http').ServerResponse) => unknown)[]} */
let answers = [];
let asked = 0;
const server = createServer((_, response) => {
  const answer = answers[Math.min(asked, answers.length - 1)];
  asked += 1;
  answer(response);
});
/** @type {URL} */
let url;
before(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  url = new URL(`http://127.0.0.1:${port}/`);
});
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = 0;
});

/** @typedef {import('node:http').ServerResponse} Answer */
const whole = (/** @type {Answer} */ response) =>
  response.setHeader('content-length', CONTENT.length).end(CONTENT);
const packed = (/** @type {Answer} */ response) =>
  response.setHeader('content-encoding', 'gzip').end(gzipSync(CONTENT));
const unsized = (/** @type {Answer} */ response) => {
  response.write(CONTENT.subarray(0, 1000));
  response.end(CONTENT.subarray(1000));
};
const broken = (/** @type {Answer} */ response) => {
  response.setHeader('content-length', CONTENT.length).write(CONTENT.subarray(0, 5000), () => {
    response.destroy();
  });
};
const silent = (/** @type {Answer} */ response) => {
  response.write(CONTENT.subarray(0, 5000));
};
const refused = (/** @type {number} */ status) => (/** @type {Answer} */ response) => {
  response.writeHead(status).end();
};

/** @param {import('../../www/files/download.js').Options} [options] */
const get = (options) =>
  fetchFile(url, async (response) => Buffer.from(await response.arrayBuffer()), {
    silence: 10_000, // however busy the machine is
    pause: 5,
    ...options,
  });

test('every byte is told of, also where the host packs them or does not say how many there are', async () => {
  for (const answer of [whole, packed, unsized]) {
    answers = [answer];
    /** @type {number[]} */
    const told = [];
    assert.ok((await get({ onBytes: (count) => told.push(count) })).equals(CONTENT));
    const deadline = performance.now() + 10_000;
    // The last may be told of when the file is already in use.
    while (told.at(-1) !== CONTENT.length && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(told.at(-1), CONTENT.length);
    assert.deepEqual(
      told,
      [...told].sort((a, b) => a - b),
    );
  }
});

test('a slow connection is no dead one', async () => {
  answers = [
    (response) => {
      const send = (at = 0) => {
        response.write(CONTENT.subarray(at, at + 50_000));
        if (at + 50_000 < CONTENT.length) setTimeout(send, 200, at + 50_000);
        else response.end();
      };
      send();
    },
  ];
  assert.ok((await get({ silence: 1000 })).equals(CONTENT));
  assert.equal(asked, 1);
});

test('a connection that breaks or falls silent, and a host that is overloaded, are tried again', async () => {
  for (const bad of [broken, silent, refused(503)]) {
    asked = 0;
    answers = [bad, bad, whole];
    const silence = bad === silent ? 1000 : 10_000;
    assert.ok((await get({ silence })).equals(CONTENT));
    assert.equal(asked, 3);
  }
});

test('in the end it is given up, and a file that is not there at once', async () => {
  answers = [silent];
  await assert.rejects(get({ silence: 500 }), /nothing came/);
  assert.equal(asked, 3);
  asked = 0;
  answers = [refused(404)];
  await assert.rejects(get(), /HTTP 404/);
  assert.equal(asked, 1);
});

test('silence counts while bytes are awaited, not while they are put to use', async () => {
  answers = [whole];
  const use = async (/** @type {Response} */ response) => {
    await response.arrayBuffer();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return 'compiled';
  };
  assert.equal(await fetchFile(url, use, { silence: 1000, pause: 5 }), 'compiled');
  assert.equal(asked, 1);
});

test('whoever stops it is heard', async () => {
  answers = [silent];
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 30);
  await assert.rejects(get({ signal: stop.signal, silence: 5000 }), { name: 'AbortError' });
  assert.equal(asked, 1);
});

test('what is longer than the page can use is given up at once, and not tried again', async () => {
  for (const answer of [whole, packed, unsized]) {
    asked = 0;
    answers = [answer];
    const given = get({ most: 100_000, onBytes: (count) => assert.ok(count <= 100_000) });
    await assert.rejects(given, { why: 'too-long' });
    assert.equal(asked, 1);
  }
  answers = [unsized];
  assert.equal((await get({ most: CONTENT.length })).length, CONTENT.length);
});

test('a file that does not end is given up where the limit is, and its connection closed', async () => {
  let closed = false;
  answers = [
    (response) => {
      const more = () => {
        while (!closed && response.write(CONTENT));
      };
      response.on('drain', more).on('close', () => {
        closed = true;
      });
      more();
    },
  ];
  await assert.rejects(get({ most: 1_000_000 }), { why: 'too-long' });
  const deadline = performance.now() + 10_000;
  while (!closed && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(closed);
});
