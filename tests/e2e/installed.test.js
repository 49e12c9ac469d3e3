/** The page as an app: what others share with it, Install, and its manifest. */
import assert from 'node:assert/strict';
import { setUp } from './support/browser.js';
import { photo, upload } from './support/files.js';
import { by, cards, ready, stored } from './support/page.js';
import { generatorFile, TINY } from './support/weights.js';

const visit = setUp();

visit(
  'photos that another app shares are taken into Translate once, and nothing else is',
  {
    prepare: (_, site) => {
      site.beside = {
        'app.html':
          '<link rel="icon" href="data:,"><form action="share" method="post" enctype="multipart/form-data"><input type="file" name="photos" multiple><button>',
      };
    },
  },
  async ({ page, context, site }) => {
    await stored(page);
    /** @param {import('./support/files.js').Upload[]} files */
    const share = async (files) => {
      const app = await context.newPage();
      await app.goto(`${site.url}app.html`);
      await app.setInputFiles('input', files);
      await app.click('button');
      await app.waitForSelector('html[data-started]');
      return app;
    };
    const shared = await share([
      upload('雪.png', photo(24, 16)),
      upload('model.safetensors', generatorFile(TINY), ''),
      upload('b.png', photo(32, 16)),
    ]);
    await shared.waitForFunction(
      (card) => document.querySelectorAll(card).length === 2,
      by('result-card'),
    );
    assert.deepEqual(
      (await cards(shared)).map(({ name }) => name),
      ['雪.png', 'b.png'],
    );
    assert.equal(new URL(shared.url()).search, '', 'a reload takes them no second time');
    assert.equal(await shared.$('option[value^="own:"]'), null, 'and no model came along');
    const left = await shared.evaluate(async () =>
      (await (await caches.open('cyclegan-shared')).keys()).map(({ url }) => url),
    );
    assert.deepEqual(left, []);
    const none = await share([upload('notes.txt', Buffer.from('no photo'), 'text/plain')]);
    await none.waitForSelector('#notice:not([hidden])');
    assert.match((await none.textContent('#notice')) ?? '', /No photos were found/);
    assert.equal((await cards(page)).length, 0, 'another tab goes on undisturbed');
  },
);

visit('Install is offered as long as the browser offers it', {}, async ({ page }) => {
  await stored(page);
  assert.equal(await page.isVisible(by('install-button')), false);
  const offer = () =>
    page.evaluate(() => {
      const event = Object.assign(new Event('beforeinstallprompt', { cancelable: true }), {
        prompt: async () => {
          document.body.dataset.asked = 'yes';
        },
      });
      dispatchEvent(event);
    });
  await offer();
  await page.click(by('install-button'));
  await page.waitForSelector('body[data-asked=yes]');
  assert.equal(await page.isVisible(by('install-button')), false);
  await offer();
  assert.equal(await page.isVisible(by('install-button')), true);
  await page.evaluate(() => dispatchEvent(new Event('appinstalled')));
  assert.equal(await page.isVisible(by('install-button')), false);
});

visit('the manifest is whole, and its icons are what it says', {}, async ({ page, context }) => {
  await ready(page);
  const session = await context.newCDPSession(page);
  const { errors, data } = await session.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  const { icons } = JSON.parse(data ?? '{}');
  for (const { src, sizes } of icons) {
    const side = await page.evaluate(async (url) => {
      const image = new Image();
      image.src = url;
      await image.decode();
      return `${image.naturalWidth}x${image.naturalHeight}`;
    }, src);
    assert.equal(side, sizes, src);
  }
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  assert.deepEqual(
    installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'),
    [],
  );
});
