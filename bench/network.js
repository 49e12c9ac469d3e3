/**
 * The networks that all engines run, as lists of convolutions, and their cost: the ResNet generator and the
 * 70x70 PatchGAN of CycleGAN (paper, appendix 7.2).
 */

/** @typedef {import('./types.js').Layer} Layer */

/**
 * @param {string} key @param {number} inputs @param {number} outputs @param {Partial<Layer>} rest
 * @returns {Layer}
 */
function conv(key, inputs, outputs, rest) {
  return {
    key: `model.${key}`,
    kernel: 3,
    stride: 1,
    padding: 1,
    inputs,
    outputs,
    border: 'reflect',
    transposed: false,
    norm: true,
    activation: 'relu',
    block: null,
    ...rest,
  };
}

/**
 * c7s1-ngf, d2, d4, R4 x blocks, u2, u1, c7s1-3, with the names of PyTorch's `ResnetGenerator`.
 * @param {number} ngf channels after the first convolution: 64 in the paper
 * @param {number} blocks residual blocks: 9 for pictures of 256 pixels
 * @returns {Layer[]} in the order of the forward pass
 */
export function generator(ngf, blocks) {
  const wide = /** @type {const} */ ({ kernel: 7, padding: 3 });
  const halve = /** @type {const} */ ({ stride: 2, border: 'zero' });
  const double = { ...halve, transposed: true };
  const residual = Array.from({ length: blocks }, (_, index) => [
    conv(`${10 + index}.conv_block.1`, 4 * ngf, 4 * ngf, { block: 'first' }),
    conv(`${10 + index}.conv_block.5`, 4 * ngf, 4 * ngf, { block: 'second', activation: 'none' }),
  ]);
  const behind = 10 + blocks;
  return [
    conv('1', 3, ngf, wide),
    conv('4', ngf, 2 * ngf, halve),
    conv('7', 2 * ngf, 4 * ngf, halve),
    ...residual.flat(),
    conv(`${behind}`, 4 * ngf, 2 * ngf, double),
    conv(`${behind + 3}`, 2 * ngf, ngf, double),
    conv(`${behind + 7}`, ngf, 3, { ...wide, norm: false, activation: 'tanh' }),
  ];
}

/**
 * C64-C128-C256-C512 and one channel of answers, named as in PyTorch's `NLayerDiscriminator`.
 * @param {number} ndf channels after the first convolution: 64 in the paper
 * @returns {Layer[]}
 */
export function discriminator(ndf) {
  const plain = /** @type {const} */ ({ kernel: 4, border: 'zero', activation: 'leaky' });
  const halve = /** @type {const} */ ({ ...plain, stride: 2 });
  return [
    conv('0', 3, ndf, { ...halve, norm: false }),
    conv('2', ndf, 2 * ndf, halve),
    conv('5', 2 * ndf, 4 * ndf, halve),
    conv('8', 4 * ndf, 8 * ndf, plain),
    conv('11', 8 * ndf, 1, { ...plain, norm: false, activation: 'none' }),
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
 * Multiply-accumulates of each convolution for a square picture. Taps on padding count, as is usual; a
 * transposed convolution counts one tap per input pixel and weight, not the zeros between the pixels.
 * @param {Layer[]} layers
 * @param {number} size side of the picture
 * @returns {number[]}
 */
function macsByLayer(layers, size) {
  let side = size;
  return layers.map(({ kernel, stride, padding, inputs, outputs, transposed }) => {
    const from = side;
    side = transposed ? side * stride : Math.floor((side + 2 * padding - kernel) / stride) + 1;
    return (transposed ? from : side) ** 2 * kernel ** 2 * inputs * outputs;
  });
}

const sum = (/** @type {number[]} */ values) => values.reduce((total, value) => total + value, 0);

/**
 * Multiply-accumulates of a network's forward pass.
 * @param {Layer[]} layers
 * @param {number} size side of the picture
 */
export function countMacs(layers, size) {
  return sum(macsByLayer(layers, size));
}

/**
 * Multiply-accumulates of one training step: each forward pass, the gradients of weights that are trained,
 * and of the input if something before it is trained.
 * @param {{ generator: Layer[], discriminator: Layer[] }} networks
 * @param {number} size side of the pictures
 * @param {boolean} identity whether the identity losses are computed
 */
export function countStepMacs({ generator, discriminator }, size, identity) {
  const [g, d] = [generator, discriminator].map((layers) => {
    const macs = macsByLayer(layers, size);
    return { pass: sum(macs), first: macs[0] };
  });
  // Every pass trains the generator; the two that bring a translation back also need its gradient.
  const onPictures = identity ? 4 : 2;
  const generators = 3 * (onPictures + 2) * g.pass - onPictures * g.first;
  // Two judge without being trained and pass the gradient on, four are trained on pictures.
  const discriminators = 2 * 2 * d.pass + 4 * (3 * d.pass - d.first);
  return generators + discriminators;
}
