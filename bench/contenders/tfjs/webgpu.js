/** TF.js with its WebGPU backend and all gradients, as `bundle.js` makes one file of it. */
import '@tensorflow/tfjs-backend-webgpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients';

export * from '@tensorflow/tfjs-core';
