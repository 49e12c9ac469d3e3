/** Whose code can build the network that a PyTorch file is for. */

/** @typedef {Partial<Record<'up' | 'down' | 'norm', string>> & { pictures?: number }} Layers absent: as PyTorch's repository has them */
/**
 * Whose code builds the network of a PyTorch file: that of the CycleGAN repository, of CUT, this project's
 * script for torchrun, none of them; or it is not known.
 * @typedef {'authors' | 'cut' | 'script' | 'none' | 'unknown'} Reader
 */

/** @param {(Layers | null)[]} networks null: unknown @returns {Reader} of all of them */
export function readerOf(networks) {
  const [first, ...others] = networks.map((one) => (one ? readerOfOne(one) : 'unknown'));
  return others.every((other) => other === first) ? first : 'unknown';
}

/** @param {Layers} network @returns {Reader} */
function readerOfOne({ up = 'transpose', down = 'strided', norm = 'instance', pictures = 3 }) {
  if (pictures !== 3) return 'none';
  const plain = norm === 'instance';
  if (down === 'blurred') return up === 'blurred' && plain ? 'cut' : 'none';
  if (up === 'blurred') return 'none';
  return up === 'transpose' && plain ? 'authors' : 'script';
}
