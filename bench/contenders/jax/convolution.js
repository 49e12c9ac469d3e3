/**
 * Convolutions in jax-js. On WebGPU they are its own. On the CPU they are sums of matrix products, one for
 * each place in the kernel: its own ones, and their gradients, take up to 40 times as long there wherever a
 * border or a stride has it read between pixels.
 */

/** @typedef {import('./layers.js').Jax} Jax */
/** @typedef {import('./layers.js').Value} Value */
/** @typedef {import('../../types.js').Layer} Layer */
/** @typedef {(jax: Jax, layer: Layer, x: Value, weight: Value) => Value} Convolve */

/** Zeros around a picture that its convolution adds. @param {Layer} layer */
const zeros = ({ border, padding }) => (border === 'zero' ? padding : 0);

/** @type {Convolve} */
export function own({ lax }, layer, x, weight) {
  const { stride, transposed } = layer;
  const width = zeros(layer);
  if (!transposed) {
    const around = /** @type {[number, number]} */ ([width, width]);
    return lax.conv(x, weight, [stride, stride], [around, around]);
  }
  // PyTorch's `output_padding` of 1: one line less is cropped at the end.
  const cropped = /** @type {[number, number]} */ ([width, width - 1]);
  const options = { transposeKernel: true };
  return lax.convTranspose(x, weight, [stride, stride], [cropped, cropped], options);
}

/** @type {Convolve} */
export function byProducts(jax, layer, x, weight) {
  return (layer.transposed ? transposedProducts : plainProducts)(jax, layer, x, weight);
}

const add = (/** @type {Value} */ sum, /** @type {Value} */ term) => sum.add(term);

/** @type {Convolve} */
function plainProducts({ numpy: np }, layer, x, weight) {
  const { kernel, stride, inputs, outputs } = layer;
  const width = zeros(layer);
  const padded = width ? np.pad(x, { 2: [width, width], 3: [width, width] }) : x;
  const [height, across] = padded.shape.slice(2);
  const sides = [height, across].map((side) => Math.floor((side - kernel) / stride) + 1);
  // Every pixel by its row and column in steps of the stride, and by its place in between.
  const grid = padded.reshape([inputs, height / stride, stride, across / stride, stride]);
  const from = (/** @type {number} */ tap, /** @type {number} */ side) => {
    const first = Math.floor(tap / stride);
    return /** @type {[number, number]} */ ([first, first + side]);
  };
  const terms = [];
  for (let i = 0; i < kernel; i++) {
    for (let j = 0; j < kernel; j++) {
      const rows = from(i, sides[0]);
      const columns = from(j, sides[1]);
      const seen = grid.ref.slice([], rows, i % stride, columns, j % stride);
      const pixels = seen.reshape([inputs, sides[0] * sides[1]]);
      terms.push(np.matmul(weight.ref.slice([], [], i, j), pixels));
    }
  }
  grid.dispose();
  weight.dispose();
  return terms.reduce(add).reshape([1, outputs, ...sides]);
}

/**
 * With a stride of 2, an even row of the result sees one row of the input through the kernel's middle, and
 * an odd row two of them: the same through the kernel's end, the next through its start.
 */
const SEEN = [[{ tap: 1, behind: 0 }], [2, 0].map((tap, behind) => ({ tap, behind }))];

/** @type {Convolve} */
function transposedProducts({ numpy: np }, { inputs, outputs }, x, weight) {
  const [height, across] = x.shape.slice(2);
  const padded = np.pad(x, { 2: [0, 1], 3: [0, 1] }).reshape([inputs, height + 1, across + 1]);
  const quarters = SEEN.flatMap((rows) =>
    SEEN.map((columns) => {
      const terms = rows.flatMap((row) =>
        columns.map((column) => {
          const [top, left] = [row.behind, column.behind];
          const seen = padded.ref.slice([], [top, top + height], [left, left + across]);
          const pixels = seen.reshape([inputs, height * across]);
          const matrix = weight.ref.slice([], [], row.tap, column.tap).transpose();
          return np.matmul(matrix, pixels);
        }),
      );
      return terms.reduce(add);
    }),
  );
  padded.dispose();
  weight.dispose();
  return np
    .stack(quarters) // [row, column, C, H, W], of which the first two are parities
    .reshape([2, 2, outputs, height, across])
    .transpose([2, 3, 0, 4, 1])
    .reshape([1, outputs, 2 * height, 2 * across]);
}
