/** What is known of a model, under More: the card of one that comes with the page, or what its file says. */
import { byId, made } from '../page/dom.js';
import { formatBytes, formatSmall, text } from '../page/messages.js';
import { Pictures } from '../page/pictures.js';
import { nameOf } from './model-list.js';

/** @import { Card, Facts, Model } from '../models/models.js' */

const pictures = new Pictures();
/** Of the model that was shown last. @type {HTMLImageElement[]} */
let awaited = [];

/** @param {Model} model */
export function showCard(model) {
  const { card, hosted } = model;
  byId('card-title').textContent = nameOf(model);
  const kind = hosted ? 'site' : 'own';
  byId('card-about').textContent = text(`models.about.${card ? card.id : kind}`);
  const facts = card ? cardFacts(card) : ownFacts(model);
  byId('card-facts').replaceChildren(
    ...facts.flatMap(([term, fact]) => [made('dt', text(term)), made('dd', fact)]),
  );
  showThumbnails(model);
}

/** A photo and its translation, small. @param {Model} model */
function showThumbnails({ about, hosted }) {
  const shown = byId('card-pictures');
  const urls =
    hosted?.thumbnails?.map(({ href }) => href) ??
    about.thumbnails?.map((picture) => pictures.url(picture)) ??
    [];
  const images = urls.map((url, i) => {
    const image = document.createElement('img');
    image.alt = text(i === 0 ? 'compare.before' : 'compare.after');
    image.src = url;
    return image;
  });
  awaited = images;
  shown.replaceChildren();
  // Both, or none if one is damaged.
  Promise.all(images.map((image) => image.decode()))
    .then(() => {
      if (awaited === images) shown.replaceChildren(...images);
    })
    .catch(() => {});
  pictures.sweep();
}

/** @param {Card} card @returns {[string, string][]} key of the term, and the fact */
function cardFacts(card) {
  const trained = /** @type {Record<string, string | number>} */ (card.trained);
  return [
    ['models.trained', text(`models.trained.${card.trained.on}`, trained)],
    ['models.made', text('models.pixels', { n: card.size })],
    ...cardScores(card),
    ['models.network', networkWords(card)],
    ['models.margin', text('models.pixels', { n: card.margin })],
    ['models.bytes', formatBytes(card.bytes)],
    ['models.sha256', card.sha256],
  ];
}

/**
 * Its measured scores; the round trip only if there is a model for the way back.
 * @param {Card} card
 * @returns {[string, string][]}
 */
function cardScores({ back, grid }) {
  /** @type {[string, string][]} */
  const facts = [['models.grid', text('models.grid.value', { grid: formatSmall(grid) })]];
  if (back !== null)
    facts.unshift(['models.back', text('models.back.value', { back: formatSmall(back) })]);
  return facts;
}

/**
 * A network's properties, in one line.
 * @param {Record<'up' | 'norm', string> & Omit<Facts, 'up' | 'norm'>} network
 */
function networkWords({ blocks, ngf, parameters, pictures, down, up, norm }) {
  let words = text('models.network.resnet', { n: blocks, ngf, parameters });
  if (pictures === 1) words += text('models.network.grey');
  if (down === 'blurred' || up === 'blurred') words += text('models.network.blurred');
  if (up === 'bilinear') words += text('models.network.bilinear');
  if (up === 'nearest') words += text('models.network.nearest');
  if (norm === 'instance_affine') words += text('models.network.affine');
  return words;
}

/** @param {Model} own @returns {[string, string][]} */
function ownFacts({ margin, bytes, network, about, hosted, file, part, name }) {
  /** @type {[string, string][]} */
  const facts = [];
  if (about.trainedOn) facts.push(['models.trained', about.trainedOn]);
  if (about.size) facts.push(['models.made', text('models.pixels', { n: about.size })]);
  if (network) facts.push(['models.network', networkWords(network)]);
  if (margin > 0) facts.push(['models.margin', text('models.pixels', { n: margin })]);
  const source = [file ?? hosted?.path, part].filter(Boolean).join(' · ');
  if (source !== name) facts.push(['models.file', source]);
  if (bytes !== null) facts.push(['models.bytes', formatBytes(bytes)]);
  if (hosted?.sha256) facts.push(['models.sha256', hosted.sha256]);
  return facts;
}
