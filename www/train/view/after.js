/** The end of a run: its result, and what to do with it. */
import { confirmed } from '../../page/confirm.js';
import { button, byId, downloadFile, write } from '../../page/dom.js';
import { formatTime, text } from '../../page/messages.js';
import { tellFailure } from '../../page/say.js';
import { DOMAINS } from '../gather/domains.js';
import { exportRun } from './export.js';
import { setUpLearnOn, showLearnOn } from './learn-on.js';
import { chosenWeights, showOutcome } from './outcome.js';
import { directionOf, pairOf } from './words.js';

/** @import { Domain } from '../gather/domains.js' */
/** @import { TrainSession } from '../session.js' */

/**
 * @param {TrainSession} session
 * @param {(files: File[]) => unknown} onModels passes weights to the Translate view, the chosen one first
 * @param {() => unknown} onLive shows the models in the Live view
 */
export function setUpAfter(session, onModels, onLive) {
  /** @param {string} id @param {() => Promise<unknown>} action */
  const on = (id, action) => {
    button(id).addEventListener('click', () => action().catch(tellFailure));
  };
  on('use-trained', () => useTrained(session, onModels, undefined, chosenWeights()));
  on('trained-a', () => save(session.exportWeights('A', undefined, chosenWeights())));
  on('trained-b', () => save(session.exportWeights('B', undefined, chosenWeights())));
  on('export-run', () => exportRun(session, button('export-run'), undefined, chosenWeights()));
  on('curves', () => save(session.exportCurves()));
  button('see-live').addEventListener('click', onLive);
  on('another', () => another(session));
  setUpLearnOn(session);
}

/** Asks first if the weights are only in memory and would be lost. @param {TrainSession} session */
async function another(session) {
  const kept = session.snapshot.run?.kept !== 'memory';
  if (kept || (await confirmed(text('confirm.another'), text('confirm.delete')))) {
    await session.close();
  }
}

/** @param {import('../snapshot.js').Snapshot} snapshot @param {TrainSession} session */
export function showAfter(snapshot, session) {
  const { state, run, can, space } = snapshot;
  showLearnOn(snapshot, session);
  byId('run-title').hidden = !run;
  if (run) write(byId('run-title'), pairOf(run.names));
  const over = state === 'finished' && run !== null;
  byId('after').hidden = !over;
  showOutcome(over ? run : null);
  for (const id of ['use-trained', 'see-live', 'trained-a', 'trained-b', 'export-run', 'curves']) {
    button(id).disabled = !can.export;
  }
  if (!over) return;
  write(byId('after-title'), text(run.stopped ? 'after.stopped' : 'after.finished'));
  const values = { n: run.step, time: formatTime(run.secondsTrained) };
  const kept = space?.persisted ? 'after.kept' : 'after.about';
  write(byId('after-about'), text(run.kept === 'memory' ? 'after.memory' : kept, values));
  write(button('trained-a'), text('after.weights', { direction: directionOf(run.names, 'A') }));
  write(button('trained-b'), text('after.weights', { direction: directionOf(run.names, 'B') }));
}

/**
 * @param {TrainSession} session
 * @param {(files: File[]) => unknown} onModels
 * @param {string} [id] of a stored run
 * @param {import('../keep/record.js').Which} [which]
 */
export async function useTrained(session, onModels, id, which) {
  const files = [];
  for (const direction of DOMAINS) {
    const { name, blob } = await session.exportWeights(direction, id, which);
    files.push(new File([blob], name));
  }
  await onModels(files);
}

/** @param {Promise<import('../keep/exports.js').Export>} making */
export async function save(making) {
  const { name, blob } = await making;
  downloadFile(blob, name);
}
