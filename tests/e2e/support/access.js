/** What is there for those who listen to the page, and how easily it is seen. */

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ role: string, name: string, description: string }} Control as the browser tells it to a screen reader */

/** What one acts on. */
const ROLES = new Set(
  'button slider combobox textbox spinbutton link tab DisclosureTriangle dialog'.split(' '),
);

/** @param {Page} page @returns {Promise<Control[]>} all that are shown */
export async function controls(page) {
  const client = await page.context().newCDPSession(page);
  const { nodes } = await client.send('Accessibility.getFullAXTree');
  await client.detach();
  return nodes
    .filter(({ ignored, role }) => !ignored && ROLES.has(role?.value))
    .map(({ role, name, description }) => ({
      role: role?.value,
      name: name?.value ?? '',
      description: description?.value ?? '',
    }));
}

/** @param {Control[]} all @returns {string[]} those without a name, and those that share theirs */
export function unclear(all) {
  const said = all.map(({ role, name }) => `${role}: ${name}`);
  return said.filter((one, i) => one.endsWith(': ') || said.indexOf(one) !== i);
}

/**
 * How much something stands out from what lies under it, by WCAG's formula: 1 to 21.
 *
 * @param {Page} page
 * @param {string} selector
 * @param {string} property the colour of it
 * @returns {Promise<{ element: string, ratio: number }[]>} of all that are shown
 */
export function contrasts(page, selector, property) {
  return page.$$eval(
    selector,
    (elements, name) => {
      const brush = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
      const over = (/** @type {string} */ colour) => {
        if (brush) brush.fillStyle = colour;
        brush?.fillRect(0, 0, 1, 1);
        return [...(brush?.getImageData(0, 0, 1, 1).data ?? [])].slice(0, 3);
      };
      const luminance = (/** @type {number[]} */ levels) => {
        const [r, g, b] = levels.map((level) => {
          const c = level / 255;
          return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const groundOf = (/** @type {Element | null} */ element) => {
        const layers = [];
        for (let at = element; at; at = at.parentElement)
          layers.unshift(getComputedStyle(at).backgroundColor);
        return layers.map(over).at(-1) ?? [];
      };
      return elements
        .filter((element) => element.checkVisibility() && !element.matches(':disabled'))
        .map((element) => {
          const ground = luminance(groundOf(element.parentElement));
          const mark = luminance(over(getComputedStyle(element).getPropertyValue(name)));
          const [dark, light] = [ground, mark].sort((a, b) => a - b);
          return {
            element: `${element.tagName} ${element.id || element.className}`,
            ratio: (light + 0.05) / (dark + 0.05),
          };
        });
    },
    property,
  );
}

/**
 * Goes through the page with one key, and looks at what has the focus.
 *
 * @param {Page} page
 * @param {'Tab' | 'Shift+Tab'} key
 * @param {number} presses
 * @returns {Promise<string[]>} what was under the bar, or outside the window
 */
export async function covered(page, key, presses) {
  const found = new Set();
  for (let press = 0; press < presses; press += 1) {
    await page.keyboard.press(key);
    const hidden = await page.evaluate(() => {
      const focused = document.activeElement;
      if (!focused || focused === document.body || focused.closest('.bar')) return '';
      // A label stands for its hidden input, the picture for the line on it.
      const shown = focused.closest('label, .compare') ?? focused;
      const { top, bottom } = shown.getBoundingClientRect();
      const bars = [...document.querySelectorAll('.bar')].filter((one) => one.checkVisibility());
      const bar = bars.find((one) => getComputedStyle(one).position === 'sticky');
      const over = bar?.getBoundingClientRect() ?? { top: 0, bottom: 0 };
      const beside = bottom <= over.top + 1 || top >= over.bottom - 1;
      if (beside && top >= -1 && bottom <= innerHeight + 1) return '';
      return `${focused.tagName} ${focused.id} ${top} to ${bottom}, the bar ends at ${over.bottom}`;
    });
    if (hidden) found.add(hidden);
  }
  return [...found];
}
