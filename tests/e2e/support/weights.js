/**
 * Small ResNet generators as safetensors, so that a translation takes no time even on a software graphics
 * card. Seeded: the same call gives the same bytes, here and for `fixtures/make_reference.py`, which runs
 *
 *     node tests/e2e/support/weights.js OUT.safetensors [ngf blocks seed]
 *
 * Each convolution keeps the variance of what it gets, so that the output is a colourful picture and not
 * the middle grey of a fresh network.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The network that the tests use where any will do. */
export const TINY = { ngf: 2, blocks: 1, seed: 7 };

/** @typedef {{ ngf: number, blocks: number, seed: number }} Size of a generator, and what its numbers come from */
/** @typedef {{ name: string, shape: number[], values: Float32Array }} Tensor */

/**
 * @param {Size} [network]
 * @param {Record<string, string>} [metadata] what the file says of itself
 * @returns {Buffer} a safetensors file, float32, with PyTorch's names
 */
export function generatorFile(network = TINY, metadata) {
  return safetensors(generator(network), metadata);
}

/** @param {Size} size @param {string} [prefix] of every name @returns {Tensor[]} */
export function generator({ ngf, blocks, seed }, prefix = '') {
  const random = mulberry32(seed);
  return layersOf(ngf, blocks).flatMap(({ name, shape, inputs, outputs }) => {
    const fanIn = (inputs * shape[2] * shape[3]) / (name.startsWith('up') ? 4 : 1);
    const bound = Math.sqrt(3 / fanIn);
    const count = shape.reduce((product, side) => product * side, 1);
    const layer = prefix + name.replace(/^up/, 'model');
    return [
      { name: `${layer}.weight`, shape, values: uniform(random, count, bound) },
      { name: `${layer}.bias`, shape: [outputs], values: uniform(random, outputs, 0.5) },
    ];
  });
}

/**
 * A discriminator of CycleGAN: four layers of 4x4 and the one that answers.
 * @param {number} ndf
 * @param {string} [prefix]
 * @returns {Tensor[]}
 */
export function judge(ndf, prefix = '') {
  const random = mulberry32(ndf);
  const widths = [3, ndf, 2 * ndf, 4 * ndf, 8 * ndf, 1];
  return [0, 2, 5, 8, 11].flatMap((at, i) => {
    const [inputs, outputs] = [widths[i], widths[i + 1]];
    const shape = [outputs, inputs, 4, 4];
    const name = `${prefix}model.${at}`;
    return [
      { name: `${name}.weight`, shape, values: uniform(random, outputs * inputs * 16, 0.1) },
      { name: `${name}.bias`, shape: [outputs], values: uniform(random, outputs, 0.1) },
    ];
  });
}

/**
 * The layers that have weights, in order (arXiv 1703.10593, appendix 7.2). `shape` is PyTorch's: [out, in,
 * height, width], and [in, out, height, width] for the transposed ones, whose names begin with `up`.
 *
 * @param {number} ngf
 * @param {number} blocks
 */
function layersOf(ngf, blocks) {
  /** @param {string} name @param {number} inputs @param {number} outputs @param {number} side */
  const conv = (name, inputs, outputs, side) => {
    const shape = name.startsWith('up')
      ? [inputs, outputs, side, side]
      : [outputs, inputs, side, side];
    return { name, shape, inputs, outputs };
  };
  const wide = 4 * ngf;
  const after = 10 + blocks;
  const residual = Array.from({ length: blocks }, (_, i) => [
    conv(`model.${10 + i}.conv_block.1`, wide, wide, 3),
    conv(`model.${10 + i}.conv_block.5`, wide, wide, 3),
  ]);
  return [
    conv('model.1', 3, ngf, 7),
    conv('model.4', ngf, 2 * ngf, 3),
    conv('model.7', 2 * ngf, wide, 3),
    ...residual.flat(),
    conv(`up.${after}`, wide, 2 * ngf, 3),
    conv(`up.${after + 3}`, 2 * ngf, ngf, 3),
    conv(`model.${after + 7}`, ngf, 3, 7),
  ];
}

/** @param {Tensor[]} tensors @param {Record<string, string>} [metadata] */
export function safetensors(tensors, metadata) {
  /** @type {Record<string, object>} */
  const header = metadata ? { __metadata__: metadata } : {};
  let end = 0;
  for (const { name, shape, values } of tensors) {
    const start = end;
    end += values.byteLength;
    header[name] = { dtype: 'F32', shape, data_offsets: [start, end] };
  }
  const text = JSON.stringify(header);
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([
    length,
    padded,
    ...tensors.map(({ values }) => Buffer.from(values.buffer)),
  ]);
}

/** @param {() => number} random @param {number} count @param {number} bound */
function uniform(random, count, bound) {
  return Float32Array.from({ length: count }, () => (2 * random() - 1) * bound);
}

/** Tommy Ettinger's generator: 32 bits of state, the same numbers everywhere. @param {number} state */
function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [out, ngf, blocks, seed] = process.argv.slice(2);
  const network = ngf ? { ngf: Number(ngf), blocks: Number(blocks), seed: Number(seed) } : TINY;
  writeFileSync(out, generatorFile(network));
}
