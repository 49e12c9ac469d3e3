/**
 * Whether a JPEG is complete, judging by its markers alone (ITU-T T.81). Decoders fill missing parts with
 * grey without telling anyone: some show half a photo, others refuse a whole one that lacks its last two
 * bytes.
 */
import { DRI, EOI, isBare, isFrame, SOS } from './jpeg-segments.js';

/** @typedef {{ id: number, across: number, down: number }} Component with its sampling factors */
/** @typedef {{ width: number, height: number, components: Component[] }} Frame */
/** @typedef {{ ids: number[], first: number, last: number, low: number, interval: number, restarts: number }} Scan */
/**
 * @typedef {object} Ending
 * @property {number} end where the coded data ends
 * @property {boolean} ended whether an end marker follows there
 * @property {boolean} whole no scan, restart interval or segment is missing; part of the last one may be
 */

const COEFFICIENTS = 64;

/** @param {Uint8Array} bytes of the file @returns {Ending} */
export function jpegEnding(bytes) {
  /** @type {Frame | null} */
  let frame = null;
  /** @type {Scan[]} */
  const scans = [];
  let interval = 0;
  /** @param {number} end @param {boolean} ended */
  const ending = (end, ended) => ({ end, ended, whole: isWhole(frame, scans, ended) });
  for (let at = 2; ; ) {
    const start = bytes.indexOf(0xff, at);
    at = start < 0 ? bytes.length : start;
    while (bytes[at] === 0xff) at += 1;
    if (at >= bytes.length) return ending(start < 0 ? at : start, false);
    const marker = bytes[at];
    at += 1;
    if (marker === EOI) return ending(start, true);
    if (marker === 0) continue; // an 0xff within coded data
    const scan = scans.at(-1);
    if (isBare(marker)) {
      if (scan && marker >= 0xd0 && marker <= 0xd7) scan.restarts += 1;
      continue;
    }
    const body = new DataView(bytes.buffer, bytes.byteOffset + at);
    const length = body.byteLength < 2 ? 2 : Math.max(2, body.getUint16(0));
    if (length > body.byteLength) return { end: bytes.length, ended: false, whole: false };
    if (isFrame(marker)) frame ??= frameOf(body, length);
    else if (marker === DRI && length >= 4) interval = body.getUint16(2);
    else if (marker === SOS) scans.push(scanOf(body, length, interval));
    at += length;
  }
}

/** @param {DataView} body from the segment's length on @param {number} length @returns {Frame | null} */
function frameOf(body, length) {
  const count = length < 8 ? 0 : body.getUint8(7);
  if (length < 8 + 3 * count) return null;
  const components = Array.from({ length: count }, (_, i) => {
    const sampling = body.getUint8(9 + 3 * i);
    return { id: body.getUint8(8 + 3 * i), across: sampling >> 4, down: sampling & 15 };
  });
  return { height: body.getUint16(3), width: body.getUint16(5), components };
}

/** @param {DataView} body @param {number} length @param {number} interval @returns {Scan} */
function scanOf(body, length, interval) {
  const count = length < 3 ? 0 : body.getUint8(2);
  const rest = 3 + 2 * count;
  if (length < rest + 3) return { ids: [], first: 0, last: 0, low: 0, interval, restarts: 0 };
  const ids = Array.from({ length: count }, (_, i) => body.getUint8(3 + 2 * i));
  const [first, last] = [body.getUint8(rest), body.getUint8(rest + 1)];
  return { ids, first, last, low: body.getUint8(rest + 2) & 15, interval, restarts: 0 };
}

/** @param {Frame | null} frame @param {Scan[]} scans @param {boolean} ended */
function isWhole(frame, scans, ended) {
  if (!frame || scans.length === 0) return false;
  if (scans.some((scan) => scan.restarts < restartsOf(frame, scan))) return false;
  // Without an end marker, more scans may have followed. With one, the encoder may have left out detail.
  const needed = ended ? 1 : COEFFICIENTS;
  return frame.components.every(({ id }) => {
    const low = new Array(COEFFICIENTS).fill(Infinity);
    for (const { ids, first, last, low: bit } of scans) {
      if (ids.includes(id)) low.fill(bit, first, last + 1);
    }
    return low.slice(0, needed).every((bit) => (ended ? bit < Infinity : bit === 0));
  });
}

/** Number of restart markers that a scan must have (A.2). @param {Frame} frame @param {Scan} scan */
function restartsOf({ width, height, components }, { ids, interval }) {
  if (interval === 0) return 0;
  const across = Math.max(...components.map((one) => one.across));
  const down = Math.max(...components.map((one) => one.down));
  const alone = ids.length === 1 ? components.find(({ id }) => id === ids[0]) : undefined;
  /** @param {number} pixels @param {number} most @param {number | undefined} own */
  const units = (pixels, most, own) =>
    own === undefined
      ? Math.ceil(pixels / (8 * most))
      : Math.ceil(Math.ceil((pixels * own) / most) / 8);
  const all = units(width, across, alone?.across) * units(height, down, alone?.down);
  return Math.ceil(all / interval) - 1;
}
