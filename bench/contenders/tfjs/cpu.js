/** TF.js with its wasm backend, as `bundle.js` makes one file of it. */
export { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
export * from '@tensorflow/tfjs-core';
