/** TF.js with its WebGPU backend and all gradients, the input of `bundle.js`. */
import '@tensorflow/tfjs-backend-webgpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients';

export * from '@tensorflow/tfjs-core';
