import { describe, expect, test } from 'vitest';
import { ConnectionError, type Transport } from '../../src/connection/transport.ts';
import type { Batch, HostEnd, HostStatus, RunEvent } from '../../src/engine/events.ts';
import type { HostedPlay } from '../../src/engine/legs.ts';
import { run } from '../../src/engine/run.ts';
import type { RunRequest } from '../../src/engine/run-request.ts';
import { fleet, named, playOf } from './fleet.ts';
import { identity } from './identity.ts';
import { localHost } from './local-host.ts';

const ten = await fleet(10, 1);
const dom0s = named(ten, 'dom0');
const one = { hosts: 1 } as const;
const all = { percent: 100 } as const;

/** Runs plays on "hosts" that are this machine; those named in `dead` do not answer. */
async function roll(
  plays: readonly HostedPlay[],
  {
    dead = [],
    onEvent = () => {},
    onConnect = () => {},
    ...options
  }: Partial<RunRequest> & {
    readonly dead?: readonly string[];
    readonly onEvent?: (event: RunEvent, stop: () => void, leave: () => void) => void;
    readonly onConnect?: (name: string) => Promise<void> | void;
  } = {},
) {
  const events: RunEvent[] = [];
  const local = localHost();
  const transport: Transport = {
    connect: async ({ name }, signal) => {
      await onConnect(name);
      if (signal.aborted) throw new ConnectionError('aborted', 'aborted');
      if (dead.includes(name)) throw new ConnectionError('network', 'dead');
      return local.connect();
    },
    close: async () => {},
  };
  const stopping = new AbortController();
  const leaving = new AbortController();
  const exit = await run({
    ...{ version: '0', identity, inventory: ten, plays, transport, check: false, forks: 4 },
    endpointOf: ({ name, address }) => ({ name, address }),
    confirm: { timeoutSeconds: null, isOff: true },
    pendingAsExit: false,
    stopping: stopping.signal,
    leaving: leaving.signal,
    ...options,
    emit: (event) => {
      events.push(event);
      onEvent(
        event,
        () => stopping.abort(),
        () => leaving.abort(),
      );
    },
  });
  const ends = events.filter((event): event is HostEnd => event.event === 'host_end');
  const batches = events.filter((event): event is Batch => event.event === 'batch');
  return {
    exit,
    events,
    statuses: Object.fromEntries(ends.map(({ host, status }) => [host, status])),
    /** Of x1, x2 and so on. */
    errors: errorsOf(ends),
    batches: batches.map(({ batch, status }) => `${batch} ${status}`),
    stop: batches.find(({ status }) => status === 'stopped') ?? null,
    order: events.flatMap((event) => (event.event === 'host_start' ? [event.host] : [])),
  };
}

interface Errors {
  readonly x1?: string;
  readonly x2?: string;
  readonly x3?: string;
}

function errorsOf(ends: readonly HostEnd[]): Errors {
  return Object.fromEntries(ends.map(({ host, error }) => [host, error?.message]));
}

const countOf = (statuses: Record<string, HostStatus>, status: HostStatus): number =>
  Object.values(statuses).filter((each) => each === status).length;

