/** The two sets of photos that a run translates between: A is warm, B is cool. */

/** @typedef {import('../../pkg/cyclegan_web.js').Domain} Domain */

export const DOMAINS = /** @type {const} */ (['A', 'B']);

/** The target domain of a photo. @param {Domain} domain @returns {Domain} */
export const otherThan = (domain) => (domain === 'A' ? 'B' : 'A');
