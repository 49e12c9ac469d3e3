/** What is announced is heard: all of it, in order, and again when it happens again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Speaker } from '../../www/page/speaker.js';

/** A speaker whose time passes when told. */
function silent() {
  /** @type {string[]} */
  const heard = [];
  /** @type {(() => void)[]} */
  const timers = [];
  const speaker = new Speaker(
    (words) => heard.push(words),
    (then) => timers.push(then),
  );
  const pass = () => timers.shift()?.();
  return { speaker, heard, pass };
}

test('two announcements in one tick do not overwrite each other', () => {
  const { speaker, heard, pass } = silent();
  speaker.say('Paused');
  speaker.say('There is room again: the training is saved.');
  assert.deepEqual(heard, ['Paused']);
  pass();
  assert.deepEqual(heard.at(-1), 'There is room again: the training is saved.');
  pass();
  assert.equal(heard.at(-1), '', 'behind the last the region is empty');
  speaker.say('Training');
  assert.deepEqual(heard.slice(-1), ['Training'], 'and the next is said at once');
});

test('of what is going on the latest is said, and what it was meanwhile is not', () => {
  const { speaker, heard, pass } = silent();
  speaker.say('Getting ready…', 'state');
  speaker.say('Training', 'state');
  speaker.say('a.png was left out');
  speaker.say('Paused', 'state');
  for (let i = 0; i < 4; i += 1) pass();
  assert.deepEqual(heard, ['Getting ready…', 'a.png was left out', 'Paused', '']);
});

test('the same words are news when they come again, and are said once while they wait', () => {
  const { speaker, heard, pass } = silent();
  speaker.say('Paused');
  pass();
  speaker.say('Paused');
  assert.deepEqual(heard, ['Paused', '', 'Paused']);
  speaker.say('Training');
  speaker.say('Training');
  pass();
  pass();
  assert.deepEqual(heard.slice(3), ['Training', '']);
});