describe('run in batches', () => {
  test('a batch begins when all hosts of the one before it are done', async () => {
    const active = new Set<string>();
    const together: string[][] = [];
    const { exit, batches } = await roll(
      [playOf('p', dom0s, { serial: [one, { hosts: 3 }, all] })],
      {
        onEvent: (event) => {
          if (event.event === 'host_start') active.add(event.host);
          if (event.event === 'host_end') active.delete(event.host);
          together.push([...active]);
        },
      },
    );

    const batchOf = (name: string): number => {
      const at = dom0s.indexOf(name);
      return at === 0 ? 1 : at < 4 ? 2 : 3;
    };
    expect(together.every((names) => new Set(names.map(batchOf)).size <= 1)).toBe(true);
    expect(exit).toBe(0);
    expect(batches).toEqual(['1 start', '1 done', '2 start', '2 done', '3 start', '3 done']);
  });

  test('one batch alone is no news', async () => {
    const { batches } = await roll([playOf('p', dom0s.slice(0, 3))]);

    expect(batches).toEqual([]);
  });

  test('network changes on more than five dom0s stop at a canary that fails', async () => {
    const plays = [playOf('Xen hosts', dom0s, { network: true })];
    const { exit, statuses, errors, stop, order } = await roll(plays, { dead: ['x1'] });

    expect(exit).toBe(3);
    expect(order).toEqual(['x1']);
    expect(countOf(statuses, 'skipped')).toBe(9);
    expect(errors.x2).toBe('the rollout stopped before it began');
    expect(stop).toMatchObject({
      play: 'Xen hosts',
      batch: 1,
      batches: 2,
      hosts: ['x1'],
      total: 10,
    });
    expect(stop?.message).toBe('the first host ended badly');
  });

  test('the canary’s guests go with it, and count', async () => {
    const plays = [
      playOf('Xen hosts', dom0s, { network: true }),
      playOf('Guests', named(ten, 'domU'), { network: true }),
    ];
    const { order, stop } = await roll(plays, { dead: ['x1-1'] });

    expect(order).toEqual(['x1', 'x1-1']);
    expect(stop?.message).toBe('1 of the 2 first hosts ended badly');
  });

  test('a rollout stops when more than a fifth of the hosts begun ended badly, three at least', async () => {
    const play = playOf('p', dom0s);
    const two = await roll([play], { dead: ['x1', 'x2'], forks: 1 });
    const three = await roll([play], { dead: ['x1', 'x3', 'x4'], forks: 1 });

    expect(two.exit).toBe(3);
    expect(countOf(two.statuses, 'changed')).toBe(8);
    expect(two.stop).toBeNull();
    expect(three.exit).toBe(3);
    expect(three.order).toEqual(['x1', 'x2', 'x3', 'x4']);
    expect(three.stop?.message).toBe('3 of 4 hosts begun ended badly, more than a fifth');
    expect(countOf(three.statuses, 'skipped')).toBe(6);
  });

  test('hosts under way that have not begun to change are left as they are', async () => {
    let release: () => void = () => {};
    const stopped = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { statuses, errors } = await roll([playOf('p', ['x1', 'x2'], { anyErrorsFatal: true })], {
      dead: ['x1'],
      onConnect: (name) => (name === 'x2' ? stopped : undefined),
      onEvent: (event) => {
        if (event.event === 'batch') release();
      },
    });

    expect(statuses).toEqual({ x1: 'unreachable', x2: 'skipped' });
    expect(errors.x2).toContain('the rollout stopped before');
  });

  test('the command line’s limit goes before the plays’', async () => {
    const plays = [playOf('p', dom0s, { anyErrorsFatal: true })];
    const rollout = { serial: null, maxFail: { kind: 'percent', most: 100 } } as const;
    const { statuses } = await roll(plays, { dead: dom0s.slice(0, 5), rollout });

    expect(countOf(statuses, 'changed')).toBe(5);
  });

  test('a limit is that of its play: another one’s failures do not count', async () => {
    const plays = [
      playOf('easy', dom0s.slice(0, 5), { maxFailPercentage: 100 }),
      playOf('strict', dom0s.slice(5), { anyErrorsFatal: true }),
    ];
    const { statuses, stop } = await roll(plays, { dead: dom0s.slice(0, 4), forks: 1 });

    expect(stop).toBeNull();
    expect(countOf(statuses, 'changed')).toBe(6);
  });

  test('there is a pause between batches, which an interrupt ends', async () => {
    const started = performance.now();
    const { exit, events, statuses } = await roll(
      [playOf('p', ['x1', 'x2'], { serial: [one], pauseSeconds: 3600 })],
      {
        onEvent: (event, stop) => {
          if (event.event === 'message') queueMicrotask(stop);
        },
      },
    );

    expect(performance.now() - started).toBeLessThan(60_000);
    expect(exit).toBe(130);
    expect(statuses).toEqual({ x1: 'changed', x2: 'skipped' });
    expect(events).toContainEqual(
      expect.objectContaining({ text: 'Pausing 3600 s before batch 2 of 2.' }),
    );
  });

  test('a check has no batches and no limits', async () => {
    const plays = [playOf('p', dom0s, { serial: [one], anyErrorsFatal: true, network: true })];
    const { statuses, batches, exit } = await roll(plays, { dead: ['x1'], check: true });

    expect(batches).toEqual([]);
    expect(exit).toBe(3);
    expect(countOf(statuses, 'changed')).toBe(9);
  });
});

describe('a proof of each batch', () => {
  const proof = { summary: '', text: '', document: {} };
  const plays = [
    playOf('Xen hosts', dom0s.slice(0, 3), { maxFailPercentage: 100 }),
    playOf('Guests', ['x1-1', 'x2-1', 'x3-1'], { serial: [one, all] }),
  ];

  test('is of what is done on both sides of a Xen pair; the end proves all', async () => {
    const asked: (readonly string[] | null)[] = [];
    const { exit } = await roll(plays, {
      verify: async (hosts) => {
        asked.push(hosts === null ? null : hosts.map(({ name }) => name));
        return { ...proof, isRight: true, statuses: ['ok'] };
      },
    });

    expect(exit).toBe(0);
    expect(asked).toEqual([['x1-1'], null]);
  });

  test('stops the rollout when it fails, and nothing is proven after that', async () => {
    let proofs = 0;
    const { exit, statuses, stop } = await roll(plays, {
      verify: async () => {
        proofs += 1;
        return { ...proof, isRight: false, statuses: ['failed'] };
      },
    });

    expect(exit).toBe(1);
    expect(proofs).toBe(1);
    expect(stop).toMatchObject({
      play: 'Guests',
      batch: 1,
      message: 'what was done is not proven',
    });
    expect(statuses).toMatchObject({ 'x1-1': 'changed', 'x2-1': 'skipped', 'x3-1': 'skipped' });
  });

  test('that cannot be made stops the rollout too, and is told as the bug that it is', async () => {
    await expect(
      roll(plays, { verify: async () => Promise.reject(new Error('a bug')) }),
    ).rejects.toThrow('a bug');
  });
});

describe('an interrupt', () => {
  test('begins nothing new, whatever batches are left', async () => {
    const { exit, statuses, batches } = await roll([playOf('p', dom0s, { serial: [one] })], {
      onEvent: (event, stop) => {
        if (event.event === 'host_end' && event.host === 'x2') stop();
      },
    });

    expect(exit).toBe(130);
    expect(countOf(statuses, 'changed')).toBe(2);
    expect(countOf(statuses, 'skipped')).toBe(8);
    expect(batches).toEqual(['1 start', '1 done', '2 start']);
  });

  test('twice, ends all hosts at once', async () => {
    const { exit, statuses, errors } = await roll([playOf('p', dom0s)], {
      forks: 2,
      onConnect: () => new Promise(() => {}), // a host that never answers, and hears no signal
      onEvent: (event, stop, leave) => {
        if (event.event === 'host_start' && event.host === 'x2') {
          stop();
          leave();
        }
      },
    });

    expect(exit).toBe(130);
    expect(Object.keys(statuses)).toHaveLength(10);
    expect(Object.values(statuses)).not.toContain('changed');
    expect(errors.x1).toMatch(/^(?:interrupted before|left in the middle)/);
    expect(errors.x3).toBe('interrupted before it began');
  });
});
