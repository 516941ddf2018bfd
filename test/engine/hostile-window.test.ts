import { setImmediate as turn } from 'node:timers/promises';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import type { LegResult } from '../../src/engine/leg-options.ts';
import { runLeg } from '../../src/engine/leg-run.ts';
import { change } from '../../src/host/change.ts';
import { query } from '../../src/host/query.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { safeEvent } from '../../src/report/safe-event.ts';
import { SourceText } from '../../src/source/source-text.ts';
import { defineStep } from '../../src/steps/step.ts';
import type { Session } from './forged-host.ts';
import { type ForgedWindow, forgedWindow, type Lies, noWay, say } from './forged-window.ts';
import { identity } from './identity.ts';
import { legOptions } from './leg-options.ts';

// the clock of a test may be turned on; nothing stays with a signal once the time is over, as with the real one
vi.mock('node:timers/promises', async (original) => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: (ms: number, value: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve(value);
      }, ms);
      signal?.addEventListener('abort', stop, { once: true });
    }),
}));

const inventory = await loadInventory({ argument: '-', stdin: 'hosts: { bad: {} }' });
const place = { source: new SourceText('test.yaml', ''), start: 0, end: 0 };

/** Something live, and a file for the next boot, which is there when it is a directory. */
const net = defineStep({
  name: 'net',
  summary: 'Changes the network; for these tests.',
  on: ['host'],
  params: v.strictObject({}),
  network: true,
  queries: () => ({ file: query.file('/etc/x') }),
  plan: (_target, _params, { file }) => ({
    changes:
      file.type === 'directory'
        ? []
        : [
            ...change.setParameter('net.ipv4.ip_forward', '1', '0'),
            ...change.writeFile('/etc/x', 'x\n', file, { effect: 'boot' }),
          ],
  }),
});

interface Ended {
  readonly host: ForgedWindow;
  readonly events: readonly RunEvent[];
  readonly seconds: number;
  /** Null: it was unreachable. */
  readonly result: LegResult | null;
  readonly decisions: readonly string[];
}

async function runWith(lies: Lies): Promise<Ended> {
  const host = forgedWindow(lies);
  const events: RunEvent[] = [];
  const target = inventory.hosts.get('bad');
  if (target === undefined) throw new Error('no host');
  const task = { name: 'a task', step: net, params: {}, place };
  const play = { name: 'a play', hosts: ['all'], hostsPlace: place, tasks: [task] };
  let number = 0;
  const started = performance.now();
  let ended: { result: LegResult | null } | null = null;
  const running = runLeg(
    { host: target, tasks: [{ play, task }], after: [] },
    {
      ...legOptions(inventory, events),
      inventoryWord: 'fleet.yaml',
      nextNumber: () => (number += 1),
    },
    host.connect,
  ).then(
    (result) => {
      ended = { result };
    },
    (error) => {
      if (error?.name !== 'ConnectionError') throw error;
      ended = { result: null };
    },
  );
  for (let step = 0; step < 40_000 && ended === null; step += 1) {
    await vi.advanceTimersByTimeAsync(100);
    await turn();
    await turn();
  }
  if (ended === null) throw new Error('it never ends');
  await running;
  const { result } = ended as { result: LegResult | null };
  const decisions = host.asked.flatMap((one) => (one.kind === 'decide' ? [one.decision] : []));
  return { host, events, seconds: (performance.now() - started) / 1000, result, decisions };
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  });
});
afterEach(() => vi.useRealTimers());

const id = `${identity.id}.1`;
const armed = [['lock'], ['arm']] as const;
const lose = ({ end }: Session) => end({ kind: 'lost', reason: 'reset by peer' });

/** No window may be waited for any longer: its own time, ten seconds, and what a look may take. */
const boundSeconds = 60 + 30 + 10 + 75;

const taskStatuses = ({ events }: Ended) =>
  events.flatMap((event) => (event.event === 'task' ? [event.status] : []));

