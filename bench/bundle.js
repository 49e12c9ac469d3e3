/** Bundles TF.js and a backend into one file for `contenders/tfjs.js`, as an application would. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/**
 * @param {string} folder where `cpu.js` and `webgpu.js` go
 */
export async function bundleTfjs(folder) {
  const entry = (/** @type {string} */ name) =>
    fileURLToPath(new URL(`contenders/tfjs/${name}.js`, import.meta.url));
  await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      target: 'es2022',
      outDir: folder,
      emptyOutDir: true,
      lib: {
        entry: { cpu: entry('cpu'), webgpu: entry('webgpu') },
        formats: ['es'],
        fileName: (_, name) => `${name}.js`,
      },
    },
  });
}
