/** The segments of a JPEG (ITU-T T.81, annex B); embedded thumbnails are inside segments, and are skipped. */

/** @typedef {{ marker: number, at: number, length: number }} Segment `at` and `length` are those of its body */

/** Far more than any camera or program writes. */
const MAX_SEGMENTS = 16_384;
/** Most stray and fill bytes between segments; decoders skip any number of them. */
const MAX_STRAY = 2 ** 26;

export const EOI = 0xd9;
export const SOS = 0xda;
export const DRI = 0xdd;

/** Whether a marker has no body. @param {number} marker */
export function isBare(marker) {
  return marker === 0x01 || (marker >= 0xd0 && marker <= EOI);
}

/** Whether a marker starts a frame; the last one is JPEG-LS's. @param {number} marker */
export function isFrame(marker) {
  const coded = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
  return coded || marker === 0xf7;
}

/**
 * All segments up to the first scan, including its header, or up to the end of the image.
 * @param {import('./byte-reader.js').ByteReader} reader
 * @returns {AsyncGenerator<Segment>}
 */
export async function* segments(reader) {
  let stray = 0;
  for (let at = 2, step = 0; step < MAX_SEGMENTS; step += 1) {
    const end = at + MAX_STRAY - stray;
    const fill = await reader.find(at, 0xff, { end });
    const place = fill < 0 ? -1 : await reader.find(fill + 1, 0xff, { not: true, end });
    if (place < 0) return;
    stray += place - at - 1;
    const marker = (await reader.view(place, 1))?.getUint8(0) ?? 0;
    at = place + 1;
    if (marker === 0) continue; // a stray 0xff byte
    if (isBare(marker)) {
      if (marker === EOI) return;
      continue;
    }
    const length = (await reader.view(at, 2))?.getUint16(0);
    if (length === undefined) return;
    yield { marker, at: at + 2, length: Math.max(0, length - 2) };
    if (marker === SOS) return;
    at += Math.max(2, length);
  }
}
