/** The bench's rows as text for a terminal. */

/** @typedef {import('./types.js').Row} Row */

const MIB = 1 << 20;

/** @param {number} ms */
const seconds = (ms) => (ms / 1000).toFixed(ms < 10_000 ? 3 : 2);

/** @type {[string, (row: Row) => string][]} */
const COLUMNS = [
  ['device', ({ device }) => device],
  ['ngf', ({ ngf }) => `${ngf}`],
  ['size', ({ size }) => `${size}`],
  ['engine', ({ engine, version }) => `${engine} ${version}`],
  ['first s', ({ first_ms }) => seconds(first_ms)],
  ['median s', ({ median_ms }) => seconds(median_ms)],
  ['min s', ({ min_ms }) => seconds(min_ms)],
  ['max s', ({ max_ms }) => seconds(max_ms)],
  ['GFLOP/s', ({ gflops }) => gflops.toFixed(2)],
  ['x peer', ({ ratio }) => ratio?.toFixed(3) ?? ''],
  ['launches', ({ launches }) => `${launches ?? ''}`],
  ['peak MiB', ({ peak_bytes }) => (peak_bytes / MIB).toFixed(0)],
  ['wasm MiB', ({ wasm_bytes }) => (wasm_bytes / MIB).toFixed(0)],
  ['B/pixel', ({ peak_bytes, size }) => (peak_bytes / size ** 2).toFixed(0)],
];

/**
 * @param {Row[]} rows
 * @returns {string}
 */
export function table(rows) {
  const lines = [COLUMNS.map(([title]) => title)];
  for (const row of rows) lines.push(COLUMNS.map(([, cell]) => cell(row)));
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const pad = (/** @type {string[]} */ line) =>
    line.map((cell, column) =>
      COLUMNS[column][0] === 'engine' ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
    );
  return lines.map((line) => pad(line).join('  ').trimEnd()).join('\n');
}

/** How well the engines agreed. @param {Row} row */
export function agreementLine({ device, size, engine, agreement }) {
  if (!agreement) return null;
  const { levels, share, beyond } = agreement;
  return (
    `${device} ${size} px, ${engine} and ${agreement.with}: levels differ by at most ${levels}, ` +
    `on ${(100 * share).toFixed(3)}% of bytes; outputs beyond a byte's own range by ${beyond.toExponential(1)}`
  );
}
