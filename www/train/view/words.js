/** The words of the Train view, made from codes and numbers. No page, so that it can be tested by itself. */
import {
  errorText,
  formatBytes,
  formatClock,
  formatPercent,
  formatSmall,
  formatTime,
  hasMessage,
  SEPARATOR,
  text,
} from '../../page/messages.js';
import { otherThan } from '../gather/domains.js';

/** @import { Extent } from '../../files/header-walks.js' */
/** @import { Domain } from '../gather/domains.js' */
/** @import { RunView } from '../run/run.js' */

/** @typedef {Record<Domain, string>} Names the person's names for the domains; may be empty */

/** Pixels range from -1 to 1, so an error of 2 would be the whole range. */
const RANGE = 2;

/** @param {Names} names @param {Domain} domain */
export function nameOf(names, domain) {
  return names[domain].trim() || domain;
}

/** "Summer → Winter". @param {Names} names @param {Domain} from */
export function directionOf(names, from) {
  const to = otherThan(from);
  return text('train.direction', { from: nameOf(names, from), to: nameOf(names, to) });
}

/** "Summer ↔ Winter". @param {Names} names */
export function pairOf(names) {
  return text('train.pair', { a: nameOf(names, 'A'), b: nameOf(names, 'B') });
}

/**
 * A remark as a sentence. Codes of failures use the failure's sentence.
 * @param {import('../../page/messages.js').Remark} remark
 * @param {Names} names
 */
export function sentence({ code, values }, names) {
  const key = `notice.${code}`;
  if (!hasMessage(key)) return errorText(code);
  /** @type {Record<string, string | number>} */
  const written = {};
  for (const [name, value] of Object.entries(values)) {
    written[name] = WRITTEN[name]?.(value, names) ?? value;
  }
  return text(key, written);
}

/** Values that need formatting. @type {Record<string, (value: any, names: Names) => string>} */
const WRITTEN = {
  domain: (value, names) => nameOf(names, value),
  code: reasonOf,
  lr: formatSmall,
  least: formatSmall,
  most: formatSmall,
  bytes: formatBytes,
  limit: formatBytes,
  field: (value) => text(`setting.${value}`),
  from: deviceName,
  to: deviceName,
};

/** Why the engine ended, or what is wrong with a photo, as part of a sentence. @param {string} code */
function reasonOf(code) {
  if (/^(image|file)-/.test(code)) return errorText(code);
  const key = `reason.${code}`;
  return hasMessage(key) ? text(key) : text('reason.other', { code });
}

/** @param {string} device */
function deviceName(device) {
  const key = `reason.device.${device}`;
  return hasMessage(key) ? text(key) : device;
}

/** The current activity, in a few words. @param {import('../snapshot.js').Snapshot} snapshot */
export function statusOf({ state, run, checked, dataset, held }) {
  if (held && !run) return text('state.held');
  if (state === 'checking' && checked) return text('state.checking.count', counted(checked));
  if (state === 'ready' && dataset?.refused) return text('state.refused');
  if (state === 'starting' && run?.copying) return text('state.copying', counted(run.copying));
  if (state === 'finished' && run?.stopped) return text('state.stopped');
  if (run?.scoring) return text(run.step === 0 ? 'state.scoring.start' : 'state.scoring');
  if (state === 'training' && run?.warmingUp) return text('state.warming', { n: run.warmUp });
  if (state === 'training' && run?.polishing) return text('state.polishing', { n: run.polish });
  return text(`state.${state}`);
}

/** @param {{ done: number, total: number }} count */
function counted({ done, total }) {
  return { n: done, m: total };
}

/** The progress of the run, on one line. @param {RunView} run @param {boolean} going */
export function factsOf(run, going) {
  const { epoch, epochs } = run;
  const facts = [text('fact.step', { n: run.step, m: run.total })];
  if (epochs) facts.push(text('fact.epoch', { n: Math.min(epoch, epochs), m: epochs }));
  const { secondsPerStep: each, secondsLeft: left } = run;
  if (going && left !== null && left > 0) {
    facts.push(text('progress.left', { time: formatTime(left) }));
    if (left > 600) facts.push(text('fact.end', { time: formatClock(Date.now() + 1000 * left) }));
  }
  if (each !== null) facts.push(text('fact.each', { time: formatTime(each) }));
  // For a finished run neither matters any more.
  if (run.kept !== null) return facts.join(SEPARATOR);
  if (run.rate > 0) facts.push(text('fact.rate', { rate: formatSmall(run.rate) }));
  if (run.saved) facts.push(text(`fact.saved.${run.saved.kept}`, { n: run.saved.step }));
  return facts.join(SEPARATOR);
}

