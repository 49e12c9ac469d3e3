/**
 * The page's words. Every sentence is in messages/<language>.json under a key; an error's is `error.<code>`.
 * Elements name theirs in `data-text` (their text) and `data-label` (their accessible name, and a button's
 * tooltip).
 */
import { label } from './dom.js';

/** @typedef {string | { one?: string, other: string }} Message a sentence, or one per plural form */
/** @typedef {Record<string, Message>} Messages */

export const LANGUAGES = ['en', 'zh'];

/** @type {Record<string, () => Promise<{ default: Messages }>>} */
const LOAD = {
  en: () => import('../messages/en.json'),
  zh: () => import('../messages/zh.json'),
};

/** @type {Messages} */
let messages = {};
let language = 'en';

/**
 * The language requested in the URL, otherwise the visitor's first known preference, otherwise English.
 * @param {string | null} asked value of `?lang=`; ignored if unknown
 * @param {readonly string[]} preferred as in `navigator.languages`
 */
export function chooseLanguage(asked, preferred) {
  if (asked && LANGUAGES.includes(asked)) return asked;
  for (const tag of preferred) {
    const base = tag.toLowerCase().split('-')[0];
    if (LANGUAGES.includes(base)) return base;
  }
  return 'en';
}

/**
 * Switches the page to a language; to English if its words cannot be fetched.
 * @param {string} name one of LANGUAGES
 * @returns {Promise<string>} the language in use
 */
export async function loadMessages(name) {
  try {
    useMessages(name, (await LOAD[name]()).default);
    return name;
  } catch (error) {
    if (name === 'en') throw error;
    return loadMessages('en');
  }
}

/** @param {string} name @param {Messages} words */
export function useMessages(name, words) {
  language = name;
  messages = words;
}

/** Words of a part of the page that has its own. @param {Messages} words */
export function addMessages(words) {
  messages = { ...messages, ...words };
}

export const currentLanguage = () => language;

/** @param {string} key */
export function hasMessage(key) {
  return key in messages;
}

/**
 * A sentence to look up: `code` selects it, `values` fill it in.
 * @typedef {{ code: string, values: Record<string, string | number> }} Remark
 */

/**
 * The sentence of a key, with its `{placeholders}` filled in; numbers are formatted for the language and `n`
 * selects the plural form. An unknown key is returned as it is, so that nothing stays hidden.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function text(key, values = {}) {
  const message = messages[key];
  if (message === undefined) return key;
  const sentence = typeof message === 'string' ? message : plural(message, values.n);
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? formatNumber(value) : value;
  });
}

/** @param {{ one?: string, other: string }} forms @param {string | number | undefined} n */
function plural(forms, n) {
  const one = typeof n === 'number' && new Intl.PluralRules(language).select(n) === 'one';
  return one && forms.one ? forms.one : forms.other;
}

/**
 * A failure in words: its code's sentence, or a general one that names the code.
 * @param {string} code
 * @param {Record<string, string>} [values] of which `kind` may be all that is known about a file
 */
export function errorText(code, values = {}) {
  if (code === 'weights-not-recognised') {
    if (values.kind === 'archive') return text('weights.packed');
    if (values.kind === 'onnx') return text('weights.onnx');
  }
  if (code === 'image-unsupported' && values.kind) return unsupportedText(values.kind);
  const key = `error.${code}`;
  return hasMessage(key) ? text(key) : text('error.unknown', { code });
}

/** @param {string} kind of a file that this browser does not open */
function unsupportedText(kind) {
  const key = `unsupported.${kind.toLowerCase()}`;
  return hasMessage(key) ? text(key) : text('unsupported.picture', { kind });
}

/** Separates facts on one line. */
export const SEPARATOR = ' · ';

/** @param {number} value */
export function formatNumber(value) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value);
}

/** A rate, a loss or a limit: three significant digits, and all digits of whole numbers. @param {number} value */
export function formatSmall(value) {
  const digits = Number.isInteger(value) ? {} : { maximumSignificantDigits: 3 };
  return new Intl.NumberFormat(language, digits).format(value);
}

/** @param {number} fraction 0 to 1 */
export function formatPercent(fraction) {
  return new Intl.NumberFormat(language, { style: 'percent' }).format(fraction);
}

/** @param {number} count bytes */
export function formatBytes(count) {
  const [unit, size] = count < 1e9 ? ['megabyte', 1e6] : ['gigabyte', 1e9];
  const options = { style: 'unit', unit, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(language, /** @type {Intl.NumberFormatOptions} */ (options)).format(
    count / Number(size),
  );
}

/**
 * A time of day, with the date unless it is today.
 * @param {number} when milliseconds since 1970
 * @param {number} [now]
 */
export function formatClock(when, now = Date.now()) {
  const today = new Date(when).toDateString() === new Date(now).toDateString();
  /** @type {Intl.DateTimeFormatOptions} */
  const day = today ? {} : { weekday: 'short', day: 'numeric', month: 'short' };
  return new Intl.DateTimeFormat(language, {
    ...day,
    hour: 'numeric',
    minute: '2-digit',
  }).format(when);
}

/** A duration as a person would say it: "0.8 s", "45 s", "3 min", "1 h 20 min". @param {number} seconds */
export function formatTime(seconds) {
  if (seconds < 10)
    return text('time.seconds', { n: Math.max(0.1, Math.round(seconds * 10) / 10) });
  if (seconds < 90) return text('time.seconds', { n: Math.round(seconds) });
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return text('time.minutes', { n: minutes });
  return text('time.hours', { h: Math.floor(minutes / 60), m: minutes % 60 });
}

/** Fills in the words of an element and its descendants. @param {ParentNode} root */
export function fillWords(root) {
  const named = (/** @type {string} */ data) => [...root.querySelectorAll(`[data-${data}]`)];
  const words = (/** @type {Element} */ element, /** @type {string} */ data) =>
    text(element.getAttribute(`data-${data}`) ?? '');
  for (const element of named('text')) element.textContent = words(element, 'text');
  for (const element of named('label')) label(element, words(element, 'label'));
}
