/**
 * The blob URLs of one part of the view. A URL lives as long as its picture is shown: each sweep revokes
 * those not requested since the last one.
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

  /** Revokes what has not been requested since the last call. */
  sweep() {
    for (const [blob, url] of this.#urls) {
      if (this.#used.has(blob)) continue;
      URL.revokeObjectURL(url);
      this.#urls.delete(blob);
    }
    this.#used.clear();
  }

  /** Shows a blob in an image. @param {HTMLImageElement} image @param {Blob} blob @param {string} alt */
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
