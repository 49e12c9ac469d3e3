/** A playing video as a source: always its latest frame, so that nothing queues behind a slow engine. */
import { CodedError, failureOf } from '../../failure.js';

/** @import { Heard, Source, Taken } from './source.js' */

/** Milliseconds after which what a camera says of a frame's time is no time of this clock. */
const OLDEST = 10_000;
/** Milliseconds until which the first frame comes by itself. */
const LONGEST_FIRST = 500;

/** @implements {Source} */
export class VideoSource {
  #video;
  #onStop;
  /** When the latest frame came, unless it was taken. @type {number | null} */
  #fresh = null;
  /** Told of the next frame. */
  #wake = () => {};
  #stopped = false;

  /**
   * Plays it, and waits for its first frame.
   * @param {HTMLVideoElement} video
   * @param {{ kind: 'camera' | 'file', mirrored: boolean, onStop: () => void }} about
   * @param {AbortSignal} signal stops it at once, even if no frame ever comes
   */
  static async open(video, about, signal) {
    const source = new VideoSource(video, about);
    signal.addEventListener('abort', () => source.stop(), { once: true });
    try {
      await video.play();
      signal.throwIfAborted();
      // The first frame may have come before it could be taken, and a video may have no second one.
      setTimeout(() => source.#look(), LONGEST_FIRST);
      return source;
    } catch (error) {
      source.stop();
      throw error;
    }
  }

  /** @param {HTMLVideoElement} video @param {Parameters<typeof VideoSource.open>[1]} about */
  constructor(video, { kind, mirrored, onStop }) {
    this.kind = kind;
    this.mirrored = mirrored;
    this.#video = video;
    this.#onStop = onStop;
    video.muted = true;
    video.playsInline = true;
    // Some browsers play only what is on the page.
    video.className = 'live-video';
    video.ariaHidden = 'true';
    document.body.append(video);
    this.#watch();
  }

  /** Takes what is there. */
  #look() {
    if (this.#stopped || this.#video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    this.#fresh ??= performance.now();
    this.#wake();
  }

  #watch() {
    if (this.#stopped) return;
    const video = this.#video;
    if (!('requestVideoFrameCallback' in video)) {
      requestAnimationFrame((now) => this.#came(now));
      return;
    }
    video.requestVideoFrameCallback((now, { captureTime = now }) => {
      const known = captureTime <= now && now - captureTime < OLDEST;
      this.#came(known ? captureTime : now);
    });
  }

  /** @param {number} at */
  #came(at) {
    if (this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      this.#fresh = at;
      this.#wake();
    }
    this.#watch();
  }

  /** @returns {Promise<Taken | null>} */
  async next() {
    while (this.#fresh === null && !this.#stopped) {
      await new Promise((resolve) => {
        this.#wake = () => resolve(undefined);
      });
    }
    const at = this.#fresh;
    if (at === null || this.#stopped) return null;
    this.#fresh = null;
    return { frame: await frameOf(this.#video), at };
  }

  /** A camera goes on: it is there at once when it is wanted again. @param {boolean} still */
  hold(still) {
    if (this.kind === 'camera') return;
    if (still) this.#video.pause();
    else this.#video.play().catch(() => {});
  }

  stop() {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#wake();
    this.#video.pause();
    this.#onStop();
    this.#video.remove();
  }
}

/**
 * A video file, from where it was left.
 * @param {File} file
 * @param {{ time: number }} place where it begins, and then where it is left
 * @param {Heard} heard
 * @param {AbortSignal} signal
 * @returns {Promise<Source>}
 * @throws {CodedError} `video-unplayable`, `video-no-picture`
 */
export async function openVideo(file, place, heard, signal) {
  const video = document.createElement('video');
  const url = URL.createObjectURL(file);
  video.loop = true;
  video.src = url;
  video.currentTime = place.time;
  const onStop = () => {
    place.time = video.currentTime;
    video.removeAttribute('src');
    video.load(); // lets go of the file
    URL.revokeObjectURL(url);
  };
  try {
    const about = /** @type {const} */ ({ kind: 'file', mirrored: false, onStop });
    const source = await VideoSource.open(video, about, signal);
    video.addEventListener('error', () => {
      if (video.error) heard.onProblem(new CodedError('video-broken', video.error.message));
    });
    if (video.videoWidth > 0) return source;
    source.stop();
    throw new CodedError('video-no-picture', file.type);
  } catch (error) {
    if (signal.aborted || error instanceof CodedError) throw error;
    throw new CodedError('video-unplayable', failureOf(error).detail);
  }
}

/**
 * What a video shows now, without a copy where the browser can.
 * @param {HTMLVideoElement} video
 * @returns {Promise<VideoFrame | ImageBitmap>}
 */
async function frameOf(video) {
  if (typeof VideoFrame === 'undefined') return createImageBitmap(video);
  const frame = new VideoFrame(video);
  // Some browsers forget that a phone's video is turned.
  if (frame.displayWidth > frame.displayHeight === video.videoWidth > video.videoHeight)
    return frame;
  frame.close();
  return createImageBitmap(video);
}
