/** The bench's command line, and the tasks it results in. */
import { parseArgs } from 'node:util';

/** @typedef {import('./types.js').Device} Device */
/** @typedef {import('./types.js').Precision} Precision */
/** @typedef {import('./types.js').Task} Task */
/** @typedef {import('./types.js').Work} Work */
/** @typedef {import('./types.js').Refusal} Refusal */
/** @typedef {(work: Work, device: Device, host: string) => string | null} Cannot */

const USAGE = `usage: pkg-scripts/bench [--task translate|train|batch|first|all] [--device cpu|webgpu|both]
                         [--sizes 128,256,512] [--train-sizes 128,256] [--batch-sizes 256] [--identity with|without|both]
                         [--precision float32|float16|both] [--ngf N] [--ndf N] [--repeat N] [--small] [--engines cyclegan-web,onnxruntime-web,litert,jax-js,tfjs]
                         [--host chromium|dawn] [--json FILE] [--profile] [--no-build]
  --task         translation of one picture, one whole training step, a batch of 16 photos on the CPU (in one
                 worker and in as many as pay; the others with one thread and with all), or all (all);
                 first, how soon a page shows its first picture, has options of its own: --task first --help
  --device       (both) on a machine without a graphics card, webgpu is Chromium's software adapter: see --small
  --sizes        sides of the pictures that are translated
  --train-sizes  sides of the pictures of training
  --batch-sizes  sides of the photos of a batch
  --identity     training with the identity losses, without them, or both (both)
  --precision    how ours keeps what it translates on webgpu (float32); float16 wants shader-f16
  --ngf, --ndf   channels behind the first layer of generator and discriminator (64)
  --repeat       measured runs of each engine (5)
  --small        ngf 16, ndf 16 and 32 pixels, unless they are given: for a machine without a graphics card
  --engines      the first is the one that the others are compared with; who cannot do a task is named with the
                 reason
  --host         chromium, or dawn: Node.js with the npm package webgpu, for machines without a browser; webgpu alone
  --json         writes the rows and what they were measured on
  --profile      instead of timing: the functions in which the first engine spends one run`;

/** Why an engine cannot do something; null: it can. Ours first. @type {Record<string, Cannot>} */
const ENGINES = {
  'cyclegan-web': () => null,
  'onnxruntime-web': (work) => (work === 'train' ? 'it no longer trains' : null),
  litert: (work, _, host) => {
    if (work === 'train') return 'it has no gradients';
    return host === 'dawn' ? 'it loads its wasm by a script element' : null;
  },
  'jax-js': (work) => (work === 'batch' ? SLOW : null),
  tfjs: (work, device) => {
    if (work === 'batch') return SLOW;
    const lacks = work === 'train' && device === 'cpu';
    return lacks ? "its wasm backend lacks the gradient of a convolution's weights" : null;
  },
};
const SLOW = 'only the peers that translate fastest are measured with threads';
const BLOCKS = 9;
/** @type {Device[]} */
const DEVICES = ['cpu', 'webgpu'];
/** @type {Precision[]} */
const PRECISIONS = ['float32', 'float16'];
/** @type {Work[]} */
const WORKS = ['translate', 'train', 'batch'];

/** @param {string} problem @returns {never} */
function usage(problem) {
  console.error(`${problem}\n${USAGE}`);
  process.exit(2);
}

/** @param {string} list @param {number} least */
function numbers(list, least) {
  const values = list.split(',').map(Number);
  if (!values.every((value) => Number.isInteger(value) && value >= least)) usage(`not ${list}`);
  return values;
}

/**
 * @template T
 * @param {string} name @param {T[]} values @param {string} wanted one of them, or both, or all
 * @returns {T[]}
 */
function either(name, values, wanted) {
  const chosen = ['both', 'all'].includes(wanted)
    ? values
    : values.filter((value) => value === wanted);
  if (chosen.length === 0) usage(`--${name} is not ${wanted}`);
  return chosen;
}

/** @param {string[]} args */
function parse(args) {
  const string = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean', default: false });
  try {
    return parseArgs({
      args,
      options: {
        task: { ...string, default: 'all' },
        device: { ...string, default: 'both' },
        identity: { ...string, default: 'both' },
        precision: { ...string, default: 'float32' },
        sizes: string,
        'train-sizes': string,
        'batch-sizes': string,
        ngf: string,
        ndf: string,
        repeat: { ...string, default: '5' },
        small: flag,
        engines: { ...string, default: Object.keys(ENGINES).join(',') },
        host: { ...string, default: 'chromium' },
        json: string,
        profile: flag,
        help: flag,
      },
    }).values;
  } catch (error) {
    return usage(/** @type {Error} */ (error).message);
  }
}

/**
 * @param {string[]} args
 * @returns {{ tasks: Task[], refusals: Refusal[], host: string, json: string | undefined, profile: boolean }}
 */
export function readOptions(args) {
  const options = parse(args);
  if (options.help) {
    console.log(USAGE);
    process.exit();
  }
  const { small } = options;
  const sizes = {
    translate: numbers(options.sizes ?? (small ? '32' : '128,256,512'), 8),
    train: numbers(options['train-sizes'] ?? (small ? '32' : '128,256'), 24),
    // Large enough to be worth a second worker.
    batch: numbers(options['batch-sizes'] ?? '256', 8),
  };
  if (Object.values(sizes).some((list) => list.some((size) => size % 4 !== 0))) {
    usage('sizes are multiples of 4');
  }
  const [ngf] = numbers(options.ngf ?? (small ? '16' : '64'), 4);
  const [ndf] = numbers(options.ndf ?? (small ? '16' : '64'), 4);
  const [repeat] = numbers(options.repeat, 1);
  const engines = options.engines.split(',');
  if (!engines.every((engine) => engine in ENGINES)) usage(`not ${options.engines}`);
  if (!['chromium', 'dawn'].includes(options.host)) usage(`--host is not ${options.host}`);
  const identities = either('identity', ['without', 'with'], options.identity);
  const precisions = either('precision', PRECISIONS, options.precision);
  /** @type {Task[]} */
  const tasks = [];
  /** @type {Refusal[]} */
  const refusals = [];
  // Dawn is for graphics cards: the peers' wasm backends need a browser.
  const devices = options.host === 'dawn' ? DEVICES.slice(1) : DEVICES;
  // A profile is of one thread.
  const works = options.profile ? WORKS.slice(0, 2) : WORKS;
  for (const device of either('device', devices, options.device)) {
    for (const work of either('task', works, options.task)) {
      if (work === 'batch' && device === 'webgpu') continue; // there one worker owns the card
      const able = engines.filter((engine) => {
        const reason = ENGINES[engine](work, device, options.host);
        if (reason) refusals.push({ work, device, engine, reason });
        return !reason;
      });
      if (able.length === 0) continue;
      for (const size of sizes[work]) {
        for (const identity of work === 'train' ? identities : ['without']) {
          const common = { work, device, size, ngf, ndf, repeat, blocks: BLOCKS };
          const kept =
            work === 'translate' && device === 'webgpu' ? precisions : PRECISIONS.slice(0, 1);
          for (const precision of kept) {
            tasks.push({ ...common, precision, identity: identity === 'with', engines: able });
          }
        }
      }
    }
  }
  if (tasks.length === 0) usage(`${options.engines} cannot do that`);
  return { tasks, refusals, host: options.host, json: options.json, profile: options.profile };
}
