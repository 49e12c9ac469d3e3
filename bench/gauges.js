/**
 * Counts what engines take from the browser: wasm memories, dispatches, GPU buffers. Wraps the browser's
 * own functions, so it works for any engine; import it before all of them.
 *
 * Only one engine works at a time, so what happens is put down to the `current` one.
 */

/** Compute dispatches of each engine. @type {Map<string, number>} */
export const launches = new Map();
/** Bytes of each engine's GPU buffers, now and at most. @type {Map<string, { now: number, peak: number }>} */
export const gpuBytes = new Map();
/** wasm memories that JavaScript made for each engine. @type {Map<string, WebAssembly.Memory[]>} */
export const memories = new Map();

let current = '';

/** @param {string} engine whose turn it is */
export function setCurrent(engine) {
  current = engine;
}

const { Memory } = WebAssembly;
WebAssembly.Memory = class extends Memory {
  /** @param {WebAssembly.MemoryDescriptor} descriptor */
  constructor(descriptor) {
    super(descriptor);
    memories.set(current, [...(memories.get(current) ?? []), this]);
  }
};

function countLaunch() {
  launches.set(current, (launches.get(current) ?? 0) + 1);
}

/** A buffer counts until it is destroyed: when the browser frees a forgotten one, nobody is told. */
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
  const { createBuffer } = GPUDevice.prototype;
  const { destroy } = GPUBuffer.prototype;
  /** @type {WeakMap<GPUBuffer, string>} */
  const owners = new WeakMap();
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    const bytes = gpuBytes.get(current) ?? { now: 0, peak: 0 };
    bytes.now += buffer.size;
    bytes.peak = Math.max(bytes.peak, bytes.now);
    gpuBytes.set(current, bytes);
    owners.set(buffer, current);
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    const bytes = gpuBytes.get(owners.get(this) ?? '');
    if (bytes) bytes.now -= this.size;
    owners.delete(this);
    return destroy.call(this);
  };
}

if ('gpu' in navigator) watchGpu();
