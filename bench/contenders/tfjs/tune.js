/**
 * TF.js has two WebGPU kernels for the gradient of a convolution's input, which is also its transposed
 * convolution. It uses the naive one unless the program sets a flag, so a fast program tries both on its
 * machine.
 */

/** @typedef {import('./layers.js').Tf} Tf */
/** @typedef {import('../../types.js').Layer} Layer */

const FLAG = 'WEBGPU_USE_NAIVE_CONV2D_TRANSPOSE';
/** The first one compiles. */
const RUNS = 3;

/**
 * Sets the flag to the faster kernel for a residual block's convolution, where most of the work is.
 * @param {Tf} tf
 * @param {Layer[]} layers of the generator
 * @param {number} size side of its pictures
 */
export async function chooseKernels(tf, layers, size) {
  const block = layers.find((layer) => layer.block === 'first');
  if (!block) return;
  const { kernel, inputs, outputs } = block;
  const side = size / 4;
  /** @type {[boolean, number][]} */
  const tried = [];
  const dy = tf.ones([1, side, side, outputs]);
  const filter = tf.ones([kernel, kernel, inputs, outputs]);
  for (const naive of [true, false]) {
    tf.env().set(FLAG, naive);
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < RUNS; run++) {
      const started = performance.now();
      const made = tf.tidy(() => {
        const dx = tf.conv2dTranspose(
          /** @type {import('@tensorflow/tfjs-core').Tensor4D} */ (dy),
          /** @type {import('@tensorflow/tfjs-core').Tensor4D} */ (filter),
          [1, side + 2, side + 2, inputs],
          1,
          0,
        );
        return tf.mean(dx);
      });
      await made.data(); // a number, to wait for the kernel
      made.dispose();
      best = Math.min(best, performance.now() - started);
    }
    tried.push([naive, best]);
  }
  tf.dispose([dy, filter]);
  const [[naive]] = tried.sort(([, a], [, b]) => a - b);
  tf.env().set(FLAG, naive);
}
