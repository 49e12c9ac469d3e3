#!/usr/bin/env node
/** Draws the icons of the installed page, www/public/icons/, from www/icon.svg, in Chromium. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = new URL('../', import.meta.url);
const folder = new URL('www/public/icons/', root);
const PAPER = '#fbfaf8';

/** By name: sides in pixels, how much of them the drawing takes, and what is behind it. */
const ICONS = {
  192: { size: 192, share: 1, paper: null },
  512: { size: 512, share: 1, paper: null },
  // A launcher may cut off all but the middle four fifths.
  'maskable-512': { size: 512, share: 0.66, paper: PAPER },
  // iOS puts black behind what is transparent.
  'apple-touch': { size: 180, share: 0.8, paper: PAPER },
};

const svg = await readFile(new URL('www/icon.svg', root), 'utf8');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const page = await browser.newPage();
await mkdir(folder, { recursive: true });
for (const [name, { size, share, paper }] of Object.entries(ICONS)) {
  const url = await page.evaluate(
    async ({ source, side, part, behind }) => {
      const canvas = document.createElement('canvas');
      canvas.width = side;
      canvas.height = side;
      const brush = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
      if (behind) {
        brush.fillStyle = behind;
        brush.fillRect(0, 0, side, side);
      }
      const drawing = new Image(side, side);
      drawing.src = `data:image/svg+xml,${encodeURIComponent(source)}`;
      await drawing.decode();
      const edge = (side * (1 - part)) / 2;
      brush.drawImage(drawing, edge, edge, side * part, side * part);
      return canvas.toDataURL('image/png');
    },
    { source: svg, side: size, part: share, behind: paper },
  );
  const file = new URL(`${name}.png`, folder);
  await writeFile(file, Buffer.from(url.slice(url.indexOf(',') + 1), 'base64'));
  console.log(fileURLToPath(file));
}
await browser.close();
