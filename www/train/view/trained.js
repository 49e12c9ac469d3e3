/** The models of the training that was over last, as the Live view offers them. */
import { DOMAINS } from '../gather/domains.js';
import { chosenWeights } from './outcome.js';
import { directionOf } from './words.js';

/** @import { Trained } from '../../models/models.js' */
/** @import { TrainSession } from '../session.js' */
/** @import { Snapshot } from '../snapshot.js' */

/**
 * @param {Snapshot} snapshot
 * @param {Pick<TrainSession, 'exportWeights'>} session
 * @param {number} wishes how often the person asked to see one live
 * @returns {Trained | null}
 */
export function trainedIn({ state, run, runs }, session, wishes) {
  const onPage = state === 'finished' ? run : null;
  const latest = onPage ?? runs.at(0);
  if (!latest) return null;
  const { id, names } = latest;
  const which = onPage ? chosenWeights() : 'best';
  const [A, B] = DOMAINS.map((domain) => directionOf(names, domain));
  return {
    key: `${id} ${which} ${wishes}`,
    fresh: onPage !== null,
    names: { A, B },
    weights: async (domain) => {
      const { blob } = await session.exportWeights(domain, id, which);
      return blob;
    },
  };
}
