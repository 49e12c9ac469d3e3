/** The page's worker, without its build. */
Object.assign(globalThis, { WASM_BYTES: 0 }); // which the build inserts
import('../www/engine-worker.js');
