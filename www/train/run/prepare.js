/** From folders and settings to a run: its record, and its photos in the record's order. */
import { divided, foundAgain } from '../gather/dataset.js';
import { DOMAINS } from '../gather/domains.js';
import { configOf, polishOf, stepsOf } from '../plan/config.js';

/** @import { DeviceReport } from '../../engine/protocol.js' */
/** @import { FolderReport, Photo } from '../gather/dataset.js' */
/** @import { Domain } from '../gather/domains.js' */
/** @import { RunRecord, StoredPhoto, TrainPhotos } from '../keep/record.js' */
/** @import { Plan } from '../plan/preparation.js' */
/** @import { Settings, StartChoice } from '../plan/types.js' */
/** @import { TrainFrom } from '../worker/protocol.js' */

/** @param {Plan} plan @returns {{ record: RunRecord, from: Extract<TrainFrom, { kind: 'new' }> } & TrainPhotos} */
export function prepare({ folders, settings, start, network, weights, device, date }) {
  const sides = { A: divided(folders.A), B: divided(folders.B) };
  const steps = stepsOf(settings, sides.A.training.length, sides.B.training.length);
  const { name, ...from } = weights;
  const config = JSON.stringify(configOf(settings, start, device, steps, network));
  /** @type {RunRecord} */
  const record = {
    version: 1,
    id: idOf(date),
    state: 'running',
    created: date,
    modified: date,
    names: { A: folders.A.name, B: folders.B.name },
    settings,
    start: { kind: start.kind, name },
    config,
    engine: device.version,
    device: device.device,
    step: 0,
    total: steps + polishOf(settings, start, steps),
    epoch: 0,
    epochs: null,
    seconds: 0,
    parameters: 0,
    exact: false,
    warmUp: 0,
    polish: 0,
    photos: { A: sides.A.training.map(entry), B: sides.B.training.map(entry) },
    previews: { A: sides.A.previews.map(entry), B: sides.B.previews.map(entry) },
    scores: [],
    recoveries: 0,
  };
  return {
    record,
    from: { kind: 'new', config, ...from },
    photos: { A: sides.A.training.map(fileOf), B: sides.B.training.map(fileOf) },
    previews: { A: sides.A.previews.map(shown), B: sides.B.previews.map(shown) },
  };
}

/** Ids sort by time, and two of the same moment differ. @param {number} date */
function idOf(date) {
  const part = Math.floor(Math.random() * 36 ** 4);
  return `${date.toString(36)}-${part.toString(36).padStart(4, '0')}`;
}

/** @param {Photo} photo @returns {StoredPhoto} */
function entry({ name, hash, heldOut }) {
  return { name, hash, file: null, ...(heldOut ? {} : { seen: true }) };
}

/** @param {Photo} photo */
const fileOf = ({ file }) => file;

/** @param {Photo} photo */
function shown({ file }) {
  return { photo: file, whole: null };
}

/**
 * The photos of an unfinished run: the stored ones, and for the rest those in the folders.
 * @param {RunRecord} record
 * @param {TrainPhotos} stored
 * @param {Record<Domain, FolderReport>} folders
 * @returns {TrainPhotos & { missing: number }}
 */
export function completed(record, stored, folders) {
  let missing = 0;
  /**
   * @template T
   * @param {'photos' | 'previews'} kind
   * @param {Record<Domain, (T | null)[]>} found
   * @param {(photo: Photo) => T} made
   * @returns {Record<Domain, (T | null)[]>}
   */
  const filled = (kind, found, made) => {
    const [A, B] = DOMAINS.map((domain) => {
      const hashes = record[kind][domain].map(({ hash }) => hash);
      const again = foundAgain(hashes, folders[domain]).photos;
      return record[kind][domain].map(({ problem }, i) => {
        const photo = again[i];
        const one = found[domain][i] ?? (photo ? made(photo) : null);
        if (!one && !problem) missing += 1;
        return one;
      });
    });
    return { A, B };
  };
  const photos = filled('photos', stored.photos, fileOf);
  const previews = filled('previews', stored.previews, shown);
  return { photos, previews, missing };
}
