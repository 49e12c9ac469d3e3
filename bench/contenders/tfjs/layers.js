/**
 * The networks in TF.js, in NHWC, for which its kernels are made. Borders and normalisation have custom
 * gradients, explained below.
 */

/** @typedef {typeof import('@tensorflow/tfjs-core')} Tf */
/** @typedef {import('@tensorflow/tfjs-core').Tensor4D} Tensor4D */
/** @typedef {import('@tensorflow/tfjs-core').Tensor2D} Tensor2D */
/** @typedef {import('@tensorflow/tfjs-core').Tensor1D} Tensor1D */
/** @typedef {import('@tensorflow/tfjs-core').Tensor} Tensor */
/** @typedef {import('../../types.js').Layer} Layer */

/** PyTorch's default for InstanceNorm2d. */
const EPSILON = 1e-5;
const SLOPE = 0.2;
/** The sides of a picture `[N, H, W, C]`. */
const SIDES = [1, 2];

/**
 * Brings a PyTorch tensor into TF.js's order: `[out, in, k, k]`, or `[in, out, k, k]` of a transposed
 * convolution, becomes `[k, k, in, out]` or `[k, k, out, in]`.
 * @param {Tf} tf
 * @param {import('../../types.js').Tensor} tensor
 * @returns {Tensor}
 */
export function imported(tf, { data, shape }) {
  return tf.tidy(() => {
    const tensor = tf.tensor(data, shape);
    return shape.length === 4 ? tf.transpose(tensor, [2, 3, 1, 0]) : tensor;
  });
}

/**
 * Adds the values on a mirrored border of `dy` to the pixels they mirror.
 * @param {Tf} tf
 * @param {Tensor4D} dy
 * @param {number} axis
 * @param {number} border its width
 * @returns {Tensor4D}
 */
function folded(tf, dy, axis, border) {
  const side = dy.shape[axis] - 2 * border;
  const part = (/** @type {number} */ from, /** @type {number} */ length) => {
    /** @type {[number, number, number, number]} */
    const begin = [0, 0, 0, 0];
    /** @type {[number, number, number, number]} */
    const size = [-1, -1, -1, -1];
    begin[axis] = from;
    size[axis] = length;
    return tf.slice4d(dy, begin, size);
  };
  // Row `border` of dy is the picture's first, which like its last has no mirror image.
  const near = tf.reverse(part(0, border), axis);
  const far = tf.reverse(part(side + border, border), axis);
  /** @type {Tensor4D[]} */
  const parts = [
    part(border, 1),
    tf.add(part(border + 1, border), near),
    part(2 * border + 1, side - 2 - 2 * border),
    tf.add(part(side - 1, border), far),
    part(side + border - 1, 1),
  ];
  return tf.concat4d(parts, axis);
}

/**
 * Mirrored borders. TF.js's own gradient of `mirrorPad` just crops, which is the gradient of a constant
 * border, so this defines the right one.
 * @param {Tf} tf
 * @param {Tensor4D} x
 * @param {number} border
 * @returns {Tensor4D}
 */
function reflect(tf, x, border) {
  /** @type {[number, number][]} */
  const paddings = [0, border, border, 0].map((width) => [width, width]);
  const padded = tf.customGrad((x) => ({
    value: tf.mirrorPad(/** @type {Tensor4D} */ (x), paddings, 'reflect'),
    gradFunc: (/** @type {Tensor} */ dy) => {
      const rows = folded(tf, /** @type {Tensor4D} */ (dy), SIDES[0], border);
      return folded(tf, rows, SIDES[1], border);
    },
  }));
  return /** @type {Tensor4D} */ (padded(x));
}

/**
 * Normalises each channel of a picture as one matrix of pixels and channels, the layout in which TF.js sums
 * fastest. With a batch of one picture, `batchNorm` does the last part in one launch. The gradient in closed
 * form takes two sums and a third of the operations of the parts' gradients.
 * @param {Tf} tf
 * @param {Tensor4D} x `[1, H, W, C]`
 * @returns {Tensor4D}
 */
function instanceNorm(tf, x) {
  const channels = x.shape[3];
  const norm = tf.customGrad((input, save) => {
    const pixels = /** @type {Tensor2D} */ (input);
    const keep = /** @type {(tensors: Tensor[]) => void} */ (/** @type {unknown} */ (save));
    const mean = /** @type {Tensor1D} */ (tf.mean(pixels, 0));
    const variance = /** @type {Tensor1D} */ (tf.mean(tf.squaredDifference(pixels, mean), 0));
    const value = tf.batchNorm2d(pixels, mean, variance, undefined, undefined, EPSILON);
    keep([value, variance]);
    const gradFunc = (/** @type {Tensor} */ dy, /** @type {Tensor[]} */ [y, variance]) => {
      const along = tf.mul(y, tf.mean(tf.mul(dy, y), 0));
      const rest = tf.sub(tf.sub(dy, tf.mean(dy, 0)), along);
      return tf.mul(rest, tf.rsqrt(tf.add(variance, EPSILON)));
    };
    return { value, gradFunc };
  });
  const pixels = tf.reshape(x, [x.shape[1] * x.shape[2], channels]);
  return tf.reshape(norm(pixels), x.shape);
}

/**
 * A convolution with its bias. The fused kernel is one launch, but its gradient computes all parts, wanted or
 * not; the plain one computes only what is wanted.
 * @param {Tf} tf
 * @param {Layer} layer
 * @param {Tensor4D} x
 * @param {Tensor4D} filter
 * @param {Tensor1D} bias
 * @param {boolean} learning
 * @returns {Tensor4D}
 */
function convolve(tf, layer, x, filter, bias, learning) {
  const { stride, transposed, outputs } = layer;
  const pad = layer.border === 'reflect' ? 0 : layer.padding;
  if (transposed) {
    const [batch, height, width] = x.shape;
    /** @type {[number, number, number, number]} */
    const shape = [batch, stride * height, stride * width, outputs];
    return tf.add(tf.conv2dTranspose(x, filter, shape, stride, pad), bias);
  }
  if (learning) return tf.add(tf.conv2d(x, filter, stride, pad), bias);
  return tf.fused.conv2d({ x, filter, strides: stride, pad, bias });
}

/**
 * The forward pass of a network.
 * @param {Tf} tf
 * @param {Layer[]} layers
 * @param {(name: string) => Tensor} weight by its name, such as `model.1.weight`
 * @param {Tensor4D} picture `[1, H, W, 3]`
 * @param {boolean} learning whether gradients will be taken
 * @returns {Tensor4D}
 */
export function forward(tf, layers, weight, picture, learning) {
  let x = picture;
  let carried = x;
  for (const layer of layers) {
    if (layer.block === 'first') carried = x;
    if (layer.border === 'reflect') x = reflect(tf, x, layer.padding);
    const filter = /** @type {Tensor4D} */ (weight(`${layer.key}.weight`));
    const bias = /** @type {Tensor1D} */ (weight(`${layer.key}.bias`));
    x = convolve(tf, layer, x, filter, bias, learning);
    if (layer.norm) x = instanceNorm(tf, x);
    if (layer.activation === 'relu') x = tf.relu(x);
    if (layer.activation === 'leaky') x = tf.leakyRelu(x, SLOPE);
    if (layer.activation === 'tanh') x = tf.tanh(x);
    if (layer.block === 'second') x = tf.add(x, carried);
  }
  return x;
}
