/** A recording of the translated pictures, as a video file. */
import { CodedError } from '../failure.js';

/** In the order of preference; the last is for Safari. */
const TYPES = ['video/webm;codecs=vp9', 'video/webm;codecs=vp8', 'video/webm', 'video/mp4'];
/** Bits a second for each pixel: generous, because the pictures are small. */
const BITS = 16;
/** Milliseconds between pieces: what was recorded before something goes wrong is there. */
const PIECE = 1000;

/** @returns {string | null} what this browser records; null: nothing */
export function recordingType() {
  if (typeof MediaRecorder === 'undefined' || !HTMLCanvasElement.prototype.captureStream)
    return null;
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}

/** @typedef {{ file: Blob, seconds: number, extension: '.webm' | '.mp4' }} Recorded */

export class Recording {
  #canvas = document.createElement('canvas');
  #brush = this.#canvas.getContext('2d', { alpha: false });
  #recorder;
  #type;
  /** It has stopped, and all pieces are there. */
  #stopped;
  /** @type {Blob[]} */
  #pieces = [];
  #milliseconds = 0;
  /** Since when it runs; null: it does not. @type {number | null} */
  #since = performance.now();

  /**
   * @param {HTMLCanvasElement} picture the first; later ones are fitted into its size
   * @param {string} type one that is supported
   * @param {(error: Error) => void} onProblem it has ended by itself
   */
  constructor(picture, type, onProblem) {
    const { width, height } = picture;
    Object.assign(this.#canvas, { width, height });
    this.#type = type;
    this.#recorder = new MediaRecorder(this.#canvas.captureStream(), {
      mimeType: type,
      videoBitsPerSecond: Math.max(1_000_000, BITS * width * height),
    });
    this.#recorder.addEventListener('dataavailable', ({ data }) => this.#pieces.push(data));
    this.#recorder.addEventListener('error', (event) => {
      const { error } = /** @type {{ error?: DOMException }} */ (/** @type {unknown} */ (event));
      onProblem(new CodedError('recording-failed', String(error)));
    });
    this.#stopped = new Promise((resolve) => this.#recorder.addEventListener('stop', resolve));
    this.#recorder.start(PIECE);
    this.add(picture);
  }

  get seconds() {
    const running = this.#since === null ? 0 : performance.now() - this.#since;
    return (this.#milliseconds + running) / 1000;
  }

  /** @param {HTMLCanvasElement} picture */
  add(picture) {
    const { width, height } = this.#canvas;
    const scale = Math.min(width / picture.width, height / picture.height);
    const [w, h] = [picture.width * scale, picture.height * scale];
    this.#brush?.clearRect(0, 0, width, height);
    this.#brush?.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
  }

  /** @param {boolean} paused */
  pause(paused) {
    if (paused === (this.#since === null) || this.#recorder.state === 'inactive') return;
    this.#milliseconds = 1000 * this.seconds;
    this.#since = paused ? null : performance.now();
    if (paused) this.#recorder.pause();
    else this.#recorder.resume();
  }

  /** @returns {Promise<Recorded>} */
  async stop() {
    const { seconds } = this;
    if (this.#recorder.state !== 'inactive') this.#recorder.stop();
    await this.#stopped;
    for (const track of this.#recorder.stream.getTracks()) track.stop();
    const type = this.#type.split(';')[0];
    const extension = type === 'video/mp4' ? '.mp4' : '.webm';
    return { file: new Blob(this.#pieces, { type }), seconds, extension };
  }
}
