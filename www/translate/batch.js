/** Several models at once, such as the folder of a PyTorch run: which are looked at, and what is said of them. */
import { shownName } from '../page/dom.js';
import { SEPARATOR, text } from '../page/messages.js';

/** @import { Failure } from '../failure.js' */
/** @import { Candidate } from '../files/walk.js' */

/** Most names in one sentence. */
const NAMED = 4;

/**
 * PyTorch keeps a run's state every few rounds, `5_net_G_A.pth`, beside the last, `latest_net_G_A.pth`. Where
 * there is a last one, it stands for all.
 * @param {Candidate[]} found
 * @returns {{ latest: Candidate[], earlier: number }}
 */
export function earlierStates(found) {
  const last = new Set(
    found.filter(({ path }) => /(^|\/)latest_net_[^/]*$/.test(path)).map(folderOf),
  );
  const latest = found.filter(
    (one) => !(/(^|\/)\d+_net_[^/]*$/.test(one.path) && last.has(folderOf(one))),
  );
  return { latest, earlier: found.length - latest.length };
}

/** @param {Candidate} one */
const folderOf = ({ path }) => path.slice(0, path.lastIndexOf('/') + 1);

/** Sorted by path, so that A comes before B wherever they were dropped from. @param {Candidate[]} found */
export function inOrderOfUse(found) {
  return [...found].sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }));
}

/**
 * What came of them, on one line.
 * @param {string[]} taken what is said of each that was taken
 * @param {(Failure & { name: string })[]} left
 * @param {number} earlier states that were not looked at
 */
export function batchWords(taken, left, earlier) {
  const words = taken.slice(0, NAMED);
  if (taken.length > NAMED) words.push(text('models.more', { n: taken.length - NAMED }));
  const isJudge = (/** @type {Failure} */ { code }) => code === 'weights-discriminator';
  const judges = left.filter(isJudge);
  const others = left.filter((one) => !isJudge(one));
  if (judges.length > 0) words.push(text('models.judges', listed(judges)));
  if (others.length > 0) words.push(text('models.left', listed(others)));
  if (earlier > 0) words.push(text('models.earlier', { n: earlier }));
  return words.join(SEPARATOR);
}

/** @param {{ name: string }[]} files */
function listed(files) {
  const names = files.slice(0, NAMED).map(({ name }) => shownName(name));
  if (files.length > NAMED) names.push('…');
  return { n: files.length, list: names.join(text('list.separator')) };
}
