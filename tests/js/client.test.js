/** The page's handle on the worker: which requests run at a time, abort, death and revival. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineClient } from '../../www/engine/client.js';
import { isFinal } from '../../www/engine/codes.js';
import { CodedError } from '../../www/failure.js';

/** What a stand-in for the worker does with a request; nothing returned: it never answers. */
/** @typedef {(request: any, worker: FakeWorker) => any} Behaviour */

const REPORT = {
  device: 'cpu',
  adapter: '',
  fallback: false,
  precision: 'float32',
  reason: null,
  warning: null,
  defaultSize: 512,
  version: '0',
};

class FakeWorker extends EventTarget {
  /** @type {any[]} */
  requests = [];
  ended = false;

  /** @param {Behaviour} behave @param {any} [first] what it says when it starts */
  constructor(behave, first = { ready: true }) {
    super();
    this.behave = behave;
    if (first) setImmediate(() => this.say(first));
  }

  /** @param {any} data */
  say(data) {
    if (!this.ended) this.dispatchEvent(new MessageEvent('message', { data }));
  }

  /** @param {any} request @param {Transferable[]} transfer */
  postMessage(request, transfer) {
    const data = structuredClone(request, { transfer: /** @type {any} */ (transfer) });
    this.requests.push(data);
    setImmediate(async () => {
      const answer = await this.behave(data, this);
      if (answer) this.say({ id: data.id, ...answer });
    });
  }

  terminate() {
    this.ended = true;
  }
}

/** @type {Behaviour} */
const good = (request) => ({ value: request.do === 'open' ? REPORT : `${request.do} done` });
/** Answers well, but fails the translations with these codes, one after another. @param {...string} codes @returns {Behaviour} */
const failing =
  (...codes) =>
  (request) => {
    const code = request.do === 'translate' ? codes.shift() : undefined;
    return code
      ? { failure: { code, detail: 'as told' } }
      : good(request, /** @type {any} */ (null));
  };

/** A client whose workers are kept in a list. @param {Behaviour} behave @param {any} [first] @param {number} [limit] */
function clientOf(behave, first, limit) {
  /** @type {FakeWorker[]} */
  const workers = [];
  const reports = /** @type {any[]} */ ([]);
  const spawn = () => {
    workers.push(new FakeWorker(behave, first));
    return /** @type {any} */ (workers.at(-1));
  };
  const onOpen = (/** @type {any} */ report) => reports.push(report);
  const client = new EngineClient(spawn, 'auto', { onOpen, silence: limit });
  const asked = () =>
    workers.map((worker) => worker.requests.map((request) => request.do).join(' '));
  return { client, workers, reports, asked };
}

const job = /** @type {import('../../www/engine/protocol.js').TranslateJob} */ ({
  file: new Blob(['photo']),
  size: 256,
  margin: 0,
  smooth: 4,
  format: 'png',
});

/** @param {string} text @param {string | null} [sha256] @returns {import('../../www/engine/client.js').Weights} */
const weightsOf = (text, sha256 = null) => ({
  read: () => new Blob([text]).arrayBuffer(),
  sha256,
});
const weights = weightsOf('abc');

test('the worker starts at the first request, opens once, and answers', async () => {
  const { client, workers, reports, asked } = clientOf(good);
  assert.equal(workers.length, 0);
  assert.deepEqual(await client.open(), REPORT);
  assert.deepEqual(await client.open(), REPORT);
  assert.equal(await client.load(weightsOf('abc', 'ff')), 'load done');
  assert.equal(await client.translate(job, weights), 'translate done');
  assert.equal(
    await client.paint({ season: 'winter', seed: 1, width: 8, height: 8 }),
    'paint done',
  );
  assert.deepEqual(asked(), ['open load load translate paint']);
  assert.equal(reports.length, 1);
  assert.equal(workers[0]?.requests[0].device, 'auto');
  assert.equal(Buffer.from(workers[0]?.requests[1].bytes).toString(), 'abc');
});

test('a frame is transferred with its weights loaded first, and closed also if it never gets there', async () => {
  const { client, workers, asked } = clientOf(good);
  /** A frame that can be transferred. */
  const frame = () => {
    const { port1: made } = new MessageChannel();
    let closed = 0;
    made.close = () => {
      closed += 1;
    };
    return { frame: /** @type {any} */ (made), count: () => closed };
  };
  const first = frame();
  const sizes = { seen: { width: 128, height: 96 }, shown: { width: 640, height: 480 } };
  assert.equal(await client.live(first.frame, sizes, weights), 'live-frame done');
  assert.equal(await client.live(frame().frame, sizes, weights), 'live-frame done');
  assert.deepEqual(asked(), ['open load live-frame live-frame']);
  const [, , sent] = workers[0].requests;
  assert.deepEqual([sent.seen, sent.shown], [sizes.seen, sizes.shown]);
  const late = frame();
  const waiting = client.live(late.frame, sizes, weights);
  client.close();
  await assert.rejects(waiting, /closed/);
  assert.equal(late.count(), 1);
  for (const { requests } of workers) for (const { frame: port } of requests) port?.close();
});

