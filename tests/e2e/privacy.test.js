/** Nothing leaves this computer: the policy holds in the page and in the worker, and no URL talks it round. */
import assert from 'node:assert/strict';
import { patchWorker, setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, cards, ready, translate, useWeights } from './support/page.js';
import { serveElsewhere } from './support/site.js';

const visit = setUp();

/** What the attempts leave in the console and in the list of requests. */
const ATTEMPTS = [
  /securitypolicyviolation/,
  /Content Security Policy/i,
  /^request: (http|ws):\/\/127\.0\.0\.1/,
  /^console: .*(Refused|violates)/,
];

/**
 * Tries to reach another origin in every way a script has. Runs in the page or in its worker.
 *
 * @param {string} origin
 * @returns {Promise<{ reached: string[], blocked: string[] }>} ways, and directives that were violated
 */
async function tryToReach(origin) {
  /** @type {string[]} */
  const blocked = [];
  addEventListener('securitypolicyviolation', (event) => {
    blocked.push(/** @type {SecurityPolicyViolationEvent} */ (event).effectiveDirective);
  });
  /** @type {Record<string, () => Promise<unknown>>} */
  const ways = {
    fetch: () => fetch(`${origin}/fetch`),
    'fetch without an answer': () => fetch(`${origin}/blind`, { mode: 'no-cors' }),
    xhr: () =>
      new Promise((resolve, reject) => {
        const xhr = new XMLHttpRequest();
        xhr.onload = resolve;
        xhr.onerror = reject;
        xhr.open('POST', `${origin}/xhr`);
        xhr.send('photo');
      }),
    socket: () =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`${origin.replace('http', 'ws')}/socket`);
        socket.onopen = resolve;
        socket.onerror = reject;
      }),
    script: () => import(`${origin}/script.js`),
  };
  const reached = [];
  for (const [name, way] of Object.entries(ways)) {
    if (
      await way().then(
        () => true,
        () => false,
      )
    )
      reached.push(name);
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  return { reached, blocked };
}

for (const place of /** @type {const} */ (['page', 'worker'])) {
  visit(
    `another origin cannot be reached from the ${place}`,
    { expected: ATTEMPTS },
    async ({ page, t }) => {
      const elsewhere = await serveElsewhere();
      t.after(elsewhere.close);
      await ready(page);
      const [worker] = page.workers();
      assert.ok(worker, 'the engine runs');
      const { reached, blocked } =
        place === 'page'
          ? await page.evaluate(tryToReach, elsewhere.origin)
          : await worker.evaluate(tryToReach, elsewhere.origin);
      assert.deepEqual(reached, []);
      assert.deepEqual(elsewhere.requests, []);
      assert.ok(blocked.includes('connect-src'), `violated: ${blocked}`);
      assert.ok(blocked.some((directive) => directive.startsWith('script-src')));
      // It is the policy that stopped it: the other origin does answer.
      assert.equal(await (await fetch(elsewhere.origin)).text(), 'reached');
    },
  );
}

visit(
  'normal use violates no policy, from the worker’s first moment on',
  {
    prepare: (page) =>
      patchWorker(
        page,
        `addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
           console.error('securitypolicyviolation: ' + effectiveDirective + ' ' + blockedURI));
         console.log('listening');`,
      ),
  },
  async ({ page, site }) => {
    const messages = /** @type {string[]} */ ([]);
    page.on('console', (message) => messages.push(message.text()));
    await page.reload();
    await ready(page);
    assert.ok(messages.includes('listening'));
    await useWeights(page);
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(48, 32)));
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
    await Promise.all([page.waitForEvent('download'), page.click(by('download-all'))]);
    // Only files of the site, and none of them twice the photo's way: nothing is sent.
    assert.ok(site.served.every((path) => path.startsWith('/some/sub-path/')));
  },
);

visit(
  'what stands in the URL fetches nothing and breaks nothing',
  {
    query:
      '?model=https://evil.example/w.safetensors&device=evil&lang=%3Cb%3E&size=1e9#model=//evil',
  },
  async ({ page }) => {
    await ready(page);
    assert.equal(await page.inputValue(by('model-select')), 'summer2winter');
    assert.equal(await page.inputValue(by('size-select')), '512');
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    await page.setInputFiles(by('photos-input'), upload('a.png', photo(24, 16)));
    await translate(page, 1);
    assert.equal((await cards(page))[0].state, 'done');
  },
);

visit('a language can be asked for', { query: '?device=cpu&lang=zh' }, async ({ page }) => {
  await ready(page);
  assert.match((await page.getAttribute('html', 'lang')) ?? '', /^zh/);
  assert.match((await page.textContent(by('translate-button'))) ?? '', /[\u4e00-\u9fff]/);
});