/**
 * How long the run will take, before it starts.
 * @param {import('../plan/estimate.js').Calibration} calibration
 * @param {number} now milliseconds since 1970
 * @returns {string[]} sentences
 */
export function estimateWords(
  { secondsPerStep, steps, seconds, firstStep, feasible, memory },
  now,
) {
  const lines = [
    text('estimate', {
      each: formatTime(secondsPerStep),
      n: steps,
      end: formatClock(now + 1000 * seconds, now),
      time: formatTime(seconds),
    }),
  ];
  if (firstStep > 5 && firstStep > 3 * secondsPerStep) {
    lines.push(text('estimate.first', { time: formatTime(firstStep) }));
  }
  const graphics = memory.deviceInUse !== null;
  const size = formatBytes(memory.deviceInUse ?? memory.linear);
  lines.push(text(graphics ? 'estimate.memory' : 'estimate.memory.cpu', { size }));
  if (!feasible) lines.push(text('estimate.long'));
  return lines;
}

/** @param {import('../plan/types.js').Proposal} proposal */
export function proposalWords({ why, settings, seconds }) {
  const parts = Object.entries(settings)
    .filter(([name]) => name !== 'unit')
    .map(([name, value]) =>
      text('proposal.part', {
        name: text(`setting.${name}`),
        value: typeof value === 'number' ? formatSmall(value) : String(value),
      }),
    );
  const values = { settings: parts.join(text('list.separator')) };
  const words = text(`proposal.${why}`, values);
  return seconds === null
    ? words
    : `${words} ${text('proposal.time', { time: formatTime(seconds) })}`;
}

/** The contents of a folder. @param {import('../gather/dataset.js').FolderReport} folder */
export function folderSummary({ usable, smallest, largest, heldOut }) {
  if (usable === 0 || !smallest || !largest) return '';
  const facts = [text('folder.photos', { n: usable }), sizes(smallest, largest)];
  if (heldOut > 0) facts.push(text('folder.held', { n: heldOut }));
  return facts.join(SEPARATOR);
}

/** @param {Extent} smallest @param {Extent} largest */
function sizes(smallest, largest) {
  const [least, most] = [smallest, largest].map(({ width, height }) => `${width} × ${height}`);
  return least === most ? least : text('folder.sizes', { least, most });
}

/** @param {number} part */
export function percentOf(part) {
  return formatPercent(Math.min(1, Math.max(0, part)));
}

/** A mean error as a part of the whole range of brightness. @param {number} error */
export const errorOf = (error) => percentOf(error / RANGE);

/** Names of the grid's strength, relative to a photo's, from this value on. */
const GRIDS = /** @type {const} */ ([
  [60, 'strong'],
  [15, 'visible'],
  [2, 'faint'],
]);

/** How strong the grid of the strides is. @param {number} grid relative to photos */
export function gridOf(grid) {
  const found = GRIDS.find(([least]) => grid >= least);
  return text(`grid.${found?.[1] ?? 'none'}`, { times: formatSmall(Number(grid.toPrecision(2))) });
}

/**
 * The latest scores of a run, in words.
 * @param {Pick<RunView, 'scores' | 'names' | 'previews'>} run
 * @returns {string[]} sentences; none without scores
 */
export function scoresOf({ scores, names, previews }) {
  const latest = scores.at(-1);
  if (!latest) return [];
  const [a, b] = [nameOf(names, 'A'), nameOf(names, 'B')];
  const keptAside = previews.every(({ pictures }) => pictures.every(({ heldOut }) => heldOut));
  return [
    text('scores.taken', {
      a,
      b,
      forB: percentOf(latest.takenForB),
      forA: percentOf(latest.takenForA),
    }),
    text('scores.ceiling', { ceiling: percentOf(latest.ceiling) }),
    text('scores.trip', {
      a,
      b,
      tripA: errorOf(latest.roundTripA),
      tripB: errorOf(latest.roundTripB),
    }),
    ...(latest.gridA === undefined || latest.gridB === undefined
      ? []
      : [text('scores.grid', { gridA: gridOf(latest.gridA), gridB: gridOf(latest.gridB), a, b })]),
    text(keptAside ? 'scores.step' : 'scores.seen', { n: latest.step }),
  ];
}
