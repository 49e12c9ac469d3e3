/**
 * Recording as the view has it: the button, the time, and the file. When recording stops for another reason than
 * the button, what there is waits on the page until it is saved.
 */
import { downloadFile, write } from '../page/dom.js';
import { askBeforeLeaving } from '../page/leaving.js';
import { text } from '../page/messages.js';
import { announce, tellFailure } from '../page/say.js';
import { Recording, recordingType } from './recording.js';

/** @import { Parts } from './markup.js' */
/** @import { Recorded } from './recording.js' */

export class Reel {
  #parts;
  #nameOf;
  #type = recordingType();
  /** @type {Recording | null} */
  #recording = null;
  /** What nobody has saved yet. @type {{ file: Blob, seconds: number, name: string } | null} */
  #kept = null;

  /**
   * @param {Parts} parts
   * @param {(extension: string) => string} nameOf what a file is called now
   */
  constructor(parts, nameOf) {
    this.#parts = parts;
    this.#nameOf = nameOf;
    parts.keep.addEventListener('click', () => this.#save());
    parts.drop.addEventListener('click', () => this.#forget());
    this.show();
  }

  /** Whether this browser records at all. */
  get isAble() {
    return this.#type !== null;
  }

  get isRunning() {
    return this.#recording !== null;
  }

  /** @param {HTMLCanvasElement} picture the first */
  start(picture) {
    if (!this.#type) return;
    try {
      this.#recording = new Recording(picture, this.#type, (error) => {
        tellFailure(error);
        this.stop();
      });
      announce(text('live.recording'));
    } catch (error) {
      tellFailure(error);
    }
    this.show();
  }

  /** @param {HTMLCanvasElement} picture */
  add(picture) {
    this.#recording?.add(picture);
  }

  /** @param {boolean} paused */
  pause(paused) {
    this.#recording?.pause(paused);
  }

  /** Stops, and keeps the file on the page, or saves it at once. @param {{ save?: boolean }} [how] */
  async stop({ save = false } = {}) {
    const recording = this.#recording;
    if (!recording) return;
    this.#recording = null;
    this.show();
    const { file, seconds, extension } = await recording.stop();
    if (file.size === 0) return;
    if (this.#kept) this.#save(); // there is place for one
    this.#kept = { file, seconds, name: this.#nameOf(extension) };
    if (save) this.#save();
    else this.show();
  }

  #save() {
    if (!this.#kept) return;
    downloadFile(this.#kept.file, this.#kept.name);
    announce(text('live.record.saved'));
    this.#forget();
  }

  #forget() {
    this.#kept = null;
    this.show();
  }

  show() {
    const { record, recorded, kept } = this.#parts;
    const time = clock(this.#recording?.seconds ?? 0);
    write(record, this.isRunning ? text('live.record.stop', { time }) : text('live.record'));
    record.classList.toggle('recording', this.isRunning);
    recorded.hidden = this.#kept === null;
    if (this.#kept) write(kept, text('live.recorded', { time: clock(this.#kept.seconds) }));
    askBeforeLeaving(this.isRunning || this.#kept !== null, 'recording');
  }
}

/** As on a player: "0:07". @param {number} seconds */
function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
