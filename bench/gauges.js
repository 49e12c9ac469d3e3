/**
 * Counts what engines use: wasm memories, dispatches, GPU buffers and textures. It wraps the browser's own functions, so
 * it works for any engine; import it before them.
 *
 * Only one engine runs at a time, so everything is attributed to the `current` one.
 */

/** Compute dispatches of each engine. @type {Map<string, number>} */
export const launches = new Map();
/**
 * Bytes of each engine's GPU buffers and textures: now, at the peak, and of the largest.
 * @type {Map<string, { now: number, peak: number, largest: number }>}
 */
export const gpuBytes = new Map();
/** wasm memories of each engine. @type {Map<string, Set<WebAssembly.Memory>>} */
const memories = new Map();

let current = '';

/** @param {string} engine whose turn it is */
export function setCurrent(engine) {
  current = engine;
}

/** Total size of an engine's wasm memories. @param {string} engine */
export function wasmBytes(engine) {
  return [...(memories.get(engine) ?? [])].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

/** @param {WebAssembly.Memory} memory */
function remember(memory) {
  const known = memories.get(current) ?? new Set();
  memories.set(current, known.add(memory));
}

/** Memories made by JavaScript, and those that modules create. */
function watchWasm() {
  const { Memory, instantiate, instantiateStreaming } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    /** @param {WebAssembly.MemoryDescriptor} descriptor */
    constructor(descriptor) {
      super(descriptor);
      remember(this);
    }
  };
  /** @param {any} made an instance, or one with its module */
  const look = (made) => {
    const { exports } = made.instance ?? made;
    for (const item of Object.values(exports)) if (item instanceof Memory) remember(item);
    return made;
  };
  const watched =
    (/** @type {Function} */ native) =>
    (/** @type {unknown[]} */ ...given) =>
      native.apply(WebAssembly, given).then(look);
  Object.assign(WebAssembly, { instantiate: watched(instantiate) });
  if (instantiateStreaming) {
    Object.assign(WebAssembly, { instantiateStreaming: watched(instantiateStreaming) });
  }
}

function countLaunch() {
  launches.set(current, (launches.get(current) ?? 0) + 1);
}

/** Bytes of a texture with one level, for formats such as `rgba32float`. @param {GPUTexture} texture */
function textureBytes({ format, width, height, depthOrArrayLayers }) {
  const [, channels, bits] = /^([rgba]+)(\d+)/.exec(format) ?? [];
  if (!channels) throw new Error(`what is the size of ${format}?`);
  return channels.length * (Number(bits) / 8) * width * height * depthOrArrayLayers;
}

/** A buffer counts until it is destroyed: garbage collection of a forgotten one is not observable. */
function watchGpu() {
  const pass = GPUComputePassEncoder.prototype;
  const { dispatchWorkgroups, dispatchWorkgroupsIndirect } = pass;
  pass.dispatchWorkgroups = function (...counts) {
    countLaunch();
    return dispatchWorkgroups.apply(this, counts);
  };
  pass.dispatchWorkgroupsIndirect = function (...place) {
    countLaunch();
    return dispatchWorkgroupsIndirect.apply(this, place);
  };
  /** @type {WeakMap<GPUBuffer | GPUTexture, { bytes: { now: number }, size: number }>} */
  const held = new WeakMap();
  /** @template {GPUBuffer | GPUTexture} Made @param {Made} made @param {number} size @returns {Made} */
  const hold = (made, size) => {
    const bytes = gpuBytes.get(current) ?? { now: 0, peak: 0, largest: 0 };
    bytes.now += size;
    bytes.largest = Math.max(bytes.largest, size);
    bytes.peak = Math.max(bytes.peak, bytes.now);
    gpuBytes.set(current, bytes);
    held.set(made, { bytes, size });
    return made;
  };
  const { createBuffer, createTexture } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    return hold(buffer, buffer.size);
  };
  GPUDevice.prototype.createTexture = function (descriptor) {
    const texture = createTexture.call(this, descriptor);
    return hold(texture, textureBytes(texture));
  };
  for (const { prototype } of [GPUBuffer, GPUTexture]) {
    const { destroy } = prototype;
    prototype.destroy = function () {
      const found = held.get(this);
      if (found) found.bytes.now -= found.size; // none if already destroyed
      held.delete(this);
      return destroy.call(this);
    };
  }
}

watchWasm();
if ('gpu' in navigator) watchGpu();
