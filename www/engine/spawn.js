/**
 * Starts the page's workers.
 *
 * A worker loaded from a URL does not get the page's `<meta>` content security policy, but one loaded from a
 * `blob:` inherits it. So the worker is a one-line blob that imports the real module, and the promise that
 * nothing leaves this computer is enforced where the photos are.
 *
 * The first of the engine's workers fetches and compiles the engine and posts the module, which every later one
 * instantiates. The browser shares the machine code between them.
 */

/** The engine, compiled. @type {WebAssembly.Module | null} */
let compiled = null;

/**
 * @param {string} url of the worker's module, from the bundler
 * @param {string} name for the browser's tools
 * @returns {Worker} not started yet: listen for its messages and for `error`
 */
export function spawnWorker(url, name) {
  const module = new URL(url, import.meta.url).href;
  const line = `import ${JSON.stringify(module)};`;
  const bootstrap = URL.createObjectURL(new Blob([line], { type: 'text/javascript' }));
  const worker = new Worker(bootstrap, { type: 'module', name });
  // Some browsers read the blob only when the thread starts, so it is revoked at the first sign of life.
  const revoke = () => URL.revokeObjectURL(bootstrap);
  worker.addEventListener('message', ({ data }) => {
    revoke();
    compiled ??= data.module ?? null;
    if ('evaluated' in data) worker.postMessage({ module: compiled });
  });
  worker.addEventListener('error', revoke, { once: true });
  return worker;
}
