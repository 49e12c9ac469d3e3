/** Models as files to download: one by itself, several in a zip. */
import { safeFileName, uniqueName } from '../files/names.js';
import { zipOf } from '../files/zip.js';

/** @import { EngineClient, Weights } from '../engine/client.js' */
/** @import { About } from '../pkg/cyclegan_web.js' */
/** @import { ExportChoice } from './export-dialog.js' */

/**
 * A network to write.
 * @typedef {object} Source
 * @property {string} name of its file, without an ending
 * @property {'G_A' | 'G_B' | 'D_A' | 'D_B'} network what PyTorch's repository calls it
 * @property {Weights} weights
 * @property {About | null} about what the file will say of itself; null: what its weights say
 */

/**
 * @param {Pick<EngineClient, 'export'>} engine
 * @param {Source[]} sources one or more
 * @param {Pick<ExportChoice, 'to' | 'half'>} choice
 * @param {string} together name of the zip, without an ending
 * @returns {Promise<{ name: string, blob: Blob }>}
 */
export async function exported(engine, sources, { to, half }, together) {
  const files = [];
  const taken = new Set();
  for (const { name, network, weights, about } of sources) {
    const job = { to, half, network: weights.network ?? null, about };
    const file = await engine.export(weights, job);
    // As the repository looks for them, when all go into one folder.
    const own = to === 'pth' && sources.length > 1 ? `latest_net_${network}` : name;
    files.push({ name: uniqueName(taken, safeFileName(`${own}.${to}`, 'model')), file });
  }
  if (files.length === 1) return { name: files[0].name, blob: files[0].file };
  return { name: safeFileName(`${together}.zip`, 'models'), blob: await zipOf(files) };
}
