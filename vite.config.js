/** Builds the static site with relative URLs only, so that it works on any host and under any path. */
import { statSync } from 'node:fs';
import { defineConfig } from 'vite';
import { offline } from './www/offline/build.js';

const wasm = new URL('www/pkg/cyclegan_web_bg.wasm', import.meta.url);

/** Without what only downloads of models need. */
const SHARED = { name: 'shared', minShareCount: 2, test: /www\/(?!page\/(pth-reader|export-))/ };

export default defineConfig({
  base: './',
  publicDir: 'www/public',
  define: { WASM_BYTES: statSync(wasm).size },
  plugins: [offline()],
  // The engine is an ES module worker; its wasm becomes a hashed file next to it.
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    target: 'es2022',
    // Inlined assets would be data: URLs, which the page's content security policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What several parts share comes with the page, in one file; otherwise each pair of parts has a file.
    rollupOptions: { output: { codeSplitting: { groups: [SHARED] } } },
  },
});
