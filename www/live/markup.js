/** The elements of the Live view, which come with it. Their words are filled in by their keys. */

/** @typedef {ReturnType<typeof buildLive>} Parts */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean>} attributes true: without a value, false: not there
 * @param {...(Node | null)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** @param {string} key @param {Record<string, string | boolean>} [attributes] */
const words = (key, attributes = {}) => element('span', { 'data-text': key, ...attributes });

/** @param {string} name @param {string} key @param {string} [className] */
const press = (name, key, className = 'button') =>
  element('button', {
    type: 'button',
    class: className,
    'data-testid': `live-${name}`,
    'data-text': key,
  });

/** @param {string} key @param {HTMLSelectElement} list @param {Node | null} [mark] */
const field = (key, list, mark = null) =>
  element('label', { class: 'field' }, words(key), mark, list);

/** @param {string} name */
const list = (name) => element('select', { 'data-testid': `live-${name}` });

/** @param {string} id of a symbol in index.html */
function icon(id) {
  const [svg, use] = ['svg', 'use'].map((tag) =>
    document.createElementNS('http://www.w3.org/2000/svg', tag),
  );
  use.setAttribute('href', `#icon-${id}`);
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

/**
 * @param {HTMLElement} bar
 * @param {HTMLElement} content
 */
export function buildLive(bar, content) {
  const [model, size, camera] = ['model', 'size', 'camera'].map(list);
  const direction = element('span', { class: 'direction', 'aria-hidden': 'true' });
  const cameraField = field('live.which', camera);
  const freeze = press('freeze', 'live.freeze');
  const save = press('save', 'live.save');
  const record = press('record', 'live.record');
  const end = press('end', 'live.end', 'button quiet');
  const again = press('again', 'live.go', 'button primary');
  const actions = element('div', { class: 'actions' }, again, freeze, save, record, end);
  const fields = [field('controls.model', model, direction), field('controls.size', size)];
  const controls = element('div', { class: 'controls' }, ...fields, cameraField, actions);
  const line = element('p', { 'data-testid': 'live-line', role: 'status', tabindex: '-1' });
  const progress = element('div', { class: 'progress' }, line);
  bar.append(controls, progress);

  const problem = element('p', {
    class: 'notice notice-problem',
    role: 'alert',
    'data-testid': 'live-problem',
  });
  const stage = element('div', { class: 'live-stage', 'data-testid': 'live-stage' });
  const rate = element('p', { class: 'live-rate', 'data-testid': 'live-rate' });
  const notice = element('p', { class: 'soft', 'data-testid': 'live-notice' });

  const kept = element('span', { 'data-testid': 'live-recorded' });
  const keep = press('keep', 'live.keep');
  const drop = press('drop', 'live.drop', 'button quiet');
  const either = element('div', { class: 'row' }, keep, drop);
  const recorded = element('div', { class: 'removed' }, kept, either);

  const useCamera = press('use-camera', 'live.camera', 'button primary');
  const file = element('input', {
    class: 'visually-hidden',
    type: 'file',
    accept: 'video/*',
    'data-testid': 'live-file',
  });
  const choose = element('label', { class: 'button' }, words('live.file'), file);
  const scenes = press('scenes', 'live.scenes');
  const buttons = element('div', { class: 'drop-buttons' }, useCamera, choose, scenes);
  const intro = element(
    'div',
    { class: 'live-intro' },
    element('h1', { 'data-text': 'live.title' }),
    element('p', { 'data-text': 'live.about' }),
  );
  const start = element(
    'section',
    { class: 'live-start', 'data-testid': 'live-start' },
    intro,
    buttons,
    element('p', { class: 'soft', 'data-text': 'live.hint' }),
  );
  const privacy = element('p', { class: 'privacy' }, icon('lock'), words('live.privacy'));
  const facts = element('div', { class: 'live-facts' }, rate, privacy, notice);
  // For screen readers, while the pictures speak for themselves.
  const heading = element('h1', { class: 'visually-hidden', 'data-text': 'views.live' });
  content.append(heading, problem, recorded, stage, facts, start);
  return {
    ...{ model, size, camera, cameraField, actions, freeze, save, record, end, progress, line },
    ...{ heading, problem, stage, rate, notice, recorded, kept, keep, drop },
    ...{ start, intro, again, useCamera, file, scenes },
  };
}
