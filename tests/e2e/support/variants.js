/** Small generators of the other kinds: with affine normalisations, and with other ways of enlarging. */
import { generator, safetensors, TINY } from './weights.js';

/** @import { Size, Tensor } from './weights.js' */
/** @typedef {'transpose' | 'bilinear' | 'nearest'} Up */

/** Relative to the end of the blocks: both convolutions that enlarge, and the last one. */
const PLACES = { transpose: [0, 3, 7], bilinear: [2, 7, 11], nearest: [1, 5, 9] };

/**
 * @param {{ up?: Up, affine?: boolean, metadata?: Record<string, string>, size?: Size }} options
 * @returns {Buffer} a safetensors file
 */
export function variantFile({ up = 'transpose', affine = false, metadata, size = TINY }) {
  const behind = 10 + size.blocks;
  const moved = generator(size).map((tensor) => movedTo(up, behind, tensor));
  const norms = affine ? moved.flatMap((tensor) => normAfter(tensor, behind, up)) : [];
  return safetensors([...moved, ...norms], metadata);
}

/** @param {Up} up @param {number} behind index behind the blocks @param {Tensor} tensor @returns {Tensor} */
function movedTo(up, behind, tensor) {
  const [, index, ...rest] = tensor.name.split('.');
  const place = PLACES.transpose.indexOf(Number(index) - behind);
  if (place < 0) return tensor;
  const name = ['model', behind + PLACES[up][place], ...rest].join('.');
  const [first, second, ...sides] = tensor.shape;
  // A transposed convolution has its inputs first; the numbers are random either way.
  const turned = up !== 'transpose' && place < 2 && second !== undefined;
  return { ...tensor, name, shape: turned ? [second, first, ...sides] : tensor.shape };
}

/** The parameters of the normalisation after a convolution. @param {Tensor} tensor @param {number} behind @param {Up} up */
function normAfter({ name, shape, values }, behind, up) {
  const parts = name.split('.');
  const [ending] = parts.splice(-1);
  const index = Number(parts.splice(-1)[0]);
  if (ending !== 'bias' || (parts.length === 1 && index === behind + PLACES[up][2])) return [];
  const norm = [...parts, index + 1].join('.');
  return [
    { name: `${norm}.weight`, shape, values: values.map((value) => 1 + value) },
    { name: `${norm}.bias`, shape, values: values.map((value) => -value) },
  ];
}
