/** Painted scenes instead of folders, to try training at once: summer is A, winter is B. */

/** Scenes per domain: enough to hold some out. */
const SCENES = 24;
const SCENE = { width: 256, height: 192 };
/** Different places in both folders, because no two photos show the same place. */
const FIRST_SEED = /** @type {const} */ ({ summer: 100, winter: 500 });

/**
 * @param {Pick<import('../../engine/client.js').EngineClient, 'paint'>} engine
 * @param {import('../../pkg/cyclegan_web.js').Season} season
 * @param {AbortSignal} signal
 * @returns {Promise<import('./dataset.js').Unseen[]>}
 */
export async function paintScenes(engine, season, signal) {
  const scenes = [];
  for (let i = 0; i < SCENES; i += 1) {
    const file = await engine.paint({ season, seed: FIRST_SEED[season] + i, ...SCENE }, signal);
    scenes.push({ file, path: `${season}-${String(i + 1).padStart(2, '0')}.png` });
  }
  return scenes;
}
