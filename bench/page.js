/** The bench inside the browser. `run.js` opens a fresh page for each task. */
import './gauges.js';
import { measure } from './measure.js';
import { runAgain } from './race.js';
import { openTraining } from './training.js';
import { openTranslation } from './translation.js';

/** @type {() => Promise<number>} */
let again = () => Promise.reject(new Error('nothing is open'));

globalThis.bench = {
  measure: (task) => measure(task, navigator.userAgent),
  async warm(task) {
    if (task.work === 'train') {
      const entry = await openTraining(task);
      again = () => runAgain(entry, true);
    } else {
      const entry = await openTranslation(task);
      again = () => runAgain(entry, true);
    }
  },
  again: () => again(),
};
