/** TF.js with its wasm backend, the input of `bundle.js`. */
export { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
export * from '@tensorflow/tfjs-core';