test('passes over a photo are told to whoever asked for it, and to nobody else', async () => {
  const { client } = clientOf(async (request, worker) => {
    if (request.do === 'translate')
      for (const passed of [1, 2, 3]) worker.say({ id: request.id, passed });
    return good(request, worker);
  });
  /** @type {[string, number][]} */
  const told = [];
  await client.translate(job, weights, undefined, (passed) => told.push(['first', passed]));
  await client.translate(job, weights);
  await client.translate(job, weights, undefined, (passed) => told.push(['third', passed]));
  assert.deepEqual(
    told,
    ['first', 'third'].flatMap((who) => [1, 2, 3].map((passed) => [who, passed])),
  );
});

test('where the graphics card cannot be started, the CPU is opened instead, and says why', async () => {
  const { client, reports, asked, workers } = clientOf((request, worker) =>
    request.device === 'auto'
      ? { failure: { code: 'engine-died', detail: 'unreachable' } }
      : good(request, worker),
  );
  assert.equal((await client.open()).reason, 'gpu-failed');
  assert.equal(await client.translate(job, weights), 'translate done');
  assert.deepEqual(asked(), ['open', 'open load translate']);
  assert.equal(workers[1]?.requests[0].device, 'cpu');
  assert.equal(reports.length, 1);
});

