/** Downloading what a run has learned, for PyTorch, for ONNX, or to give away. */
import { only } from '../../files/safetensors.js';
import { downloadAs } from '../../page/export-dialog.js';
import { exported } from '../../page/export-files.js';
import { text } from '../../page/messages.js';
import { readerOf } from '../../page/pth-reader.js';
import { DOMAINS } from '../gather/domains.js';
import { directionOf, pairOf } from './words.js';

/** @import { EngineClient } from '../../engine/client.js' */
/** @import { Source } from '../../page/export-files.js' */
/** @import { Which } from '../keep/record.js' */
/** @import { TrainSession } from '../session.js' */

/** @type {Pick<EngineClient, 'export'>} */
let engine;

/** @param {typeof engine} exporter */
export function setUpExport(exporter) {
  engine = exporter;
}

/**
 * @param {TrainSession} session
 * @param {HTMLButtonElement} pressed
 * @param {string} [id] of a stored run
 * @param {Which} [which]
 */
export async function exportRun(session, pressed, id, which) {
  if (pressed.ariaBusy) return;
  const { run, runs } = session.snapshot;
  const names = id === undefined ? run?.names : runs.find((one) => one.id === id)?.names;
  if (!names) return;
  const checkpoint = await session.exportCheckpoint(id);
  const directions = DOMAINS.map((value) => ({
    value,
    words: directionOf(names, value),
    ticked: true,
  }));
  const title = text('export.title', { name: pairOf(names) });
  const judges = checkpoint !== null;
  const reader = readerOf([await session.exportLayers(id)]);
  await downloadAs(pressed, { title, directions, judges, to: 'pth', reader }, async (choice) => {
    const chosen = DOMAINS.filter((one) => choice.directions.includes(one));
    /** @type {Source[]} */
    const sources = [];
    for (const one of chosen) {
      const { name, weights, about } = await session.exportGenerator(one, id, which);
      sources.push({ name, network: `G_${one}`, weights: weightsOf(weights), about });
    }
    for (const one of choice.judges && checkpoint ? chosen : []) {
      const judge = await only(/** @type {Blob} */ (checkpoint), `D_${one}.`);
      const name = `judge-${one}`;
      if (judge)
        sources.push({ name, network: `D_${one}`, weights: weightsOf(judge), about: null });
    }
    const [a, b] = [names.A || 'A', names.B || 'B'];
    return exported(engine, sources, choice, `${a}-and-${b}`);
  });
}

/** @param {Blob} file */
const weightsOf = (file) => ({ read: () => file.arrayBuffer(), sha256: null });
