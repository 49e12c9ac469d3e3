/** Builds the static site with relative URLs only, so that it works on any host and under any path. */
import { statSync } from 'node:fs';
import { defineConfig } from 'vite';

const wasm = new URL('www/pkg/cyclegan_web_bg.wasm', import.meta.url);

export default defineConfig({
  base: './',
  publicDir: 'www/public',
  define: { WASM_BYTES: statSync(wasm).size },
  // The engine is an ES module worker; its wasm becomes a hashed file next to it.
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    target: 'es2022',
    // Inlined assets would be data: URLs, which the page's content security policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
