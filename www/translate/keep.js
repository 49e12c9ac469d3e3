/**
 * The gallery in this site's private storage: each result as soon as it is made, and what is still to be done.
 *
 * A gallery is a folder that belongs to one tab, which locks it as long as it is open. Pictures get new names;
 * only then is the index written that names them, and only then are the pictures that they replace removed. So
 * whenever the page ends, the index names whole files, and what it does not name is swept away by the next
 * visit. The index comes in blocks of a few photos, because it is written with each result.
 */
import { leaseOf } from '../engine/lease.js';
import { CodedError, failureOf } from '../failure.js';
import { readIndexFile, slotsOf } from '../files/index-file.js';
import { tabMemory } from '../page/memory.js';
import { itemOf } from './queue.js';
import { inMemory } from './result.js';

/** @import { Failure } from '../failure.js' */
/** @import { Writer } from '../files/writer.js' */
/** @import { Origin } from './absent.js' */
/** @import { Item, Made, Queue, Result, Stored } from './queue.js' */

/**
 * An item as it is stored.
 * @typedef {object} Entry
 * @property {number} id
 * @property {string} name
 * @property {Origin | null} origin
 * @property {Failure | null} problem
 * @property {boolean} skipped
 * @property {boolean} again
 * @property {(Omit<Result, 'open' | 'stored'> & { stored: Stored, saved: boolean }) | null} result
 */
/** @typedef {{ version: 1, sequence: number, written: number, entries: Entry[] }} Block `written`: milliseconds */

/** The folder of all galleries. */
const ROOM = 'results';
/** Photos in one block of the index. */
const BLOCK = 64;
/** A block's name; the number is that of the photos before it, in blocks. */
const BLOCK_NAME = /^block-(\d+)-[01]\.json$/;
/**
 * How long to wait for a gallery, in milliseconds: this tab's, which its last page may still hold after a reload,
 * and another tab's.
 */
const PATIENCE = { own: 3000, other: 100 };
/** Milliseconds in which changes other than results are gathered. */
const SOON = 300;
/** Under which a tab remembers its gallery. */
const MINE = 'gallery';

export class Keep {
  #run;
  #root;
  #writer;
  /** Name of this tab's folder; empty: it has none yet. */
  #folder = '';
  /** Number of the last write of each block. @type {Map<number, number>} */
  #sequences = new Map();
  /** @type {Set<number>} */
  #changed = new Set();
  #scheduled = false;
  /** The last write of an index. @type {Promise<unknown>} */
  #last = Promise.resolve();
  /** Results that are stored, but not yet with their items. @type {Map<number, Result>} */
  #arriving = new Map();
  #onTrouble;
  /** Folders of closed tabs, which nobody has asked for yet. @type {string[]} */
  others = [];
  /** Bytes that those take. */
  otherBytes = 0;

  /**
   * @param {Queue} run
   * @param {FileSystemDirectoryHandle} root of this site's private storage
   * @param {Writer} writer
   * @param {(problem: Failure) => void} onTrouble `storage-full`, `storage-unavailable`: from now on results
   *   are in memory until that changes
   */
  constructor(run, root, writer, onTrouble) {
    this.#run = run;
    this.#root = root;
    this.#writer = writer;
    this.#onTrouble = onTrouble;
  }

  /**
   * The items of the gallery that this tab had before, otherwise the latest that no tab has.
   * @returns {Promise<Item[]>} in order; empty: there is none
   */
  async reopen() {
    const room = await this.#root.getDirectoryHandle(ROOM).catch(() => null);
    if (!room) return [];
    const mine = tabMemory.get(MINE);
    const used = new Map();
    for await (const { name } of room.values())
      used.set(name, name === mine ? Number.POSITIVE_INFINITY : await this.#lastUsed(name));
    const names = [...used.keys()].sort((a, b) => used.get(b) - used.get(a));
    for (const [i, name] of names.entries()) {
      const lease = await lockOf(name, name === mine ? PATIENCE.own : PATIENCE.other);
      if (!lease) continue;
      // Another tab may have removed it meanwhile.
      const blocks = await this.#read(name).catch(() => new Map());
      const entries = [...blocks.values()].flatMap((block) => block.entries);
      if (entries.length > 0) {
        this.others = names.slice(i + 1);
        this.#adopt(name, blocks);
        return entries.sort((a, b) => a.id - b.id).map((entry) => this.#item(entry));
      }
      await this.#write({ do: 'erase' }, name).catch(() => {});
      lease.release();
    }
    return [];
  }

  /** When a gallery was last written to, in milliseconds. @param {string} folder */
  async #lastUsed(folder) {
    // Another tab may remove it meanwhile.
    const blocks = await this.#read(folder).catch(() => new Map());
    return Math.max(0, ...[...blocks.values()].map(({ written }) => written));
  }

  /** @param {string} folder, locked until the page is closed @param {Map<number, Block>} blocks */
  #adopt(folder, blocks) {
    this.#folder = folder;
    tabMemory.set(MINE, folder);
    const keep = [];
    for (const [number, { sequence, entries }] of blocks) {
      this.#sequences.set(number, sequence);
      keep.push(...slotsOf(blockName(number)));
      for (const { result } of entries) if (result) keep.push(...filesOf(result.stored));
    }
    this.#write({ do: 'sweep', keep }).catch(() => {});
  }

