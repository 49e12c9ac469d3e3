/** The watchers of `support/browser.js` themselves: each fault that they should see, made on purpose. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { ready } from './support/page.js';

const visit = setUp();

/** @type {Record<string, { where: 'page' | 'worker', fault: () => unknown, seen: RegExp }>} */
const FAULTS = {
  'an error in the console': {
    where: 'page',
    fault: () => console.error('made on purpose'),
    seen: /^console: made on purpose/,
  },
  'an error in the worker’s console': {
    where: 'worker',
    fault: () => console.error('made on purpose'),
    seen: /^console: made on purpose/,
  },
  'a warning of a wrong shader': {
    where: 'worker',
    fault: () => console.warn('Error while parsing WGSL'),
    seen: /^console: Error while parsing WGSL/,
  },
  'an error that nobody caught': {
    where: 'page',
    fault: () => {
      setTimeout(() => {
        throw new Error('made on purpose');
      });
    },
    seen: /^error: Error: made on purpose/,
  },
  'a dialog': { where: 'page', fault: () => alert('made on purpose'), seen: /^dialog: alert made/ },
  'a violation in the page': {
    where: 'page',
    fault: () => fetch('http://127.0.0.1:9/').catch(() => {}),
    seen: /^console: securitypolicyviolation: connect-src http:\/\/127\.0\.0\.1:9/,
  },
  'a violation in the worker': {
    where: 'worker',
    fault: () => fetch('http://127.0.0.1:9/').catch(() => {}),
    seen: /^console: securitypolicyviolation: connect-src http:\/\/127\.0\.0\.1:9/,
  },
  'a request to another origin': {
    where: 'page',
    // Following a link is what a policy does not stop.
    fault: () => window.open('http://127.0.0.1:9/'),
    seen: /^request: http:\/\/127\.0\.0\.1:9/,
  },
};

for (const [name, { where, fault, seen }] of Object.entries(FAULTS)) {
  let count = 0;
  // Told of every fault: the one that was made must be among them.
  const counting = {
    test(/** @type {string} */ one) {
      count += Number(seen.test(one));
      return true;
    },
  };
  visit(
    `a test fails on ${name}`,
    {
      expected: [counting],
    },
    async ({ page, t }) => {
      t.after(() => assert.ok(count > 0, 'it was not seen'));
      await ready(page);
      if (where === 'page') await page.evaluate(fault);
      else await page.workers()[0].evaluate(fault);
      await page.waitForTimeout(300);
    },
  );
}
