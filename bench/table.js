/** The bench's rows as text for a terminal. */

/** @typedef {import('./types.js').Row} Row */

const MIB = 1 << 20;

/** Three significant digits. @param {number} value */
function short(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** @param {number | null} bytes */
const mib = (bytes) => (bytes === null ? '' : (bytes / MIB).toFixed(0));

/** @type {[string, (row: Row) => string][]} */
const COLUMNS = [
  ['device', ({ device }) => device],
  ['task', ({ task }) => task],
  ['ngf', ({ ngf }) => `${ngf}`],
  ['size', ({ size }) => `${size}`],
  ['engine', ({ engine, version }) => `${engine} ${version}`],
  ['first ms', ({ first_ms }) => short(first_ms)],
  ['median ms', ({ median_ms }) => short(median_ms)],
  ['min ms', ({ min_ms }) => short(min_ms)],
  ['max ms', ({ max_ms }) => short(max_ms)],
  ['x peer', ({ ratio }) => ratio?.toFixed(2) ?? ''],
  ['x one', ({ scaling }) => scaling?.toFixed(2) ?? ''],
  ['GFLOP/s', ({ gflops }) => short(gflops)],
  ['of peak', ({ share }) => (share === null ? '' : `${(100 * share).toFixed(0)}%`)],
  ['launches', ({ launches }) => `${launches ?? ''}`],
  ['peak MiB', ({ peak_bytes }) => mib(peak_bytes)],
  ['largest MiB', ({ largest_buffer_bytes }) => mib(largest_buffer_bytes)],
  ['wasm MiB', ({ wasm_bytes }) => mib(wasm_bytes)],
];
const TO_THE_LEFT = ['task', 'engine'];

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
      TO_THE_LEFT.includes(COLUMNS[column][0])
        ? cell.padEnd(widths[column])
        : cell.padStart(widths[column]),
    );
  return lines.map((line) => pad(line).join('  ').trimEnd()).join('\n');
}

/** How well the engines agreed. @param {Row} row */
export function agreementLine({ device, task, size, engine, agreement }) {
  if (!agreement) return null;
  const who = `${device} ${task} ${size} px, ${engine} and ${agreement.with}`;
  const { levels, share, beyond, losses } = agreement;
  if (losses) {
    const steps = losses.map((loss, index) => `${loss.toExponential(1)} in step ${index + 1}`);
    return `${who}: losses differ by at most ${steps.join(', ')} of their value`;
  }
  return (
    `${who}: levels differ by at most ${levels}, on ${(100 * (share ?? 0)).toFixed(3)}% of bytes; ` +
    `outputs beyond a byte's own range by ${(beyond ?? 0).toExponential(1)}`
  );
}

/** @param {import('./types.js').Refusal} refusal */
export function refusalLine({ device, work, engine, reason }) {
  return `${device} ${work}, ${engine}: cannot, ${reason}`;
}
