/**
 * Makes the engine smaller: `node pkg-scripts/trim.js in.wasm out.wasm`. With `--names` only what runs is changed:
 * the browser tests are trimmed like that, so that they run what is shipped.
 *
 * Burn handles tensors that may be quantised in every operation, and CubeCL's compiler can read its own
 * intermediate language as text. Nothing here quantises or reads such text, but the linker cannot know that. So the
 * functions that do are emptied: who calls one all the same, traps, as after a panic. The names of functions go too,
 * a fifth of the file. `CYCLEGAN_NAMES=1 pkg-scripts/build` leaves the module as it is.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Paths of what is never called. */
const UNUSED = [
  // Quantised tensors.
  /cubecl_std::quant::/,
  /QTensorOps/,
  /burn_backend::quantization/,
  /burn_cubecl::(kernel::quantization|ops::qtensor)/,
  /cubek_quant/,
  // The compiler's intermediate language as text.
  /(^|[< ])combine::/,
  /pliron::utils::apfloat::float_parse/,
  /canonical_syntax_parse/,
  /postparse_outline/,
  /Parsable>::parse/,
];

/** A function that traps: no locals, `unreachable`, `end`. */
const TRAP = Buffer.from([3, 0, 0x00, 0x0b]);
const SECTION = { custom: 0, import: 2, code: 10 };

class Reader {
  /** @param {Buffer} bytes @param {number} [at] */
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    this.at += 1;
    return this.bytes[this.at - 1];
  }

  /** An unsigned LEB128 number. */
  number() {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      factor *= 128;
      if (byte < 128) return value;
    }
  }

  /** Bytes behind their length. */
  chunk() {
    const length = this.number();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

/** @param {number} value */
function leb(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest < 128) return Buffer.from(bytes);
  }
}

/** @param {Buffer} module @returns {{ id: number, body: Buffer, name: string }[]} */
function sectionsOf(module) {
  const reader = new Reader(module, 8);
  const sections = [];
  while (reader.at < module.length) {
    const id = reader.byte();
    const body = reader.chunk();
    const name = id === SECTION.custom ? new Reader(body).chunk().toString() : '';
    sections.push({ id, body, name });
  }
  return sections;
}

/** How many functions come from outside; their indices are the first. @param {Buffer} imports */
function importedFunctions(imports) {
  const reader = new Reader(imports);
  let functions = 0;
  for (let left = reader.number(); left > 0; left -= 1) {
    reader.chunk();
    reader.chunk();
    const kind = reader.byte();
    if (kind !== 0) throw new Error(`the engine imports something other than functions: ${kind}`);
    reader.number();
    functions += 1;
  }
  return functions;
}

/** @param {Buffer} section custom, `name` @returns {Map<number, string>} */
function functionNames(section) {
  const reader = new Reader(section);
  reader.chunk();
  const names = new Map();
  while (reader.at < section.length) {
    const kind = reader.byte();
    const part = new Reader(reader.chunk());
    if (kind !== 1) continue;
    for (let left = part.number(); left > 0; left -= 1)
      names.set(part.number(), part.chunk().toString());
  }
  return names;
}

/** @param {Buffer} code @param {(index: number) => boolean} unused */
function without(code, unused) {
  const reader = new Reader(code);
  const count = reader.number();
  /** @type {Buffer[]} */
  const bodies = [leb(count)];
  for (let index = 0; index < count; index += 1) {
    const from = reader.at;
    reader.chunk();
    bodies.push(unused(index) ? TRAP : code.subarray(from, reader.at));
  }
  return Buffer.concat(bodies);
}

/**
 * @param {Buffer} module with names
 * @param {RegExp[]} unused
 * @param {boolean} named whether names and other custom sections stay
 * @returns {{ module: Buffer, emptied: number[] }} and how many functions each pattern found
 */
export function trim(module, unused = UNUSED, named = false) {
  const sections = sectionsOf(module);
  const section = (/** @type {(one: { id: number, name: string }) => boolean} */ is) => {
    const one = sections.find(is);
    if (!one) throw new Error('a section of the engine is missing');
    return one.body;
  };
  const imported = importedFunctions(section(({ id }) => id === SECTION.import));
  const names = functionNames(section(({ name }) => name === 'name'));
  const emptied = unused.map(() => 0);
  const isUnused = (/** @type {number} */ index) => {
    const name = names.get(imported + index) ?? '';
    const fitting = unused.map((pattern) => pattern.test(name));
    for (const [i, fits] of fitting.entries()) emptied[i] += Number(fits);
    return fitting.includes(true);
  };
  /** @type {Buffer[]} */
  const parts = [module.subarray(0, 8)];
  for (const { id, body } of sections) {
    if (id === SECTION.custom && !named) continue;
    const kept = id === SECTION.code ? without(body, isUnused) : body;
    parts.push(Buffer.from([id]), leb(kept.length), kept);
  }
  return { module: Buffer.concat(parts), emptied };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [from, to, option] = process.argv.slice(2);
  const named = option === '--names';
  const { module, emptied } = trim(readFileSync(from), UNUSED, named);
  const idle = UNUSED.filter((_, i) => emptied[i] === 0);
  // In the tests' module names are still mangled, and some patterns find nothing.
  if (named ? emptied.every((count) => count === 0) : idle.length > 0)
    throw new Error(`nothing is called ${idle.join(', ')}: have the libraries changed its name?`);
  writeFileSync(to, module);
  const counts = UNUSED.map((pattern, i) => `  ${emptied[i]} ${pattern}`);
  console.log(`unused functions emptied, ${module.length} bytes left:\n${counts.join('\n')}`);
}
