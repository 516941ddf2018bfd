import { setImmediate as turn } from 'node:timers/promises';
import * as v from 'valibot';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Connection } from '../../src/connection/transport.ts';
import type { RunEvent } from '../../src/engine/events.ts';
import { run } from '../../src/engine/run.ts';
import { change } from '../../src/host/change.ts';
import { query } from '../../src/host/query.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { cutMark } from '../../src/source/secret.ts';
import { SourceText } from '../../src/source/source-text.ts';
import { command } from '../../src/steps/command.ts';
import { defineStep, type Step } from '../../src/steps/step.ts';
import { forgedHost, type Session } from './forged-host.ts';
import { identity } from './identity.ts';

const place = { source: new SourceText('test.yaml', ''), start: 0, end: 0 };
const inventory = await loadInventory({ argument: '-', stdin: 'hosts: { bad: {}, good: {} }' });

const file = defineStep({
  name: 'file',
  summary: 'Writes a file; for these tests.',
  on: ['host'],
  params: v.strictObject({}),
  queries: () => ({ file: query.file('/etc/x') }),
  plan: (_target, _params, seen) => ({
    changes: change.writeFile('/etc/x', 'x\n', seen.file, { effect: 'both' }),
  }),
});

const buggy = defineStep({
  name: 'buggy',
  summary: 'Has a bug on one host; for these tests.',
  on: ['host'],
  params: v.strictObject({}),
  queries: () => ({}),
  plan: ({ host }) => {
    if (host.name === 'bad') throw new RangeError('a bug');
    return { changes: [] };
  },
});

/** Does all that it is asked, and says so. */
function obey(session: Session): void {
  if (session.count === 0) session.answerLook();
  else {
    const ids = [...session.program.matchAll(/^xp_do '([\d.]+)'/gm)].map(([, id]) => id ?? '');
    const parts = ids.map((id) => session.section(id));
    session.stdout.write(`${parts.join('')}\n@${session.nonce} done ${ids.length}\n`);
  }
}

function begin(
  steps: readonly (readonly [Step, unknown])[],
  connectToBad: (session: Session) => void,
) {
  const events: RunEvent[] = [];
  const tasks = steps.map(([step, params]) => ({ name: step.name, step, params, place }));
  const play = { name: 'play', hosts: ['all'], hostsPlace: place, tasks };
  const hosts: Record<string, () => Promise<Connection>> = {
    bad: forgedHost(connectToBad),
    good: forgedHost(obey),
  };
  const never = new AbortController().signal;
  const exit = run({
    version: '0',
    identity,
    inventory,
    plays: [{ play, hosts: new Set(['bad', 'good']) }],
    transport: {
      connect: async ({ name }) => (await hosts[name]?.()) ?? Promise.reject(new Error(name)),
      close: async () => {},
    },
    endpointOf: ({ name, address }) => ({ name, address }),
    ...{ check: false, forks: 2, pendingAsExit: false },
    emit: (event) => events.push(event),
    ...{ stopping: never, leaving: never },
  });
  const ends = () =>
    Object.fromEntries(
      events.flatMap((event) => (event.event === 'host_end' ? [[event.host, event]] : [])),
    );
  return { exit, events, ends };
}

const tick = [
  [file, {}],
  [command, { argv: ['id'] }],
] as const;

afterEach(() => vi.useRealTimers());

