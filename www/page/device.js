/** Shows what the page runs on and, without WebGPU, why and what to do. */
import { byId, made, write } from './dom.js';
import { errorText, formatBytes, text } from './messages.js';
import { adviceFor, deviceStatus } from './support.js';

/** @import { Precision } from '../pkg/cyclegan_web.js' */
/** @import { DeviceReport, Loading } from '../engine/protocol.js' */

const here = { secure: isSecureContext, gpu: 'gpu' in navigator, agent: navigator.userAgent };

/** The last report shown. @type {DeviceReport | null} */
let shown = null;

/**
 * Shows how much of the engine has been downloaded. Screen readers announce it once, through the status.
 * @param {Loading} loading
 * @returns {string} the words shown
 */
export function showLoading({ loaded, total }) {
  const line = byId('loading');
  line.hidden = loaded >= total;
  const values = { loaded: formatBytes(loaded), total: formatBytes(total) };
  line.textContent = text('device.loading', values);
  return line.textContent;
}

/** Shows the precision of the last photo, if it differs from the device's. @param {Precision} precision */
export function showPrecision(precision) {
  if (shown && shown.precision !== precision) showDevice({ ...shown, precision });
}

/** @param {DeviceReport} report */
export function showDevice(report) {
  shown = report;
  const status = byId('support');
  const device = text(deviceStatus(report), { adapter: report.adapter });
  const half = report.precision === 'float16';
  const words = half ? text('device.half', { device }) : device;
  // Reopened after a cancelled photo: nothing new to say.
  write(status, words);
  status.dataset.device = report.device;
  status.dataset.precision = report.precision;
  byId('version').textContent = text('footer.version', { version: report.version });
  showAdvice(adviceFor(report, here));
}

/** The engine is starting again. */
export function showStarting() {
  byId('support').textContent = text('device.opening');
  byId('advice').hidden = true;
}

/** The engine did not start, or the device requested in the URL does not exist. @param {string} code */
export function showNoDevice(code) {
  byId('support').textContent = text('device.none');
  const advice = code.startsWith('gpu-') ? adviceFor({ reason: code }, here) : null;
  showAdvice(advice ?? { reason: `error.${code}`, steps: [] });
  if (!advice) byId('advice-reason').textContent = errorText(code);
  byId('advice-effect').hidden = true;
  byId('loading').hidden = true;
  byId('restart').hidden = false;
  /** @type {HTMLDetailsElement} */ (byId('advice')).open = true;
}

/** @param {import('./support.js').Advice | null} advice */
function showAdvice(advice) {
  byId('advice').hidden = advice === null;
  if (!advice) return;
  byId('advice-reason').textContent = text(advice.reason);
  byId('advice-effect').hidden = false;
  byId('restart').hidden = true;
  byId('advice-steps').replaceChildren(...advice.steps.map((step) => made('li', text(step))));
}
