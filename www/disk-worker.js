/**
 * Writes the gallery's files to private storage, strictly one job after another, so that an index never names
 * what is not yet written. A worker, because in Safari before 26 only workers can write there.
 */
import { CodedError, failureOf } from './failure.js';
import { Disk } from './files/disk.js';
import { writeIndexFile } from './files/index-file.js';

/** @import { DiskJob } from './files/writer.js' */

let last = Promise.resolve();

addEventListener('message', ({ data: { id, job } }) => {
  last = last.then(async () => {
    try {
      postMessage({ id, value: await perform(job) });
    } catch (error) {
      postMessage({ id, failure: failureOf(error, 'storage-unavailable') });
    }
  });
});

/** @param {DiskJob} job */
async function perform({ room, folder, ...job }) {
  const disk = await Disk.at(await rootOf(), room);
  if (job.do === 'erase') return disk.erase(folder);
  const inside = await disk.inside(folder);
  switch (job.do) {
    case 'write':
      return inside.write(job.name, job.content);
    case 'index':
      return writeIndexFile(inside, job.name, job.index);
    case 'remove':
      for (const name of job.names) await inside.remove(name);
      return;
    case 'sweep': {
      const kept = new Set(job.keep);
      for (const { name } of await inside.list()) if (!kept.has(name)) await inside.remove(name);
    }
  }
}

async function rootOf() {
  try {
    return await navigator.storage.getDirectory();
  } catch (error) {
    throw new CodedError('storage-unavailable', String(error));
  }
}