describe('run, of a hostile host and a good one', () => {
  test.each<[string, (session: Session) => void]>([
    [
      'results of acts that nobody asked for',
      ({ stdout, section, nonce }) => stdout.write(`${section('7.7')}\n@${nonce} done 1\n`),
    ],
    [
      'results of one act again and again',
      ({ stdout, section, nonce }) =>
        stdout.write(`${section('0.0').repeat(3)}\n@${nonce} done 3\n`),
    ],
    [
      'results in another order',
      ({ stdout, section, nonce }) =>
        stdout.write(`${section('1.0')}${section('0.0')}\n@${nonce} done 2\n`),
    ],
    ['results that belong to objects', ({ stdout, section }) => stdout.write(section('__proto__'))],
    [
      'no end of small results',
      ({ stdout, section }) => stdout.write(section('0.0') + section('1.0').repeat(100_000)),
    ],
    ['noise', ({ stdout }) => stdout.write(Buffer.alloc(17 * 1024 * 1024))],
    ['an end of the connection', ({ end }) => end({ kind: 'exit', code: 0 })],
  ])('that sends %s: only its own results suffer', async (_what, lie) => {
    const { exit, events, ends } = begin(tick, (session) =>
      session.count === 0 ? session.answerLook() : lie(session),
    );

    expect(await exit).toBe(1);
    expect(ends()).toMatchObject({
      good: { status: 'changed', error: null },
      bad: {
        status: 'failed',
        error: { message: expect.stringContaining('what was done is unknown') },
      },
    });
    const activities = events.flatMap((event) => (event.event === 'activity' ? [event] : []));
    expect(activities.length).toBeLessThan(40);
    expect(activities.every(({ done, total }) => done >= 0 && done <= total)).toBe(true);
  });

  test('that answers more than any host has is given up, whatever the parts', async () => {
    const { exit, ends } = begin(tick, ({ stdout, section }) => {
      const part = section('files', 'x'.repeat(1024 * 1024));
      for (let count = 0; count < 40; count += 1) stdout.write(part);
    });

    expect(await exit).toBe(3);
    expect(ends()).toMatchObject({
      good: { status: 'changed' },
      bad: {
        status: 'unreachable',
        error: { message: expect.stringContaining('it sent more than 32 MiB') },
      },
    });
  });

  test.each<[string, number, string, (session: Session) => void]>([
    ['nothing', 3, 'unreachable', () => {}],
    [
      'a byte a second',
      3,
      'unreachable',
      ({ stdout }) => void setInterval(() => stdout.write('x'), 1_000),
    ],
    [
      'a look, and then nothing',
      1,
      'failed',
      (session) => void (session.count === 0 && session.answerLook()),
    ],
    [
      'a look, and then a byte a second',
      1,
      'failed',
      (session) => {
        if (session.count === 0) session.answerLook();
        else setInterval(() => session.stdout.write('x'), 1_000);
      },
    ],
  ])('that answers %s ends in time', async (_what, code, status, answer) => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
    });
    let isOver = false;
    const { exit, ends } = begin([[file, {}]], answer);
    void exit.then(() => {
      isOver = true;
    });

    for (let second = 0; second < 15 * 60 && !isOver; second += 1) {
      await vi.advanceTimersByTimeAsync(1_000);
      await turn();
      await turn();
      await turn();
    }

    expect(isOver).toBe(true);
    expect(await exit).toBe(code);
    expect(ends()).toMatchObject({ good: { status: 'changed' }, bad: { status } });
  });

  test('whose command runs for hours is waited for', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    let finish = () => {};
    const { exit, ends } = begin([[command, { argv: ['id'] }]], (session) => {
      if (session.count === 0) session.answerLook();
      else {
        session.stdout.write(`\n@${session.nonce} begin 0.0\n`);
        finish = () =>
          session.stdout.write(`\n@${session.nonce} end 0.0 0\n\n@${session.nonce} done 1\n`);
      }
    });

    for (let minute = 0; minute < 300; minute += 1) {
      await vi.advanceTimersByTimeAsync(60_000);
      await turn();
    }
    expect(Object.keys(ends())).not.toContain('bad');
    finish();

    expect(await exit).toBe(0);
  });

  test('whose output has no end is heard to the end of 64 KiB', async () => {
    const { exit, events } = begin([[command, { argv: ['id'] }]], (session) => {
      if (session.count === 0) session.answerLook();
      else {
        session.stdout.write(session.section('0.0', 'x'.repeat(10_000_000)));
        session.stdout.write(`\n@${session.nonce} done 1\n`);
      }
    });

    expect(await exit).toBe(0);
    const messages = events.flatMap((event) => (event.event === 'task' ? [event.message] : []));
    expect(messages).toContain(`${'x'.repeat(65_536)}${cutMark}`);
  });

  test('whose output is cut off in the middle of a character says so right behind the last whole one', async () => {
    const { exit, events } = begin([[command, { argv: ['id'] }]], (session) => {
      if (session.count === 0) session.answerLook();
      else {
        session.stdout.write(session.section('0.0', `x${'é'.repeat(40_000)}`));
        session.stdout.write(`\n@${session.nonce} done 1\n`);
      }
    });

    expect(await exit).toBe(0);
    const messages = events.flatMap((event) => (event.event === 'task' ? [event.message] : []));
    expect(messages).toContain(`x${'é'.repeat(32_767)}${cutMark}`);
  });

  test('that meets a bug of ours fails, the others are done, and the bug is told', async () => {
    const { exit, events, ends } = begin([[buggy, {}]], obey);

    await expect(exit).rejects.toThrow('a bug');
    expect(ends()).toMatchObject({
      good: { status: 'ok' },
      bad: { status: 'failed', error: { message: expect.stringContaining('a bug') } },
    });
    expect(events.at(-1)).toMatchObject({ event: 'run_end', exit: 1 });
  });
});
