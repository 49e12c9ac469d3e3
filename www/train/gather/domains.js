/** The two sets of photos between which a run translates: A is warm, B is cool. */

/** @typedef {'A' | 'B'} Domain */

export const DOMAINS = /** @type {const} */ (['A', 'B']);

/** What photos of a domain are translated to. @param {Domain} domain @returns {Domain} */
export const otherThan = (domain) => (domain === 'A' ? 'B' : 'A');