describe('runLeg, of a host with a confirm window', () => {
  test('that tells the truth: it is confirmed over one more connection', async () => {
    const run = await runWith({});

    expect(run.result).toMatchObject({ status: 'changed', error: null });
    expect(run.host.connections).toBe(2);
    expect(run.decisions).toEqual(['confirm']);
    expect(run.events.filter((event) => event.event === 'message')).toEqual([
      expect.objectContaining({ level: 'info', text: expect.stringContaining('is a name') }),
    ]);
  });

  test.each<[string, Lies['open']]>([
    ['a change that was made before it was armed', (s) => say(s, ['lock'], ['0.0'])],
    ['that all is applied without being armed', (s) => say(s, ['lock'], ['window', 'applied\n30'])],
    ['a change twice', (s) => say(s, ...armed, ['0.0'], ['0.0'], ['window', 'applied\n30'])],
    ['that it is armed twice', (s) => say(s, ...armed, ['arm'], ['window', 'applied\n30'])],
    ['a change that nobody asked for', (s) => say(s, ...armed, ['7.7'], ['window', 'applied\n30'])],
    [
      'a file of the next boot too soon',
      (s) => say(s, ...armed, ['0.1'], ['window', 'applied\n3']),
    ],
    ['a decision that nobody asked for', (s) => say(s, ...armed, ['decision', 'confirmed'])],
    ['what belongs to objects', (s) => say(s, ...armed, ['__proto__', 'applied'])],
    ['a wrong count', (s) => s.stdout.write(`${s.section('lock')}\n@${s.nonce} done 7\n`)],
    ['40 MB', (s) => s.stdout.write(Buffer.alloc(40 * 1024 * 1024, 'x'))],
    ['small sections without end', (s) => s.stdout.write(s.section('lock').repeat(100_000))],
  ])(
    'that says %s, and then knows of nothing: a human is asked for',
    async (_what, open = () => {}) => {
      const run = await runWith({ open, look: () => ({ windows: '' }) });

      expect(run.result).toMatchObject({ status: 'needs_human', undoesItselfWithinSeconds: null });
      expect(run.result?.error?.message).toContain('nothing was heard from it for');
      expect(run.result?.error?.hint).toContain('xpush status fleet.yaml -l bad');
      expect(run.decisions).toEqual([]);
      expect(run.seconds).toBeLessThan(boundSeconds);
      expect(run.events.length).toBeLessThan(40);
    },
  );

  test.each([
    ['nothing of its changes', []],
    ['that one failed', [['0.0', 'oops', 1]]],
  ] as const)('that says %s, but that all are made: it is undone', async (_what, acts) => {
    const run = await runWith({
      open: (session) => say(session, ...armed, ...acts, ['window', 'applied\n30']),
      look: (_session, { length }) =>
        length < 4
          ? { windows: length === 1 ? '' : `window ${id} r b applied 300 same watched` }
          : {},
    });

    expect(run.decisions).toEqual(['undo']);
    expect(run.result?.status).toBe('rolled_back');
  });

  test('that was confirmed by nobody of this run, which lost it: a human is asked for', async () => {
    const run = await runWith({
      open: (session) => {
        say(session, ...armed);
        lose(session);
      },
      look: (_session, { length }) =>
        length === 1 ? {} : { windows: `last ${id} r b confirmed 1 x` },
    });

    expect(run.result).toMatchObject({
      status: 'needs_human',
      error: {
        message: expect.stringContaining('its changes were confirmed, but not by this run'),
        hint: expect.stringContaining('xpush rollback fleet.yaml -l bad'),
      },
    });
    expect(taskStatuses(run)).toEqual(['failed']);
  });

  test('that says "confirmed" when it is to undo: a human is asked for', async () => {
    const run = await runWith({
      open: (session, of) => {
        say(session, ...armed, ['window', 'applied\n30']);
        expect(of).toBe(id);
      },
      look: (_session, { length }) =>
        length === 1 ? {} : { windows: `window ${id} r b applied 300 same watched` },
      decide: (session) => say(session, ['decision', 'confirmed']),
    });

    expect(new Set(run.decisions)).toEqual(new Set(['undo']));
    expect(run.result?.status).toBe('needs_human');
    expect(run.seconds).toBeLessThan(boundSeconds);
  });

  test.each<[string, string, string | undefined, LegResult['status'], string]>([
    ['confirmed, and the file in place', 'confirmed', 'directory', 'changed', ''],
    [
      'confirmed, and the file not in place',
      'confirmed',
      'absent',
      'failed',
      'confirmed, but not ready for the next boot: /etc/x: nobody saw it done',
    ],
    ['undone meanwhile', 'rolled_back', undefined, 'rolled_back', 'not confirmed: rolled back'],
    ['not undone wholly', 'incomplete', undefined, 'needs_human', 'CONSOLE NEEDED'],
  ])('whose answer to the confirmation is lost, and which is %s', async (...row) => {
    const [, outcome, files = 'absent', status, message] = row;
    const run = await runWith({
      decide: lose,
      look: (_session, asked) => {
        if (asked.some(({ kind }) => kind === 'decide')) {
          return { windows: `last ${id} r b ${outcome} 1 why`, files };
        }
        return { windows: asked.length === 1 ? '' : `window ${id} r b applied 300 same watched` };
      },
    });

    expect(run.decisions).toEqual(['confirm']);
    expect(run.result?.status).toBe(status);
    expect(run.result?.error?.message ?? '').toContain(message);
    expect(run.seconds).toBeLessThan(30);
  });

  test('whose answer to the confirmation is lost, with all that is behind it', async () => {
    let isLost = false;
    const run = await runWith({
      decide: (session) => {
        isLost = true;
        lose(session);
      },
      connect: () => (isLost ? noWay() : undefined),
    });

    expect(run.result?.status).toBe('needs_human');
    expect(taskStatuses(run)).toEqual(['failed']);
    expect(run.seconds).toBeLessThan(30 + 10 + 5);
    const waits = run.events.flatMap((event) =>
      event.event === 'message' && event.level === 'warning' ? [event.text] : [],
    );
    expect(waits[0]).toMatch(
      /nothing is heard of it .*no way: network.* waited for 3\d s more at most/,
    );
    expect(waits.length).toBeGreaterThan(1);
    expect(waits.length).toBeLessThan(5);
  });

  test.each([
    ['that is gone', ''],
    ['of another run', 'window other-1.1 other-1 b applied 300 same watched'],
    ['of another number', `window ${identity.id}.9 ${identity.id} b applied 300 same watched`],
    ['that is no name', 'window $(reboot) $(reboot) b applied 0 same watched'],
    ['that has another end', `last ${identity.id}.9 ${identity.id} b confirmed 1 x`],
  ])(
    'behind which another machine answers, with a window %s: nothing is decided there',
    async (...row) => {
      const run = await runWith({
        look: (_session, { length }) => ({ windows: length === 1 ? '' : row[1] }),
      });

      expect(run.decisions).toEqual([]);
      expect(run.host.asked.filter(({ kind }) => kind === 'open')).toHaveLength(1);
      expect(run.result?.status).toBe('needs_human');
      expect(run.result?.error?.message).toContain('knows nothing of its confirm window');
      expect(run.seconds).toBeLessThan(boundSeconds);
    },
  );

  test.each([
    ['of names that nobody may have', 'window $(reboot) r b applied 0 same watched'],
    ['of names without end', `window ${'x'.repeat(1_000_000)}.1 r b applied 0 same`],
  ])('that tells of an earlier window %s has none', async (_what, windows) => {
    const run = await runWith({
      look: (_session, { length }) => (length === 1 ? { windows } : {}),
      open: (s) => say(s, ['lock', 'no', 1]),
    });

    expect(run.result?.status).toBe('failed');
  });

  test('that confirms and then says something else in one breath is asked again', async () => {
    const run = await runWith({
      decide: (session) => say(session, ['decision', 'confirmed'], ['window', 'rolled_back\nlie']),
      look: (_session, asked) => {
        if (asked.some(({ kind }) => kind === 'decide')) {
          return { windows: `last ${id} r b rolled_back 1 really` };
        }
        return { windows: asked.length === 1 ? '' : `window ${id} r b applied 300 same watched` };
      },
    });

    expect(run.result?.status).toBe('rolled_back');
  });

  test.each(['-5', '999999999', '99999999999999999999', 'NaN', '', '0', '1e9', 'Infinity'])(
    'that waits for %s seconds and is not heard of again: nobody waits longer than it may take',
    async (left) => {
      const run = await runWith({
        open: (session) => say(session, ...armed, ['0.0'], ['window', `applied\n${left}`]),
        connect: () => noWay(),
      });

      expect(run.result?.status).toBe('needs_human');
      expect(run.seconds).toBeLessThan(30 + 10 + 5);
    },
  );

  test.each([
    ['is being changed', 'armed 9999999999 same watched'],
    ['waits', 'applied 9999999999 same watched'],
    ['was booted', 'applied 0 other watched'],
    ['is being undone', 'rolling 5 same watched'],
    ['is being put in place', 'confirmed 5 same watched'],
  ])('that says for ever that it %s is given up', async (_what, state) => {
    const run = await runWith({
      open: lose,
      look: (_session, { length }) =>
        length === 1 ? {} : { windows: `window ${id} r b ${state}` },
      follow: () => {},
      decide: (session) => say(session, ['decision', 'too_late']),
    });

    expect(run.result?.status).toBe('needs_human');
    expect(run.seconds).toBeLessThan(boundSeconds + 60);
    expect(run.host.asked.length).toBeLessThan(1_500);
  });

  const slowly = (text: string) => (session: Session) =>
    void setInterval(() => session.stdout.write(text), 1_000);

  test.each<[string, Lies]>([
    ['while it arms', { open: (s) => s.stdout.write(s.section('lock')) }],
    [
      'while it makes changes',
      { open: (s) => s.stdout.write(s.section('lock') + s.section('arm')) },
    ],
    [
      'while it tells of the window, talking on',
      {
        open: (s) => {
          s.stdout.write(`${s.section('lock')}${s.section('arm')}\n@${s.nonce} begin window\n`);
          slowly('no end ')(s);
        },
        follow: slowly('x'),
      },
    ],
    ['when it comes back', { look: (_s, { length }) => (length === 1 ? {} : null) }],
    ['when it is to decide', { decide: () => {} }],
    ['when it is to decide, talking on', { decide: slowly('x') }],
  ])('that hangs %s ends in time, and honestly', async (_what, lies) => {
    const run = await runWith({
      look: (_session, { length }) =>
        length === 1 ? {} : { windows: `window ${id} r b armed 9 same watched` },
      follow: () => {},
      ...lies,
    });

    expect(run.result?.status ?? 'unreachable').toMatch(/needs_human/);
    expect(run.seconds).toBeLessThan(boundSeconds + 250);
  });

  test.each(['authentication', 'host-key'] as const)(
    'that refuses by its %s what comes back is asked thrice at most',
    async (reason) => {
      const run = await runWith({ connect: () => noWay(reason) });

      expect(run.host.connections).toBeLessThanOrEqual(1 + 3);
      expect(run.result?.status).toBe('needs_human');
      expect(run.result?.error?.message).toContain(`no way: ${reason}`);
      expect(run.seconds).toBeLessThan(30 + 10 + 5);
    },
  );

  test('that answers pings that nobody asked for, and paints, is not believed nor shown', async () => {
    const evil = '\u001b]0;pwned\u0007\u202e';
    const run = await runWith({
      open: (session) =>
        say(
          session,
          ['lock', evil.repeat(100_000)],
          ['arm', evil],
          ['0.0', evil],
          ['window', `rolled_back\n${evil.repeat(100_000)}`],
        ),
    });

    expect(run.result?.status).toBe('rolled_back');
    expect(JSON.stringify(run.events).length).toBeLessThan(200_000);
    const shown = run.events.map((event) => JSON.stringify(safeEvent(event, true))).join();
    expect(shown).not.toMatch(/\p{Cc}|\p{Cf}|\\u00/u);
  });
});
