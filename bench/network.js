/**
 * The network that all engines run: the ResNet generator of CycleGAN (paper, appendix 7.2), as a list of
 * its convolutions, and what it costs.
 */

/** @typedef {import('./types.js').Layer} Layer */

/**
 * c7s1-ngf, d2, d4, R4 x blocks, u2, u1, c7s1-3, under the names of PyTorch's `ResnetGenerator`.
 * @param {number} ngf channels behind the first convolution: 64 in the paper
 * @param {number} blocks residual blocks: 9 for pictures of 256 pixels
 * @returns {Layer[]} in the order in which a picture passes them
 */
export function generator(ngf, blocks) {
  /** @type {(key: string, inputs: number, outputs: number, rest: Partial<Layer>) => Layer} */
  const conv = (key, inputs, outputs, rest) => ({
    key: `model.${key}`,
    kernel: 3,
    stride: 1,
    inputs,
    outputs,
    border: 'reflect',
    transposed: false,
    norm: true,
    activation: 'relu',
    block: null,
    ...rest,
  });
  const halve = /** @type {const} */ ({ stride: 2, border: 'zero' });
  const double = { ...halve, transposed: true };
  const residual = Array.from({ length: blocks }, (_, index) => [
    conv(`${10 + index}.conv_block.1`, 4 * ngf, 4 * ngf, { block: 'first' }),
    conv(`${10 + index}.conv_block.5`, 4 * ngf, 4 * ngf, { block: 'second', activation: 'none' }),
  ]);
  const behind = 10 + blocks;
  return [
    conv('1', 3, ngf, { kernel: 7 }),
    conv('4', ngf, 2 * ngf, halve),
    conv('7', 2 * ngf, 4 * ngf, halve),
    ...residual.flat(),
    conv(`${behind}`, 4 * ngf, 2 * ngf, double),
    conv(`${behind + 3}`, 2 * ngf, ngf, double),
    conv(`${behind + 7}`, ngf, 3, { kernel: 7, norm: false, activation: 'tanh' }),
  ];
}

/**
 * Shape of a layer's weight: `[out, in, k, k]`, and `[in, out, k, k]` when transposed.
 * @param {Layer} layer
 */
export function weightShape({ transposed, inputs, outputs, kernel }) {
  return transposed ? [inputs, outputs, kernel, kernel] : [outputs, inputs, kernel, kernel];
}

/**
 * Multiply-accumulates of the convolutions for a square picture. Taps on padding count, as is usual; a
 * transposed convolution counts one tap per input pixel and weight, not the zeros between the pixels.
 * @param {Layer[]} layers
 * @param {number} size side of the picture
 */
export function countMacs(layers, size) {
  let side = size;
  let macs = 0;
  for (const layer of layers) {
    const from = side;
    side = layer.transposed ? side * layer.stride : side / layer.stride;
    const positions = (layer.transposed ? from : side) ** 2;
    macs += positions * layer.kernel ** 2 * layer.inputs * layer.outputs;
  }
  return macs;
}
