import { describe, expect, test } from 'vitest';
import { introduce, introductionQueries } from '../../src/engine/introduction.ts';
import type { Observation } from '../../src/host/look-program.ts';
import type { Answer, Query } from '../../src/host/query.ts';
import { query, queryKey } from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import type { LastWindow, PendingWindow, WindowsState } from '../../src/host/window.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Host } from '../../src/inventory/model.ts';
import { fileOf } from '../steps/observed.ts';
import { identity } from './identity.ts';

const inventory = await loadInventory({
  argument: '-',
  stdin: `
hosts:
  any: {}
  named: { expect: { hostname: h1 } }
  sure: { expect: { hostname: h1, machine_id: 0123456789abcdef0123456789abcdef } }
`,
});

function hostOf(name: string): Host {
  const host = inventory.hosts.get(name);
  if (host === undefined) throw new Error(name);
  return host;
}

function told<Q extends Query>(asked: Q, answer: Answer<Q>) {
  return [queryKey(asked), { answer }] as const;
}

const quiet: WindowsState = { lock: null, pending: null, last: null };

function stateOf({
  hostname = 'h1',
  machineId = '0123456789abcdef0123456789abcdef\n',
  windows = quiet,
}: {
  readonly hostname?: string;
  readonly machineId?: string;
  readonly windows?: Partial<WindowsState>;
} = {}): HostState {
  return new HostState(
    new Map<string, Observation>([
      told(query.parameter('kernel.hostname'), hostname),
      told(query.file('/etc/machine-id'), fileOf(machineId, 0o444)),
      told(query.session(), { peer: '10.0.0.9', address: '10.0.0.2' }),
      told(query.windows(), { ...quiet, ...windows }),
    ]),
  );
}

const other = { id: 'R-1.1', run: 'R-1', by: 'ops@desk' };
const last: LastWindow = {
  ...other,
  outcome: 'rolled_back',
  why: 'not confirmed',
  secondsAgo: 300,
};
const pending: PendingWindow = {
  ...other,
  ...{ state: 'applied', secondsLeft: 12, hasRebooted: false, isWatched: true },
};

const applying = { identity, check: false };

describe('introductionQueries', () => {
  test('ask for a name only of a host that should have one', () => {
    expect(introductionQueries(hostOf('any')).map(({ kind }) => kind)).toEqual([
      'windows',
      'session',
    ]);
    expect(introductionQueries(hostOf('sure'))).toHaveLength(4);
  });
});

describe('introduce', () => {
  test('lets on with the host that is meant, and knows the controller’s address', () => {
    expect(introduce(hostOf('sure'), stateOf(), applying)).toEqual({
      ending: null,
      overdue: null,
      notes: [],
      controller: '10.0.0.9',
    });
  });

  test.each([
    [{ hostname: 'h2' }, 'this is another host: its hostname is h2, expected h1'],
    [{ machineId: 'ff\n' }, 'its machine-id is ff, expected 0123456789abcdef0123456789abcdef'],
    [{ machineId: '' }, 'its machine-id is not known'],
  ])('refuses a host that says %j, in a check too', (said, message) => {
    for (const check of [true, false]) {
      const { ending } = introduce(hostOf('sure'), stateOf(said), { identity, check });

      expect(ending?.status).toBe('failed');
      expect(ending?.error.message).toContain(message);
    }
  });

  test('does not call a host another one that cannot tell', () => {
    const failure = 'the host has no grep, which xpush needs to read kernel parameters';
    const state = stateOf().with(new Map([['parameter:kernel.hostname', { failure }]]));

    expect(introduce(hostOf('named'), state, applying).ending).toEqual({
      status: 'failed',
      error: { message: failure, hint: null },
    });
    expect(introduce(hostOf('any'), state, applying).ending).toBeNull();
  });

  test('says what became of another run, not of its own and not of one that was confirmed', () => {
    const notes = (windows: Partial<WindowsState>) =>
      introduce(hostOf('any'), stateOf({ windows }), applying).notes;

    expect(notes({ last })).toEqual([
      'its last network changes, of run R-1 by ops@desk, were rolled back, 5 min ago: not confirmed',
    ]);
    expect(notes({ last: { ...last, run: identity.id } })).toEqual([]);
    expect(notes({ last: { ...last, outcome: 'confirmed' } })).toEqual([]);
    expect(notes({ last: { ...last, outcome: 'incomplete', secondsAgo: null } })).toEqual([
      'its last network changes, of run R-1 by ops@desk, could not all be undone: not confirmed',
    ]);
  });

  test('a host in a window of another run is busy; a check just says so', () => {
    const state = stateOf({ windows: { pending } });

    const apply = introduce(hostOf('any'), state, applying);
    const check = introduce(hostOf('any'), state, { identity, check: true });

    expect(apply.ending?.status).toBe('busy');
    expect(apply.ending?.error.message).toContain('within 12 s');
    expect(check.ending).toBeNull();
    expect(check.notes[0]).toContain('busy with run R-1');
  });

  test.each<[Partial<PendingWindow>, number | null, string | null]>([
    [{ state: 'rolling' }, 300, 'needs_human'],
    [{ state: 'rolling', isWatched: false, secondsLeft: 0 }, 300, 'needs_human'],
    [{ state: 'rolling', isWatched: false, hasRebooted: true }, 300, 'needs_human'],
    [{ state: 'rolling', isWatched: false, hasRebooted: true }, null, null],
  ])(
    'of a window that could not be undone (%j, told %s s ago) the host is %s',
    (said, secondsAgo, status) => {
      const windows = {
        pending: { ...pending, ...said },
        last: { ...last, outcome: 'incomplete' as const, secondsAgo },
      };
      const { ending, overdue } = introduce(hostOf('any'), stateOf({ windows }), applying);

      expect(ending?.status ?? null).toBe(status);
      expect(overdue !== null).toBe(status === null); // tried once more, as nobody did since the boot
    },
  );

  test.each<[Partial<PendingWindow>, boolean, string | null]>([
    [{ secondsLeft: 0 }, true, null],
    [{ hasRebooted: true }, true, null],
    [{ secondsLeft: 0, state: 'rolling' }, false, 'busy'],
    [{ secondsLeft: 0, state: 'rolling', isWatched: false }, true, null],
    [{ state: 'rolling', isWatched: false }, true, null],
    [{ isWatched: false }, false, 'busy'],
    [{ state: 'confirmed' }, false, null],
  ])('a window that is %j: overdue is %s, the host %s', (said, isOverdue, status) => {
    const state = stateOf({ windows: { pending: { ...pending, ...said } } });

    const { overdue, ending } = introduce(hostOf('any'), state, applying);
    const check = introduce(hostOf('any'), state, { identity, check: true });

    expect(overdue !== null).toBe(isOverdue);
    expect(ending?.status ?? null).toBe(status);
    expect(check.overdue).toBeNull();
  });

  test('its own window is no obstacle', () => {
    const windows = { pending: { ...pending, run: identity.id } };

    expect(introduce(hostOf('any'), stateOf({ windows }), applying).ending).toBeNull();
  });
});
