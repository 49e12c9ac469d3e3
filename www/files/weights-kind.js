/**
 * Whether a file holds weights, judging by its first bytes: checkpoints are called `.pth`, `.pt`, `.ckpt`,
 * `.bin`, `.pkl`, or nothing in particular. What is in them, the engine finds out.
 */

/** What people and programs call such files. */
export const WEIGHTS_NAME = /\.(pth|pt|ckpt|safetensors)(\.(tar|zip))?$/i;

/** A model for other programs. Nothing at its start tells it from other files. */
export const ONNX_NAME = /\.onnx$/i;

/** Enough for the name of a zip's first entry, and more than the rest needs. */
const START = 512;
/** A zip's list of contents is at its end; of a checkpoint's few hundred entries it takes less than this. */
const END = 65_536;
/** A safetensors header, at most: the format's own limit. */
const LONGEST_HEADER = 100_000_000;

/** What `torch.save` puts in its zip, in whatever folder. */
const ENTRY =
  /(^|\/)(data\.pkl|constants\.pkl|byteorder|\.data\/|\.format_version|code\/|data\/\d)/;

/**
 * @param {Blob} file
 * @returns {Promise<boolean>}
 * @throws {Error} the browser's, when the file cannot be read
 */
export async function holdsWeights(file) {
  const start = new Uint8Array(await file.slice(0, START).arrayBuffer());
  return isSafetensors(start, file.size) || isPickle(start) || isTorchZip(start, file);
}

/** The length of the header, and the header: a JSON object. @param {Uint8Array} start @param {number} size */
function isSafetensors(start, size) {
  if (start.length < 10) return false;
  const length = Number(new DataView(start.buffer).getBigUint64(0, true));
  const [brace, next] = [start[8], start[9]];
  return (
    length <= Math.min(LONGEST_HEADER, size - 8) &&
    brace === 0x7b && // {
    (next === 0x22 || next === 0x7d || next <= 0x20) // " or } or a space
  );
}

/** A pickle of protocol 2 to 5, as PyTorch before 1.6 began its files. @param {Uint8Array} start */
function isPickle(start) {
  return start[0] === 0x80 && start[1] >= 2 && start[1] <= 5;
}

/** @param {Uint8Array} start @param {Blob} file */
async function isTorchZip(start, file) {
  const text = latin(start);
  if (!text.startsWith('PK\x03\x04')) return false;
  const length = start[26] + 256 * start[27];
  if (ENTRY.test(text.slice(30, 30 + length))) return true;
  // Packed anew, its entries may be in any order.
  const end = latin(new Uint8Array(await file.slice(-END).arrayBuffer()));
  return /[^\w]data\.pkl/.test(end);
}

/** @param {Uint8Array} bytes */
const latin = (bytes) => new TextDecoder('latin1').decode(bytes);
