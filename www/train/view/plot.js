/**
 * One chart on a canvas, with uPlot: two lines, warm and cool, each in a band from minimum to maximum.
 * Colours are the page's own, in light and dark mode.
 */
import uPlot from 'uplot';
import { formatSmall } from '../../page/messages.js';

const HEIGHT = 190;

/**
 * @param {HTMLElement} room with a width
 * @returns {(columns: (number | null)[][]) => void} draws other numbers; see losses.js
 */
export function plotIn(room) {
  const plot = new uPlot(options(room), [[], [], [], [], [], [], []], room);
  new ResizeObserver(() => {
    if (room.clientWidth > 0) plot.setSize({ width: room.clientWidth, height: HEIGHT });
  }).observe(room);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot.redraw(false));
  return (columns) => plot.setData(/** @type {uPlot.AlignedData} */ (columns));
}

/** @param {HTMLElement} room @returns {uPlot.Options} */
function options(room) {
  const computed = (/** @type {string} */ value) => () => {
    room.style.color = value;
    return getComputedStyle(room).color;
  };
  const colour = (/** @type {string} */ name) => computed(`var(--${name})`);
  const faint = (/** @type {string} */ name) =>
    computed(`color-mix(in srgb, var(--${name}) 22%, transparent)`);
  const axis = {
    stroke: colour('soft'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  const edge = { points: { show: false }, width: 0 };
  return {
    width: room.clientWidth,
    height: HEIGHT,
    cursor: { show: false },
    legend: { show: false },
    scales: { x: { time: false }, y: { range: fromZero } },
    axes: [
      { ...axis, grid: { show: false }, size: 24 },
      { ...axis, size: 44, values: (_, ticks) => ticks.map(formatSmall) },
    ],
    series: [
      {},
      ...['warm', 'cool'].flatMap((name) => [
        { ...edge },
        { ...edge },
        { stroke: colour(name), width: 2, points: { show: false } },
      ]),
    ],
    bands: [
      { series: [2, 1], fill: faint('warm') },
      { series: [5, 4], fill: faint('cool') },
    ],
  };
}

/**
 * Losses start at zero, so that half the height means half the value.
 * @param {unknown} _ the plot
 * @param {number | null} __ the least
 * @param {number | null} most
 * @returns {[number, number]}
 */
function fromZero(_, __, most) {
  return [0, (most || 1) * 1.05];
}
