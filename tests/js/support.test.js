/** What to say where there is no WebGPU: one reason and steps that fit the browser, all of them in words. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { adviceFor, browserOf, deviceStatus } from '../../www/page/support.js';

const words = JSON.parse(
  readFileSync(new URL('../../www/messages/en.json', import.meta.url), 'utf8'),
);
const AGENTS = {
  chrome:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  firefox: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0',
  safari:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
  other: 'Lynx/2.9',
};
const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/130.0 Mobile/15E148 Safari/604.1';
/** @type {import('../../www/engine/protocol.js').DeviceReport} */
const cpu = {
  device: 'cpu',
  adapter: '',
  fallback: false,
  precision: 'float32',
  reason: 'gpu-unavailable',
  warning: null,
  formats: ['png'],
  defaultSize: 512,
  version: '0',
};

test('browsers are told apart, and on a phone of Apple all are Safari', () => {
  for (const [name, agent] of Object.entries(AGENTS)) assert.equal(browserOf(agent), name);
  assert.equal(browserOf(PHONE), 'safari');
});

test('the nearest reason is given: insecure page, no WebGPU, no card, a card that lacks something', () => {
  const agent = AGENTS.chrome;
  /** @type {[string, boolean, boolean, string][]} */
  const ladder = [
    ['advice.insecure', false, false, 'gpu-unavailable'],
    ['advice.missing', true, false, 'gpu-unavailable'],
    ['advice.adapter', true, true, 'gpu-unavailable'],
    ['advice.fallback', true, true, 'gpu-software'],
    ['advice.limits', true, true, 'gpu-unsupported'],
    ['advice.failed', true, true, 'gpu-lost'],
  ];
  for (const [expected, secure, gpu, reason] of ladder) {
    const advice = adviceFor({ ...cpu, reason }, { secure, gpu, agent });
    assert.equal(advice?.reason, expected);
  }
  assert.equal(adviceFor({ ...cpu, reason: null }, { secure: true, gpu: true, agent }), null);
});

test('every reason and step is in the messages, for every browser', () => {
  for (const agent of Object.values(AGENTS)) {
    for (const reason of ['gpu-unavailable', 'gpu-software', 'gpu-unsupported', 'gpu-lost']) {
      for (const [secure, gpu] of [
        [false, false],
        [true, false],
        [true, true],
      ]) {
        const advice = adviceFor({ ...cpu, reason }, { secure, gpu, agent });
        assert.ok(advice && advice.steps.length > 0);
        for (const key of [advice.reason, ...advice.steps]) assert.ok(key in words, key);
      }
    }
  }
});

test('the device has a sentence', () => {
  assert.equal(deviceStatus(cpu), 'device.cpu');
  assert.equal(deviceStatus({ ...cpu, device: 'webgpu' }), 'device.webgpu');
  assert.equal(deviceStatus({ ...cpu, device: 'webgpu', adapter: 'x' }), 'device.webgpu.named');
  assert.equal(deviceStatus({ ...cpu, device: 'webgpu', fallback: true }), 'device.fallback');
});