  /** @param {string} folder @returns {Promise<Map<number, Block>>} */
  async #read(folder) {
    const handle = await this.#open(folder);
    const numbers = new Set();
    for await (const { name } of handle.values()) {
      const found = BLOCK_NAME.exec(name);
      if (found) numbers.add(Number(found[1]));
    }
    const disk = { read: (/** @type {string} */ name) => readFile(handle, name).catch(() => null) };
    const blocks = new Map();
    for (const number of numbers) {
      const block = await readIndexFile(disk, blockName(number));
      if (block?.version === 1) blocks.set(number, block);
    }
    return blocks;
  }

  /** @param {Entry} entry @returns {Item} */
  #item({ id, name, origin, problem, skipped, again = false, result: known }) {
    const result = known && this.#result(known, known.stored);
    const saved = known?.saved ? result : null;
    const state = skipped ? 'skipped' : problem ? 'failed' : result ? 'done' : 'waiting';
    return itemOf(id, name, state, { origin, problem, again, result, saved });
  }

  /** @param {Omit<Result, 'open' | 'stored'>} known @param {Stored} stored @returns {Result} */
  #result({ picture, direction, made }, stored) {
    const folder = this.#folder;
    const open = async () => {
      try {
        const handle = await this.#open(folder);
        const [before, after] = await Promise.all(
          filesOf(stored).map((name) => readFile(handle, name)),
        );
        if (before.size + after.size === stored.bytes) return { before, after };
      } catch (error) {
        throw new CodedError('storage-gone', failureOf(error).detail);
      }
      throw new CodedError('storage-gone', `${stored.after} has another size`);
    };
    return { picture, direction, made, stored, open };
  }

  /** From now on this tab has a gallery; all that is known of the run is stored. */
  async begin() {
    if (!this.#folder) {
      const name = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
      await lockOf(name); // held until the page is closed
      this.#folder = name;
      tabMemory.set(MINE, name);
      navigator.storage.persist?.().catch(() => {}); // otherwise it may go when the disk is full
    }
    this.note([...this.#run.items.values()]);
  }

  /**
   * Stores a result. Once this resolves, neither a reload nor a crash takes it away. Without room it is in
   * memory.
   * @param {Item} item
   * @param {Made} made
   * @returns {Promise<Result>}
   * @throws {CodedError} `out-of-room`: there is no room in memory either
   */
  async store(item, made) {
    const { before, after, ...picture } = made.picture;
    const stem = `${item.id}-${Date.now().toString(36)}`;
    const stored = { before: `${stem}-before`, after: `${stem}-after`, bytes: 0 };
    for (const role of /** @type {const} */ (['before', 'after'])) {
      stored[role] += `.${made.picture[role].type.replace('image/', '')}`;
    }
    const old = item.result?.stored;
    try {
      for (const [role, content] of Object.entries({ before, after })) {
        const name = stored[/** @type {'before' | 'after'} */ (role)];
        stored.bytes += await this.#write({ do: 'write', name, content });
      }
      const result = this.#result({ ...made, picture }, stored);
      this.#arriving.set(item.id, result);
      await this.#index(blockOf(item.id));
      if (old) this.#remove([old]);
      const { items, removed } = this.#run;
      if (!items.has(item.id) && !removed.has(item.id)) {
        this.#arriving.delete(item.id);
        this.#remove([stored]); // gone for good meanwhile
      }
      return result;
    } catch (error) {
      this.#arriving.delete(item.id);
      this.#remove([stored]);
      this.#onTrouble(failureOf(error, 'storage-unavailable'));
      return inMemory(made);
    }
  }

  /** Something about these items has changed, or they were removed. @param {Item[]} items */
  note(items) {
    if (!this.#folder) return;
    for (const { id } of items) this.#changed.add(blockOf(id));
    if (this.#scheduled || this.#changed.size === 0) return;
    this.#scheduled = true;
    setTimeout(async () => {
      this.#scheduled = false;
      const blocks = [...this.#changed];
      this.#changed.clear();
      for (const block of blocks) {
        await this.#index(block).catch((error) => this.#onTrouble(failureOf(error)));
      }
    }, SOON);
  }

  /** Gives back the space of items that are gone for good. @param {Item[]} items */
  async forget(items) {
    const gone = items.flatMap(({ result }) => result?.stored ?? []);
    if (gone.length === 0) return;
    for (const block of new Set(items.map(({ id }) => blockOf(id)))) {
      await this.#index(block).catch(() => {}); // it may still name them
    }
    this.#remove(gone);
  }

  /** Counts what closed tabs have left. @returns {Promise<void>} */
  async weighOthers() {
    this.otherBytes = 0;
    await this.#forOthers(async (name) => {
      for (const { entries } of (await this.#read(name)).values())
        for (const { result } of entries) this.otherBytes += result?.stored.bytes ?? 0;
    });
  }

  /** Removes what closed tabs have left. */
  async forgetOthers() {
    await this.#forOthers((name) => this.#write({ do: 'erase' }, name));
    this.others = [];
    this.otherBytes = 0;
  }

  /** @param {(name: string) => Promise<void>} act on each folder that still no tab has; it may fail */
  async #forOthers(act) {
    for (const name of this.others) {
      const lease = await lockOf(name, PATIENCE.other);
      if (lease) await act(name).catch(() => {});
      lease?.release();
    }
  }

  /** @param {number} block */
  #index(block) {
    const turn = this.#last.then(async () => {
      const sequence = (this.#sequences.get(block) ?? 0) + 1;
      const entries = this.#entries(block);
      const index = { version: 1, sequence, written: Date.now(), entries };
      await this.#write({ do: 'index', name: blockName(block), index });
      this.#sequences.set(block, sequence); // after a failure the other version is still the last
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** @param {number} block @returns {Entry[]} */
  #entries(block) {
    const entries = [];
    for (let id = block * BLOCK; id < (block + 1) * BLOCK; id += 1) {
      const item = this.#run.items.get(id);
      if (!item) continue;
      const arriving = this.#arriving.get(id);
      if (arriving && arriving === item.result) this.#arriving.delete(id);
      const result = arriving ?? item.result;
      const { name, origin, saved } = item;
      const problem = result === item.result ? item.problem : null;
      entries.push({
        ...{ id, name, origin, problem },
        skipped: item.state === 'skipped',
        again: item.again && result === item.result,
        result: result?.stored ? resultEntry(result, result.stored, result === saved) : null,
      });
    }
    return entries;
  }

  /** @param {Stored[]} gone */
  #remove(gone) {
    this.#write({ do: 'remove', names: gone.flatMap(filesOf) }).catch(() => {});
  }

  /** @param {any} job @param {string} [folder] */
  #write(job, folder = this.#folder) {
    return this.#writer.do({ room: ROOM, folder, ...job });
  }

  /** @param {string} folder */
  async #open(folder) {
    return (await this.#root.getDirectoryHandle(ROOM)).getDirectoryHandle(folder);
  }
}

/** @param {Result} result @param {Stored} stored @param {boolean} saved @returns {Entry['result']} */
const resultEntry = ({ picture, direction, made }, stored, saved) => ({
  ...{ picture, direction, made, stored, saved },
});

/** @param {number} id */
const blockOf = (id) => Math.floor(id / BLOCK);
/** @param {number} block */
const blockName = (block) => `block-${block}`;
/** @param {Stored} stored */
const filesOf = ({ before, after }) => [before, after];

/** @param {FileSystemDirectoryHandle} folder @param {string} name */
async function readFile(folder, name) {
  const file = await (await folder.getFileHandle(name)).getFile();
  return file.slice(0, file.size, `image/${name.slice(name.lastIndexOf('.') + 1)}`);
}

/** @param {string} name of a gallery @param {number} [patience] milliseconds; default: for ever */
function lockOf(name, patience) {
  const limit = patience ? AbortSignal.timeout(patience) : new AbortController().signal;
  return leaseOf(navigator.locks, `cyclegan-gallery-${name}`, limit);
}
