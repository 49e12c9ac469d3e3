/**
 * The blob URLs of what one part of the view shows. A URL lives as long as its picture is shown: what was
 * not asked for since the last sweep is given back.
 */
export class Pictures {
  /** @type {Map<Blob, string>} */
  #urls = new Map();
  /** @type {Set<Blob>} */
  #used = new Set();

  /** @param {Blob} blob @returns {string} */
  url(blob) {
    this.#used.add(blob);
    const known = this.#urls.get(blob);
    if (known) return known;
    const url = URL.createObjectURL(blob);
    this.#urls.set(blob, url);
    return url;
  }

  /** Gives back what has not been asked for since it was called last. */
  sweep() {
    for (const [blob, url] of this.#urls) {
      if (this.#used.has(blob)) continue;
      URL.revokeObjectURL(url);
      this.#urls.delete(blob);
    }
    this.#used.clear();
  }

  /**
   * Lets an image show a blob.
   * @param {HTMLImageElement} image
   * @param {Blob} blob
   * @param {string} alt
   */
  show(image, blob, alt) {
    const url = this.url(blob);
    if (image.src !== url) image.src = url;
    image.alt = alt;
  }

  /** @param {Blob} blob @param {string} alt @returns {HTMLImageElement} */
  image(blob, alt) {
    const image = document.createElement('img');
    image.decoding = 'async';
    this.show(image, blob, alt);
    return image;
  }
}
