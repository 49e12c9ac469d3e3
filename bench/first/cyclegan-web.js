/** This project's engine, without the page's worker, as the peers are. */
import { sha256 } from '../../www/files/digest.js';

/** Output of `pkg-scripts/build`. */
const MODULE = new URL('../../www/pkg/cyclegan_web.js', import.meta.url).href;

/** @type {import('./types.js').FirstModule['open']} */
export async function open({ device, size, weights, mark }) {
  const { default: init, Engine } = /** @type {typeof import('../../www/pkg/cyclegan_web.js')} */ (
    await import(MODULE)
  );
  mark('script');
  const wasm = new URL('cyclegan_web_bg.wasm', MODULE);
  const module = await WebAssembly.compileStreaming(fetch(wasm));
  mark('compiled');
  await init({ module_or_path: module });
  mark('instantiated');
  const engine = await Engine.open(device);
  mark('opened');
  engine.prefer('float32');
  const bytes = new Uint8Array(await weights);
  engine.load(bytes, undefined, undefined, (await sha256(bytes)) ?? undefined);
  return {
    version: engine.report().version,
    async run(picture) {
      const made = await engine.translate(picture, size, size, 0, 0, 0, 1);
      const rgba = made.takeAfter();
      made.free();
      return rgba;
    },
  };
}