test('requests run one at a time, in their order, apart from translations with the same weights', async () => {
  let running = 0;
  const { client, asked } = clientOf(async (request) => {
    running += 1;
    assert.equal(running, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    return good(request, /** @type {any} */ (null));
  });
  await Promise.all([
    client.translate(job, weights),
    client.load(weightsOf('')),
    client.translate(job, weights),
  ]);
  assert.deepEqual(asked(), ['open load translate load load translate']);
});

/** Answers translations of files by these names when told to, and all else at once. */
function held() {
  /** @type {Map<string, (answer: any) => void>} */
  const answers = new Map();
  /** @type {Behaviour} */
  const behave = (request, worker) =>
    request.do === 'translate'
      ? new Promise((resolve) => answers.set(request.format, resolve))
      : good(request, worker);
  const answer = async (/** @type {string} */ name, /** @type {any} */ value) => {
    while (!answers.has(name)) await new Promise((resolve) => setTimeout(resolve, 1));
    answers.get(name)?.(value);
    answers.delete(name);
  };
  return { behave, answer };
}
const FIRST = { ...job, format: /** @type {const} */ ('png') };
const SECOND = { ...job, format: /** @type {const} */ ('jpeg') };

test('translations with the same weights run beside each other, and load them once', async () => {
  const { behave, answer } = held();
  const { client, workers, asked } = clientOf(behave);
  /** @type {[string, number][]} */
  const told = [];
  const first = client.translate(FIRST, weights, undefined, (n) => told.push(['first', n]));
  const second = client.translate(SECOND, weights, undefined, (n) => told.push(['second', n]));
  const painted = client.paint({ season: 'winter', seed: 1, width: 8, height: 8 });
  const third = client.translate(FIRST, weights);
  await answer('jpeg', { value: { made: 'second' } });
  assert.deepEqual(await second, { made: 'second' });
  assert.deepEqual(asked(), ['open load translate translate']);
  const [, , { id }] = workers[0].requests;
  workers[0].say({ id, passed: 1 });
  await answer('png', { value: { made: 'first' } });
  assert.deepEqual(await first, { made: 'first' });
  assert.equal(await painted, 'paint done');
  await answer('png', { value: { made: 'third' } });
  assert.deepEqual(await third, { made: 'third' });
  assert.deepEqual(asked(), ['open load translate translate paint translate']);
  assert.deepEqual(told, [['first', 1]]);
});

for (const code of ['engine-died', 'gpu-lost']) {
  test(`${code} ends all photos under way, and the worker that is started next goes on`, async () => {
    const { behave, answer } = held();
    const { client, workers, asked } = clientOf(behave);
    const first = client.translate(FIRST, weights);
    const second = client.translate(SECOND, weights);
    const next = Promise.allSettled([first]).then(() => client.translate(FIRST, weights));
    await answer('jpeg', { failure: { code, detail: '' } });
    await assert.rejects(second, { code });
    await assert.rejects(first, { code });
    assert.ok(workers[0].ended);
    await answer('png', { value: 'never heard' });
    await answer('png', { value: 'translate done' });
    assert.equal(await next, 'translate done');
    assert.equal(workers.length, 2);
    assert.deepEqual(asked(), ['open load translate translate', 'open load translate']);
  });
}

test('a death of several photos is of none of them; three alone in a row are enough', async () => {
  const { behave, answer } = held();
  const { client } = clientOf(behave);
  const death = { failure: { code: 'engine-died', detail: '' } };
  for (let i = 0; i < 4; i += 1) {
    const both = [FIRST, SECOND].map((one) => client.translate(one, weights));
    await answer('png', death);
    for (const one of both) await assert.rejects(one, { code: 'engine-died' });
  }
  for (const code of ['engine-died', 'engine-died', 'engine-keeps-dying']) {
    const alone = client.translate(FIRST, weights);
    await answer('png', death);
    await assert.rejects(alone, { code });
  }
});

for (const code of ['image-unreadable', 'gpu-refused', 'out-of-memory']) {
  test(`a photo that fails with ${code} leaves the worker alone`, async () => {
    const { client, workers } = clientOf(failing(code));
    await assert.rejects(client.translate(job, weights), { code, message: 'as told' });
    assert.equal(await client.translate(job, weights), 'translate done');
    assert.equal(workers.length, 1);
  });
}

for (const code of ['engine-died', 'gpu-lost']) {
  test(`after ${code} a new worker opens the device and reads the model again`, async () => {
    const { client, workers, reports, asked } = clientOf(failing(code));
    await client.load(weights);
    await assert.rejects(client.translate(job, weights), { code });
    assert.ok(workers[0]?.ended);
    assert.equal(await client.translate(job, weights), 'translate done');
    assert.deepEqual(asked(), ['open load translate', 'open load translate']);
    assert.equal(Buffer.from(workers[1]?.requests[1].bytes).toString(), 'abc');
    assert.equal(reports.length, 2);
  });
}

test('three deaths in a row are enough; a success in between starts the count again', async () => {
  const died = 'engine-died';
  const { client } = clientOf(failing(died, 'gpu-lost', '', died, died, died, died));
  await assert.rejects(client.translate(job, weights), { code: died });
  await assert.rejects(client.translate(job, weights), { code: 'gpu-lost' });
  await client.translate(job, weights);
  await assert.rejects(client.translate(job, weights), { code: died });
  await assert.rejects(client.translate(job, weights), { code: died });
  await assert.rejects(client.translate(job, weights), { code: 'engine-keeps-dying' });
  await assert.rejects(client.translate(job, weights), { code: 'engine-keeps-dying' });
  assert.equal(
    await client.translate(job, weights),
    'translate done',
    'trying again stays possible',
  );
});

test('a crash that the worker tells of, or an uncaught error, ends the running request', async () => {
  for (const crash of [
    (/** @type {FakeWorker} */ worker) =>
      worker.say({ crash: { code: 'engine-died', detail: 'unreachable' } }),
    (/** @type {FakeWorker} */ worker) => worker.dispatchEvent(new Event('error')),
    (/** @type {FakeWorker} */ worker) => worker.dispatchEvent(new Event('messageerror')),
  ]) {
    let crashed = false;
    const { client } = clientOf((request, worker) => {
      if (request.do !== 'translate' || crashed) return good(request, worker);
      crashed = true;
      crash(worker);
    });
    await assert.rejects(client.translate(job, weights), { code: 'engine-died' });
    assert.equal(await client.translate(job, weights), 'translate done');
  }
});

test('a crash between requests is survived without a failure', async () => {
  const { client, workers } = clientOf(good);
  await client.open();
  workers[0]?.say({ crash: { code: 'engine-died', detail: 'late' } });
  assert.ok(workers[0]?.ended);
  assert.equal(await client.translate(job, weights), 'translate done');
  assert.equal(workers.length, 2);
});

test('a worker that cannot be loaded is engine-unavailable, never a wait without end', async () => {
  const broken = clientOf(good, null);
  const opening = broken.client.open();
  setImmediate(() => broken.workers[0]?.dispatchEvent(new Event('error')));
  await assert.rejects(opening, { code: 'engine-unavailable' });

  const noWasm = clientOf(good, { crash: { code: 'engine-unavailable', detail: '404' } });
  await assert.rejects(noWasm.client.open(), { code: 'engine-unavailable', message: '404' });

  const silent = clientOf(good, null, 20);
  await assert.rejects(silent.client.open(), { code: 'engine-unavailable' });
  assert.ok(silent.workers[0]?.ended);

  const hung = clientOf(() => undefined, { ready: true }, 20);
  await assert.rejects(hung.client.open(), { code: 'engine-unavailable' });

  const refused = new EngineClient(() => {
    throw new DOMException('by policy', 'SecurityError');
  }, 'auto');
  await assert.rejects(refused.open(), { code: 'engine-unavailable' });
});

test('a device that cannot be opened may be tried again in a new worker', async () => {
  let tries = 0;
  const { client, workers } = clientOf((request, worker) => {
    tries += 1;
    return tries === 1
      ? { failure: { code: 'gpu-unavailable', detail: '' } }
      : good(request, worker);
  });
  await assert.rejects(client.open(), { code: 'gpu-unavailable' });
  assert.deepEqual(await client.open(), REPORT);
  assert.equal(workers.length, 2);
});

test('abort lets a request that is nearly done finish', async () => {
  const controller = new AbortController();
  const { client, workers } = clientOf(async (request, worker) => {
    if (request.do === 'translate') {
      controller.abort();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return good(request, worker);
  });
  assert.equal(await client.translate(job, weights, controller.signal), 'translate done');
  await assert.rejects(client.translate(job, weights, controller.signal), { name: 'AbortError' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(!workers[0]?.ended);
});

test('abort ends the worker of a long request, and the next one revives it', async () => {
  const controller = new AbortController();
  let hanging = 2;
  const { client, workers, asked } = clientOf((request, worker) => {
    if (request.do !== 'translate' || hanging === 0) return good(request, worker);
    hanging -= 1;
    if (hanging === 0) controller.abort();
  });
  await client.load(weights);
  const started = performance.now();
  const all = await Promise.allSettled([
    client.translate(job, weights, controller.signal),
    client.translate(job, weights, controller.signal),
    client.translate(job, weightsOf('other'), controller.signal),
  ]);
  assert.ok(performance.now() - started < 2000);
  for (const one of all) assert.equal(one.status === 'rejected' && one.reason.name, 'AbortError');
  assert.ok(workers[0]?.ended);
  assert.equal(await client.translate(job, weights), 'translate done');
  assert.deepEqual(asked(), ['open load translate translate', 'open load translate']);
});

test('abort while the weights are read is an abort, not a death', async () => {
  const { client } = clientOf(good);
  const controller = new AbortController();
  const slow = weightsOf('abc');
  slow.read = () => {
    controller.abort(); // so that both clocks start together, however busy the machine is
    return new Promise((resolve) => setTimeout(resolve, 600, new ArrayBuffer(3)));
  };
  const loading = client.load(slow, controller.signal);
  await assert.rejects(loading, { name: 'AbortError' });
});

test('weights that are refused leave those of before in place', async () => {
  const { client, asked } = clientOf((request, worker) =>
    request.do === 'load' && request.sha256 === 'bad'
      ? { failure: { code: 'weights-hash-mismatch', detail: '' } }
      : good(request, worker),
  );
  await client.load(weights);
  await assert.rejects(client.load(weightsOf('second', 'bad')), { code: 'weights-hash-mismatch' });
  await client.translate(job, weights);
  assert.deepEqual(asked(), ['open load load translate']);
});

test('each photo is translated with the weights it was asked with, whatever is loaded in between', async () => {
  const { client, asked, workers } = clientOf(good);
  const other = weightsOf('other');
  await Promise.all([
    client.load(weights),
    client.translate(job, weights),
    client.load(other),
    client.translate(job, weights),
    client.translate(job, weights),
  ]);
  assert.deepEqual(asked(), ['open load translate load load translate translate']);
  const bytes = workers[0]?.requests
    .filter((request) => request.do === 'load')
    .map((request) => Buffer.from(request.bytes).toString());
  assert.deepEqual(bytes, ['abc', 'other', 'abc']);
});

test('weights whose file is gone are told of as such, and stop the run', async () => {
  const { client, workers } = clientOf(good);
  const own = weightsOf('abc');
  await client.load(own);
  workers[0]?.say({ crash: { code: 'engine-died', detail: '' } });
  own.read = () => Promise.reject(new CodedError('weights-gone', 'moved'));
  await assert.rejects(client.translate(job, own), { code: 'weights-gone' });
  assert.ok(isFinal('weights-gone'));
  await client.load(weightsOf('new'));
  assert.equal(await client.translate(job, weights), 'translate done');
});

test('weights are read anew for each worker, from where they are by then', async () => {
  const { client, workers } = clientOf(good);
  const own = weightsOf('abc');
  await client.load(own);
  own.read = weightsOf('stored').read;
  await client.translate(job, own);
  workers[0]?.say({ crash: { code: 'engine-died', detail: '' } });
  await client.translate(job, own);
  assert.equal(Buffer.from(workers[1]?.requests[1].bytes).toString(), 'stored');
});

test('a slow start is waited for as long as something comes', async () => {
  /** @type {any[]} */
  const told = [];
  /** @type {FakeWorker} */
  let worker;
  const client = new EngineClient(
    () => {
      worker = new FakeWorker(good, null);
      for (const n of [1, 2, 3, 4]) {
        setTimeout(() => worker.say({ loaded: n, total: 4 }), 150 * n);
      }
      setTimeout(() => worker.say({ ready: true }), 700);
      return /** @type {any} */ (worker);
    },
    'auto',
    { silence: 500, onLoading: (loading) => told.push(loading) },
  );
  assert.deepEqual(await client.open(), REPORT);
  assert.deepEqual(
    told.map(({ loaded }) => loaded),
    [1, 2, 3, 4],
  );
});

test('a worker whose script the browser cannot read means a browser that is too old', async () => {
  const { client, workers } = clientOf(good, null);
  const opening = client.open();
  setImmediate(() => {
    const message = 'Uncaught SyntaxError: Cannot use import statement outside a module';
    workers[0]?.dispatchEvent(Object.assign(new Event('error'), { message }));
  });
  await assert.rejects(opening, { code: 'browser-unsupported' });
});

test('close ends what is running, and a later request starts anew', async () => {
  const { client, workers } = clientOf((request, worker) =>
    request.do === 'translate' ? undefined : good(request, worker),
  );
  await client.open();
  const running = client.translate(job, weights);
  setTimeout(() => client.close(), 20);
  await assert.rejects(running, { name: 'AbortError' });
  assert.ok(workers[0]?.ended);
  assert.deepEqual(await client.open(), REPORT);
});

test('any other request is sent as it is, and its success counts as a sign of life', async () => {
  let deaths = 2;
  const { client, workers, asked } = clientOf((request, worker) => {
    if (request.do !== 'train-steps' || deaths === 0) return good(request, worker);
    deaths -= 1;
    return { failure: { code: 'gpu-lost', detail: '' } };
  });
  await assert.rejects(client.request('train-steps', { steps: 3 }), { code: 'gpu-lost' });
  await assert.rejects(client.request('train-steps', { steps: 3 }), { code: 'gpu-lost' });
  assert.equal(await client.request('train-steps', { steps: 3 }), 'train-steps done');
  assert.equal(workers[2]?.requests[1].steps, 3);
  deaths = 1;
  await assert.rejects(client.request('train-steps', { steps: 3 }), { code: 'gpu-lost' });
  assert.deepEqual(asked(), [
    'open train-steps',
    'open train-steps',
    'open train-steps train-steps',
  ]);
});

test('weights are exported with what was asked for, and the loaded model stays', async () => {
  const { client, workers, asked } = clientOf(good);
  const mine = weightsOf('mine');
  await client.load(mine);
  const how = /** @type {const} */ ({ to: 'onnx', half: true, network: 'G_B', about: null });
  assert.equal(await client.export(weightsOf('another'), how), 'export done');
  const { bytes, id: _, ...sent } = workers[0].requests[2];
  assert.equal(new TextDecoder().decode(bytes), 'another');
  assert.deepEqual(sent, { do: 'export', ...how });
  await client.translate(job, mine);
  assert.deepEqual(asked(), ['open load export translate']);
});

test('a worker is handed over with what it has loaded, and the page starts another', async () => {
  const { client, asked } = clientOf(good);
  const other = clientOf(good);
  await client.load(weights);
  await client.handOver(other.client);
  await other.client.translate(job, weights);
  await client.translate(job, weights);
  assert.deepEqual(asked(), ['open load translate', 'open load translate']);
  assert.deepEqual(other.asked(), []);
});

test('weights can be read from elsewhere, such as a copy', async () => {
  const { client, workers } = clientOf(good);
  await client.load(weights, undefined, weightsOf('copy').read);
  await client.translate(job, weights);
  assert.equal(Buffer.from(workers[0].requests[1].bytes).toString(), 'copy');
  assert.equal(workers[0].requests.length, 3);
});
