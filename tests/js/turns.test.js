/** Turns: who runs beside whom, and in which order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as soon } from 'node:timers/promises';
import { Turns } from '../../www/engine/turns.js';

/** Tasks that last until they are ended, and a log of what happens. */
function tasks() {
  const turns = new Turns();
  /** @type {string[]} */
  const log = [];
  /** @type {Map<string, (error?: Error) => void>} */
  const ends = new Map();
  /** @param {string} name @param {unknown} [company] */
  const take = (name, company) => {
    const task = () => {
      log.push(name);
      return new Promise((resolve, reject) => {
        ends.set(name, (error) => (error ? reject(error) : resolve(name)));
      });
    };
    return turns.take(task, company).then(
      () => log.push(`${name} ended`),
      () => log.push(`${name} failed`),
    );
  };
  /** @param {string} name @param {Error} [error] @returns {Promise<string[]>} what has happened since the last time */
  const end = async (name, error) => {
    ends.get(name)?.(error);
    return told();
  };
  const told = async () => {
    await soon();
    return log.splice(0);
  };
  return { take, end, told };
}

test('tasks run one at a time, in their order, whatever becomes of the one before', async () => {
  const { take, end, told } = tasks();
  for (const name of ['a', 'b', 'c']) take(name);
  assert.deepEqual(await told(), ['a']);
  assert.deepEqual(await end('a', new Error('broken')), ['b', 'a failed']);
  assert.deepEqual(await end('b'), ['c', 'b ended']);
  assert.deepEqual(await end('c'), ['c ended']);
});

test('the next begins before whoever waited for this one goes on', async () => {
  const { take, end, told } = tasks();
  take('a');
  await told();
  take('b');
  assert.deepEqual(await end('a'), ['b', 'a ended']);
});

test('those of one company run beside each other, and nobody overtakes', async () => {
  const { take, end, told } = tasks();
  for (const name of ['x1', 'x2']) take(name, 'x');
  take('alone');
  for (const name of ['x3', 'x4']) take(name, 'x');
  for (const name of ['y1', 'y2']) take(name, 'y');
  assert.deepEqual(await told(), ['x1', 'x2']);
  assert.deepEqual(await end('x1'), ['x1 ended']);
  assert.deepEqual(await end('x2'), ['alone', 'x2 ended']);
  assert.deepEqual(await end('alone'), ['x3', 'x4', 'alone ended']);
  assert.deepEqual(await end('x4'), ['x4 ended']);
  assert.deepEqual(await end('x3'), ['y1', 'y2', 'x3 ended']);
});

test('one that comes later joins its company', async () => {
  const { take, end, told } = tasks();
  take('x1', 'x');
  await told();
  take('x2', 'x');
  assert.deepEqual(await told(), ['x2']);
  await end('x1');
  await end('x2');
  take('alone');
  assert.deepEqual(await told(), ['alone']);
});
