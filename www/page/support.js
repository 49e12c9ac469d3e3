/**
 * What this computer can do, and how it could do more, in plain words: the device's sentence and, without
 * WebGPU, the reason with steps for this browser.
 */

/** @import { DeviceReport } from '../engine/protocol.js' */

/** @typedef {Pick<DeviceReport, 'device' | 'fallback'>} Device */
/** @typedef {{ reason: string, steps: string[] }} Advice keys of messages */
/** @typedef {'chrome' | 'firefox' | 'safari' | 'other'} Browser */

/**
 * The browser engine, roughly. Every browser on an iPhone or iPad is Safari underneath.
 * @param {string} agent `navigator.userAgent`
 * @returns {Browser}
 */
export function browserOf(agent) {
  if (/iPhone|iPad|iPod/.test(agent)) return 'safari';
  if (/Firefox\//.test(agent)) return 'firefox';
  if (/Chrome\/|Chromium\//.test(agent)) return 'chrome';
  return /Safari\//.test(agent) ? 'safari' : 'other';
}

/**
 * Why WebGPU is not in use and what to do; null if it is, or if the CPU was requested.
 * @param {Pick<DeviceReport, 'reason'>} report
 * @param {{ secure: boolean, gpu: boolean, agent: string }} here `isSecureContext`, whether there is a
 *   `navigator.gpu`, and the user agent
 * @returns {Advice | null}
 */
export function adviceFor(report, { secure, gpu, agent }) {
  if (!report.reason) return null;
  if (!secure) return { reason: 'advice.insecure', steps: ['advice.insecure.step'] };
  if (!gpu) return { reason: 'advice.missing', steps: [`advice.missing.${browserOf(agent)}`] };
  if (report.reason === 'gpu-unsupported') {
    return { reason: 'advice.limits', steps: ['advice.limits.step'] };
  }
  if (report.reason === 'gpu-unavailable') {
    return { reason: 'advice.adapter', steps: adapterSteps(agent) };
  }
  if (report.reason === 'gpu-software') {
    return { reason: 'advice.fallback', steps: adapterSteps(agent) };
  }
  return { reason: 'advice.failed', steps: ['advice.failed.step'] };
}

/** @param {string} agent */
function adapterSteps(agent) {
  const browser = browserOf(agent);
  const own = browser === 'other' ? [] : [`advice.adapter.${browser}`];
  return ['advice.adapter.acceleration', 'advice.adapter.driver', ...own];
}

/** The key of the sentence in the header. @param {DeviceReport} report */
export function deviceStatus(report) {
  if (report.device === 'cpu') return 'device.cpu';
  if (report.fallback) return 'device.fallback';
  return report.adapter ? 'device.webgpu.named' : 'device.webgpu';
}

/**
 * Whether the device is a processor, or a graphics card emulated by one.
 * @param {Device | null} device null: unknown yet
 */
export function isSlow(device) {
  return device !== null && (device.device === 'cpu' || device.fallback);
}
