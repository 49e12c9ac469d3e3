/**
 * How long a run will take, before it starts: from the pixels that the network will see, and from how fast this
 * device was with earlier photos. A processor without any is measured; a graphics card is known from its first
 * photo on.
 */
import { abreast, longestSides, pixelsWithin } from '../engine/sizes.js';
import { measure } from '../files/headers.js';
import { recall, remember } from '../page/memory.js';

/** @import { DeviceReport, Translated, TranslateSettings } from '../engine/protocol.js' */
/** @import { Model } from '../models/models.js' */

/** Photos whose headers are read; the others are taken to be like them. */
const SAMPLE = 16;
/** Seconds to decode and encode a photo, and for each megapixel of it. */
const CODING = { photo: 0.1, megapixel: 0.3 };
/** How much the latest photo counts. */
const LATEST = 0.3;

/** Multiplications a second, as learned from photos. @param {DeviceReport} device */
const keyOf = ({ device }) => `speed/${device}`;

/** @param {DeviceReport} device @returns {number} 0: unknown */
const speedOf = (device) => Number(recall(keyOf(device)));

/**
 * @param {DeviceReport} device
 * @param {Omit<Translated, 'before' | 'after'>} picture
 * @param {number} smooth
 */
export function learn(device, { seenWidth, seenHeight, width, height, model, seconds }, smooth) {
  const computing = seconds - codingOf(width * height);
  if (computing < seconds / 10) return; // mostly coding
  const speed = (seenWidth * seenHeight * smooth * multiplications(model)) / computing;
  const before = speedOf(device) || speed;
  remember(keyOf(device), String(Math.round(before + LATEST * (speed - before))));
}

/**
 * @param {Blob[]} photos
 * @param {object} how
 * @param {Model} how.model
 * @param {TranslateSettings} how.settings
 * @param {DeviceReport} how.device
 * @param {number} how.lanes workers at a time
 * @param {() => Promise<number | null>} how.test measures the device, if it is a processor
 * @returns {Promise<number | null>} seconds; null: nothing is known yet
 */
export async function secondsFor(photos, { model, settings, device, lanes, test }) {
  const network = model.network ?? model.card;
  if (!network) return null;
  const speed = speedOf(device) || (await tested(device, test));
  if (!speed) return null;
  const step = Math.max(1, photos.length / SAMPLE);
  let [seen, coding, count] = [0, 0, 0];
  for (let at = 0; at < photos.length; at += step) {
    const size = await measure(photos[Math.floor(at)]).catch(() => null);
    if (!size) continue;
    const sides = longestSides(settings.size);
    coding += codingOf(pixelsWithin(size, sides.result));
    seen += pixelsWithin(size, sides.network ?? sides.result);
    count += 1;
  }
  if (count === 0) return null;
  const computing = (seen * settings.smooth * multiplications(network)) / speed / count;
  const alone = computing + coding / count;
  if (device.device === 'cpu' || abreast(settings.size) === 1)
    return (alone * photos.length) / Math.min(lanes, photos.length);
  // A photo is decoded and encoded while the card is at another.
  return alone + Math.max(computing, coding / count) * (photos.length - 1);
}

/** A processor's test, once a visit. @type {Promise<number | null> | null} */
let testing = null;

/** @param {DeviceReport} device @param {() => Promise<number | null>} test */
async function tested({ device }, test) {
  if (device !== 'cpu') return null;
  testing ??= test().catch(() => null);
  return testing;
}

/** Seconds beside the network. @param {number} pixels of the result */
const codingOf = (pixels) => CODING.photo + (CODING.megapixel * pixels) / 1e6;

/**
 * For a pixel: first and last layer, two that halve and two that double, and the blocks.
 * @param {{ ngf: number, blocks: number }} network
 */
const multiplications = ({ ngf, blocks }) => 294 * ngf + 18 * ngf ** 2 * (1 + blocks);
