/**
 * The networks in jax-js, in PyTorch's own layouts, which are its convolutions'. It derives all gradients.
 *
 * Every function consumes its arrays, as is the rule there: `.ref` keeps one for another use.
 */

/** @typedef {typeof import('@jax-js/jax')} Jax */
/** @typedef {import('@jax-js/jax').Array} Value */
/** @typedef {import('../../types.js').Layer} Layer */
/** @typedef {Record<string, Value>} Weights by their names, such as `model.1.weight` */

/** PyTorch's default for InstanceNorm2d. */
const EPSILON = 1e-5;
const SLOPE = 0.2;
/** The sides of a picture `[N, C, H, W]`. */
const SIDES = [2, 3];

/**
 * Mirrored borders.
 * @param {Jax} jax @param {Value} x @param {number} border its width
 */
function reflect({ numpy: np }, x, border) {
  return SIDES.reduce((x, axis) => {
    const side = x.shape[axis];
    const part = (/** @type {number} */ from, /** @type {number} */ to) =>
      np.flip(x.ref.slice(...Array(axis).fill([]), [from, to]), axis);
    const [near, far] = [part(1, border + 1), part(side - 1 - border, side - 1)];
    return np.concatenate([near, x, far], axis);
  }, x);
}

/** @param {Jax} jax @param {Value} x */
function instanceNorm({ numpy: np }, x) {
  const centred = x.ref.sub(np.mean(x, SIDES, { keepdims: true }));
  const variance = np.mean(np.square(centred.ref), SIDES, { keepdims: true });
  return centred.div(np.sqrt(variance.add(EPSILON)));
}

/**
 * The forward pass of a network.
 * @param {Jax} jax
 * @param {import('./convolution.js').Convolve} convolve
 * @param {Layer[]} layers
 * @param {Weights} weights
 * @param {Value} picture `[1, 3, H, W]`
 * @returns {Value}
 */
export function forward(jax, convolve, layers, weights, picture) {
  const { numpy: np, nn } = jax;
  let x = picture;
  /** @type {Value | undefined} */
  let carried;
  for (const layer of layers) {
    if (layer.block === 'first') carried = x.ref;
    if (layer.border === 'reflect') x = reflect(jax, x, layer.padding);
    x = convolve(jax, layer, x, weights[`${layer.key}.weight`]);
    x = x.add(weights[`${layer.key}.bias`].reshape([1, layer.outputs, 1, 1]));
    if (layer.norm) x = instanceNorm(jax, x);
    if (layer.activation === 'relu') x = nn.relu(x);
    if (layer.activation === 'leaky') x = nn.leakyRelu(x, SLOPE);
    if (layer.activation === 'tanh') x = np.tanh(x);
    if (layer.block === 'second' && carried) x = x.add(carried);
  }
  return x;
}
