/**
 * What a file is, judging by its first bytes and never by its name: phones, messengers and downloads give
 * photos arbitrary names.
 */
import { CodedError } from '../failure.js';
import { nameAt } from './byte-reader.js';

/** @import { ByteReader } from './byte-reader.js' */

/** @typedef {'jpeg' | 'png' | 'gif' | 'webp' | 'avif' | 'bmp' | RareKind} ImageKind */
/** @typedef {'heic' | 'tiff' | 'jxl'} RareKind supported by some browsers only */

/**
 * Bytes as text, with Unicode's control pictures for those below 32, so that the patterns below are readable:
 * ␀ is 0.
 * @param {DataView} view
 */
function legible(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return Array.from(bytes, (byte) => String.fromCharCode(byte < 32 ? 0x2400 + byte : byte)).join(
    '',
  );
}

/** @type {[RegExp, ImageKind][]} */
const PICTURES = [
  [/^\xff\xd8\xff/, 'jpeg'],
  [/^\x89PNG␍␊␚␊/, 'png'],
  [/^GIF8[79]a/, 'gif'],
  [/^RIFF.{4}WEBP/, 'webp'],
  [/^BM.{12}[␌␐\x28\x34\x38\x40\x6c\x7c]␀␀␀/, 'bmp'],
  [/^(II[*+]␀(?!.{4}CR)|MM␀[*+])/, 'tiff'],
  [/^(\xff␊|␀␀␀␌JXL )/, 'jxl'],
];

/**
 * Files that no browser opens as a photo, and their names. `raw`, `video`, `archive`, `PDF` have their own
 * sentences.
 * @type {[RegExp, string][]}
 */
const OTHERS = [
  [/^(II\*␀.{4}CR|FUJIFILMCCD-RAW|IIR[OS]|MMOR|IIU␀|FOVb|II␚␀␀␀HEAPCCDR|␀MRM)/, 'raw'],
  [/^(␀␀␀␌jP {2}|\xff\x4f\xff\x51)/, 'JPEG 2000'],
  [/^II\xbc␁/, 'JPEG XR'],
  [/^8BP[SB]/, 'Photoshop'],
  [/^gimp xcf/, 'GIMP'],
  [/^␀␀[␁␂]␀[^␀]/, 'ICO'],
  [/^icns/, 'ICNS'],
  [/^qoif/, 'QOI'],
  [/^P[1-7][ ␊][\d#]/, 'PNM'],
  [/^v\/1␁/, 'OpenEXR'],
  [/^#\?(RADIANCE|RGBE)/, 'Radiance HDR'],
  [/^DDS /, 'DDS'],
  [
    /^(\xef\xbb\xbf)?[\s␊␍]*<(svg|\?xml[^>]*>[\s␊␍]*(<!--|<!DOCTYPE svg|<svg)|!DOCTYPE svg)/i,
    'SVG',
  ],
  [/^(%!PS|\xc5\xd0\xd3\xc6)/, 'PostScript'],
  [/^[\s␊␍]*%PDF/, 'PDF'],
  [/^(␚E\xdf\xa3|FLV␁|OggS|0&\xb2u\x8ef\xcf␑|␀␀␁[\xb3\xba]|RIFF.{4}AVI )/, 'video'],
  [/^␀.{3}(moov|mdat|wide|free|skip|pnot)/, 'video'],
  [/^(Rar!|7z\xbc\xaf|␟\x8b|BZh\d|\xfd7zXZ|PK␅␆)/, 'archive'],
  // Office documents and PyTorch weights are zip files too, but not photos in a zip.
  [/^PK␃␄(?!.{26}(\[Content|_rels|mimetype|[^␀]*data\.pkl|[^␀]*\/\.(data|format)))/, 'archive'],
];

/** Extensions of TIFF files with a camera's raw sensor data. */
const RAW = /\.(dng|nef|nrw|arw|srf|sr2|pef|3fr|fff|iiq|erf|kdc|dcr|mos|mef|rwl|srw)$/i;

/** Number of bytes needed to recognise any kind. */
const START = 256;

/**
 * @param {ByteReader} reader
 * @param {string} [name] of the file: only distinguishes raw photos from other TIFF files
 * @returns {Promise<ImageKind | null>} null: not a picture
 * @throws {CodedError} `image-unsupported`, with its `kind`, for a kind that this browser does not open;
 *   `image-heic`
 */
export async function kindOf(reader, name = '') {
  const start = await reader.view(0, Math.min(reader.size, START));
  if (!start) return null;
  const text = legible(start);
  const kind = PICTURES.find(([magic]) => magic.test(text))?.[1] ?? (await boxedKind(reader, text));
  if (kind) return opened(kind, kind === 'tiff' && RAW.test(name) ? 'raw' : NAMES[kind]);
  const other = OTHERS.find(([magic]) => magic.test(text));
  if (other) throw unsupported(other[1]);
  return null;
}

/** @type {Partial<Record<ImageKind, string>>} */
const NAMES = { tiff: 'TIFF', jxl: 'JPEG XL', heic: 'HEIC' };

/** Whether some browsers open a kind and others do not. @param {ImageKind} kind */
export function isRare(kind) {
  return kind in NAMES;
}

/** @param {string} kind as people call it */
export function unsupported(kind) {
  return new CodedError('image-unsupported', `${kind} is not opened by this browser`, { kind });
}

/** @param {ImageKind} kind @param {string} [name] */
export function notOpened(kind, name = NAMES[kind] ?? kind) {
  return kind === 'heic'
    ? new CodedError('image-heic', 'this browser does not decode HEIC')
    : unsupported(name);
}

/** Tries kinds that only some browsers open, where that is possible. @param {ImageKind} kind @param {string} [name] */
async function opened(kind, name) {
  if (!isRare(kind)) return kind;
  const asked = globalThis.ImageDecoder?.isTypeSupported(`image/${kind}`);
  if ((await asked) === false) throw notOpened(kind, name);
  return kind;
}

const AVIF = ['avif', 'avis'];
const HEIC = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];

/**
 * The kind of file according to the `ftyp` box at its start (ISO/IEC 14496-12, 4.3).
 * @param {ByteReader} reader
 * @param {string} text the file's first bytes
 * @returns {Promise<'avif' | 'heic' | null>}
 */
async function boxedKind(reader, text) {
  if (text.slice(4, 8) !== 'ftyp') return null;
  const length = (await reader.view(0, 4))?.getUint32(0) ?? 0;
  const view = await reader.view(0, Math.min(length, reader.size, 256));
  const brands = [];
  for (let at = 8; view && at + 4 <= view.byteLength; at += at === 8 ? 8 : 4)
    brands.push(nameAt(view, at));
  if (brands.some((brand) => AVIF.includes(brand))) return 'avif';
  if (brands.some((brand) => HEIC.includes(brand))) return 'heic';
  throw unsupported(brands.includes('crx ') ? 'raw' : 'video');
}
