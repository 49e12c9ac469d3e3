/** What gives Live its pictures: a camera, a video file, or painted scenes that pass by. */

/**
 * @typedef {object} Source
 * @property {'camera' | 'file' | 'scenes'} kind
 * @property {boolean} mirrored shown as in a mirror
 * @property {() => Promise<Taken | null>} next the latest picture, as soon as it is another one; null: it was stopped
 * @property {(still: boolean) => void} hold stands still, except a camera
 * @property {() => void} stop
 */
/**
 * @typedef {object} Taken
 * @property {VideoFrame | ImageBitmap} frame to be closed
 * @property {number} at when it was taken, on the clock of `performance.now()`
 */
/**
 * @typedef {object} Heard
 * @property {(error: Error) => void} onProblem it has ended by itself
 * @property {(muted: boolean) => void} onMute it gives no pictures for now
 */

export {};
