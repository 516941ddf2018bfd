import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerTo } from '../../src/host/answer.ts';
import { type Change, type ChangeRouting, change, type SwapChains } from '../../src/host/change.ts';
import { inverseOf, inverseQueries } from '../../src/host/inverse.ts';
import type { Observation } from '../../src/host/look-program.ts';
import {
  type ChainsState,
  type FileState,
  type NetworkInterface,
  type NftBaseChain,
  type NftChain,
  type NftState,
  query,
  queryKey,
  type Route,
  type Rule,
} from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import { runs } from '../runs.ts';
import { bytes, fileState, mode, ownName } from './some-changes.ts';

/** A host of which these answers are known, under every query that the undoing of `done` asks. */
function hostOf(done: Change, answer: (kind: string) => unknown): HostState {
  const entries = inverseQueries(done).map(
    (asked) => [queryKey(asked), { answer: answer(asked.kind) } as Observation] as const,
  );
  return new HostState(new Map(entries));
}

const changesOf = (done: Change, now: HostState): readonly Change[] => {
  const inverse = inverseOf(done, now);
  if (!('changes' in inverse)) throw new Error(JSON.stringify(inverse));
  return inverse.changes;
};

const afterAll = (state: HostState, changes: readonly Change[]): HostState =>
  changes.reduce((before: HostState, one) => before.after(one), state);

/** The host once the change was made and undone; and that the undoing is known to be done. */
function thereAndBack(done: Change, state: HostState): HostState {
  const back = afterAll(state.after(done), changesOf(done, state.after(done)));
  expect(changesOf(done, back)).toEqual([]);
  return back;
}

describe('inverseOf', () => {
  const path = '/etc/a';
  const fileHost = (done: Change, file: FileState) =>
    hostOf(done, (kind) =>
      kind === 'file'
        ? file
        : { exists: file.type === 'directory', files: new Map(), isCut: false },
    );
  const fileNow = (state: HostState) => answerTo(state, query.file(path));
  const isKept = (file: FileState) =>
    file.type === 'absent' || (file.type === 'file' && file.content !== null);

  test('a file that was written is as it was, owner aside', () => {
    fc.assert(
      fc.property(
        fileState.filter(isKept),
        bytes,
        fc.option(mode, { nil: undefined }),
        (before, content, bits) => {
          const options = {
            effect: 'boot',
            ...(bits === undefined ? {} : { mode: bits }),
          } as const;
          for (const done of change.writeFile(path, content, before, options)) {
            expect(fileNow(thereAndBack(done, fileHost(done, before)))).toEqual(before);
          }
        },
      ),
      { numRuns: runs() },
    );
  });

  test('a file or directory that was removed is as it was, owner aside', () => {
    const known = fileState.filter((file) => isKept(file) || file.type === 'directory');
    fc.assert(
      fc.property(known, (before) => {
        for (const done of change.removeFile(path, before, 'boot')) {
          const back = fileNow(thereAndBack(done, fileHost(done, before)));

          expect(back).toEqual(before.type === 'file' ? { ...before, uid: 0, gid: 0 } : before);
        }
      }),
      { numRuns: runs() },
    );
  });

  test('a directory that was made goes when it is empty, and stays otherwise', () => {
    const [done] = change.makeDirectory(path, { type: 'absent' });
    const state = fileHost(done!, { type: 'absent' });
    const [file] = change.writeFile(`${path}/b`, '', { type: 'absent' }, { effect: 'boot' });

    expect(fileNow(thereAndBack(done!, state))).toEqual({ type: 'absent' });
    expect(changesOf(done!, state.after(done!).after(file!))).toEqual([]);
  });

  test('the directory of memories, locks and generations stays', () => {
    const [done] = change.makeDirectory('/var/lib/xpush', { type: 'absent' });
    const state = fileHost(done!, { type: 'directory' });

    expect(changesOf(done!, state)).toEqual([]);
  });

  test('a file that somebody else changed since, and one too large to keep, are refused', () => {
    const small: FileState = { type: 'file', mode: 0o644, uid: 0, gid: 0, size: 1, content: 'a' };
    const large: FileState = { ...small, size: 300_000, content: null, sums: '* 1 300000' };
    const done = change.writeFile(path, 'b', small, { effect: 'boot' })[0]!;
    const overLarge = change.writeFile(path, 'b', large, { effect: 'boot' })[0]!;
    const state = fileHost(done, small).after(done);
    const foreign = change.writeFile(path, 'c', fileNow(state)!, { effect: 'boot' })[0]!;

    expect(inverseOf(done, state.after(foreign))).toEqual({
      moved: '/etc/a is not as the run left it',
    });
    expect(inverseOf(overLarge, fileHost(overLarge, large).after(overLarge))).toEqual({
      impossible: '/etc/a was too large to keep: its old content is not known',
    });
  });

  test('a parameter has its old value, unless somebody else gave it a third', () => {
    const name = 'net.ipv4.ip_forward';
    const values = fc.constantFrom('0', '1', '2', '1 2');
    fc.assert(
      fc.property(values, values, values, (before, value, other) => {
        for (const done of change.setParameter(name, value, before)) {
          const state = hostOf(done, () => before);
          const back = thereAndBack(done, state);
          expect(answerTo(back, query.parameter(name))).toBe(before);

          const inverse = inverseOf(
            done,
            hostOf(done, () => other),
          );
          expect('moved' in inverse).toBe(other !== value && other !== before);
        }
      }),
      { numRuns: runs() },
    );
  });

  test('what a command did is said not to be undone', () => {
    const done = change.command(['xl', 'network-attach'], null);

    expect(inverseOf(done, new HostState(new Map()))).toEqual({
      changes: [],
      notes: ['what the command did is not undone: xl network-attach'],
    });
  });
});

describe('inverseOf for routing', () => {
  const iface = fc.constantFrom('eth0', 'eth1');
  const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.1.0.1', '10.1.0.2');
  const interfaces: fc.Arbitrary<readonly NetworkInterface[]> = fc
    .uniqueArray(
      address.map((ip) => [ip, ip.startsWith('10.0.') ? 'eth0' : 'eth1'] as const),
      { selector: ([ip]) => ip },
    )
    .map((pairs) =>
      // no network is on two interfaces
      ['eth0', 'eth1'].map((name) => ({
        ...{ name, mac: null, isUp: true },
        addresses: pairs.filter(([, dev]) => dev === name).map(([ip]) => ({ ip, prefix: 24 })),
      })),
    );
  const route: fc.Arbitrary<Route> = fc.record({
    table: fc.constantFrom(16, 254),
    destination: fc.constantFrom('0.0.0.0/0', '10.2.0.0/24', '10.0.0.9/32'),
    via: fc.constantFrom(null, '10.0.0.254'),
    dev: iface,
    scope: fc.constant(null),
    src: fc.option(address, { nil: null }),
    metric: fc.constantFrom(null, 10),
    rest: fc.constant(''),
  });
  const rule: fc.Arbitrary<Rule> = fc.record({
    priority: fc.constantFrom(1000, 1001, 1002),
    from: address.map((ip) => `${ip}/32`),
    ...{ to: fc.constant(null), iif: fc.constant(null), oif: fc.constant(null) },
    table: fc.constantFrom(16, 17),
    rest: fc.constant(''),
  });
  /** Which of a world's things are added and deleted. */
  const world = fc.record({
    interfaces,
    routes: fc.uniqueArray(route, { maxLength: 4, selector: keyOf }),
    rules: fc.uniqueArray(rule, { maxLength: 4, selector: (one) => JSON.stringify(one) }),
    newRoutes: fc.array(route, { maxLength: 3 }),
    newRules: fc.array(rule, { maxLength: 3 }),
    newAddress: fc.option(fc.tuple(iface, fc.constantFrom('10.3.0.7', '10.4.0.1')), { nil: null }),
    picks: fc.array(fc.nat(8), { maxLength: 4 }),
  });

  function keyOf({ table, destination, metric }: Route): string {
    return `${table} ${destination} ${metric}`;
  }

  test('rules, routes and addresses are as they were', () => {
    fc.assert(
      fc.property(world, ({ interfaces: links, routes, rules, picks, ...fresh }) => {
        const connected = links.flatMap(({ name, addresses }) =>
          [...new Map(addresses.map(({ ip }) => [ip.replace(/\d+$/, '0/24'), ip]))].map(
            ([destination, src]): Route => ({
              ...{ table: 254, destination, via: null, dev: name, scope: 'link', src },
              ...{ metric: null, rest: 'proto kernel' },
            }),
          ),
        );
        const oneWay = [...new Map(connected.map((one) => [keyOf(one), one])).values()];
        const listed = {
          rules: rules.toSorted((a, b) => a.priority - b.priority),
          routes: [...oneWay, ...routes],
        };
        const before: ChangeRouting['before'] = {
          rules: { entries: listed.rules, fingerprint: 'r' },
          routes: { entries: listed.routes, fingerprint: 's' },
        };
        const things = [
          ...links.flatMap(({ name, addresses }) =>
            addresses.map(
              ({ ip, prefix }) =>
                ({ verb: 'delete', object: 'address', iface: name, ip, prefix }) as const,
            ),
          ),
          ...routes.map((one) => ({ verb: 'delete', object: 'route', route: one }) as const),
          ...listed.rules.map((one) => ({ verb: 'delete', object: 'rule', rule: one }) as const),
        ];
        const isNew = (one: Rule) =>
          !rules.some((other) => JSON.stringify(other) === JSON.stringify(one));
        const added = [
          ...new Map(
            fresh.newRules.filter(isNew).map((one) => [JSON.stringify(one), one]),
          ).values(),
        ];
        const operations = [
          ...new Set(picks.flatMap((pick) => things[pick] ?? [])),
          ...(fresh.newAddress === null
            ? []
            : [
                {
                  verb: 'add',
                  object: 'address',
                  iface: fresh.newAddress[0],
                  ip: fresh.newAddress[1],
                  prefix: 24,
                } as const,
              ]),
          ...fresh.newRoutes.map(
            (one) => ({ verb: 'replace', object: 'route', route: one }) as const,
          ),
          ...added.map((one) => ({ verb: 'add', object: 'rule', rule: one }) as const),
        ];
        for (const done of change.routing(4, operations, before)) {
          const state = hostOf(done, (kind) =>
            kind === 'interfaces'
              ? links
              : kind === 'proxies'
                ? []
                : kind === 'rules'
                  ? before.rules
                  : before.routes,
          );

          const back = thereAndBack(done, state);

          expect(answerTo(back, query.rules(4))?.entries).toEqual(before.rules.entries);
          expect(sorted(answerTo(back, query.routes(4))?.entries)).toEqual(
            sorted(before.routes.entries),
          );
          const addresses = answerTo(back, query.interfaces())?.map((one) => [
            one.name,
            sorted(one.addresses),
          ]);
          expect(addresses).toEqual(links.map((one) => [one.name, sorted(one.addresses)]));
        }
      }),
      { numRuns: runs(500) },
    );
  });

  test('a route that somebody else has put in place of ours is refused by name', () => {
    const old: Route = {
      ...{ table: 16, destination: '0.0.0.0/0', via: '10.0.0.254', dev: 'eth0' },
      ...{ scope: null, src: null, metric: null, rest: '' },
    };
    const before = {
      rules: { entries: [], fingerprint: 'r' },
      routes: { entries: [old], fingerprint: 's' },
    };
    const ours = { ...old, via: '10.0.0.253' };
    const done = change.routing(4, [{ verb: 'replace', object: 'route', route: ours }], before)[0]!;
    const eth0 = { name: 'eth0', mac: null, isUp: true, addresses: [] };
    const theirs = { ...old, via: '10.0.0.252' };
    const now = hostOf(done, (kind) =>
      kind === 'interfaces'
        ? [eth0]
        : { entries: kind === 'routes' ? [theirs] : [], fingerprint: 't' },
    );

    expect(inverseOf(done, now)).toEqual({
      moved: 'the route to 0.0.0.0/0 is not as the run left it',
    });
  });
});

const sorted = (list: readonly unknown[] | undefined) =>
  list?.map((one) => JSON.stringify(one)).sort();

const foreign = fc.array(
  fc.constantFrom('-s 10.9.0.0/16 -j DROP', '-j ufw-forward', '-i eth9 -j ACCEPT'),
  {
    maxLength: 3,
  },
);
const ruleSets = fc.dictionary(
  ownName,
  fc.array(fc.constantFrom('-j ACCEPT', '-s 10.0.0.1/32 -j DROP'), { maxLength: 2 }),
  {
    maxKeys: 3,
  },
);

describe('inverseOf for chains of iptables', () => {
  const states = fc
    .tuple(ruleSets, foreign, fc.boolean(), fc.constantFrom('ACCEPT', 'DROP'))
    .map(([own, others, jumps, policy]): ChainsState => {
      const ours = jumps && 'XPUSH-FWD' in own ? ['-j XPUSH-FWD'] : [];
      return {
        listed: ['FORWARD', 'XPUSH-FWD', 'XPUSH-OUT', 'XPUSH-DROP', 'XPUSH-KEEP'],
        chains: new Map([['FORWARD', [...ours, ...others]], ...Object.entries(own)]),
        policies: new Map([['FORWARD', policy]]),
        ...{ spelled: new Map(), problem: null, fingerprint: '0 0' },
      };
    });
  const swap = (
    before: ChainsState,
    own: Readonly<Record<string, readonly string[]>>,
    closes: boolean,
  ): SwapChains => ({
    ...{ kind: 'chains', effect: 'live', family: 4, before },
    chains: new Map(Object.entries(own)),
    removed: [...before.chains.keys()].filter((name) => name !== 'FORWARD' && !(name in own)),
    jumps: 'XPUSH-FWD' in own ? [{ from: 'FORWARD', to: 'XPUSH-FWD' }] : [],
    policies: new Map(closes ? [['FORWARD', 'DROP']] : []),
  });

  test('chains, jumps and policies are as they were', () => {
    // a chain of ours without its jump is nothing that xpush leaves
    const whole = states.filter(
      ({ chains }) => chains.has('XPUSH-FWD') === chains.get('FORWARD')?.includes('-j XPUSH-FWD'),
    );
    fc.assert(
      fc.property(whole, ruleSets, fc.boolean(), (before, own, closes) => {
        const done = swap(before, own, closes);
        const state = hostOf(done, () => before);

        const back = answerTo(thereAndBack(done, state), chainsAsked(done));

        expect(back).toMatchObject({ policies: before.policies });
        expect(new Map([...(back?.chains ?? [])].sort())).toEqual(
          new Map([...before.chains].sort()),
        );
      }),
      { numRuns: runs() },
    );
  });

  test('a chain of ours that somebody else changed is refused by name; peers of sessions are not compared', () => {
    const before: ChainsState = {
      listed: ['FORWARD', 'XPUSH-FWD', 'XPUSH-KEEP'],
      chains: new Map([['FORWARD', []]]),
      ...{ policies: new Map(), spelled: new Map(), problem: null, fingerprint: '0 0' },
    };
    const done = swap(before, { 'XPUSH-FWD': ['-j XPUSH-KEEP'], 'XPUSH-KEEP': [] }, false);
    const state = hostOf(done, () => before).after(done);
    const more = (name: string) =>
      state.after({ ...done, jumps: [], chains: new Map([[name, ['-s 10.0.0.9/32 -j ACCEPT']]]) });

    expect(inverseOf(done, more('XPUSH-FWD'))).toEqual({
      moved: 'the chain XPUSH-FWD of iptables is not as the run left it',
    });
    expect(changesOf(done, more('XPUSH-KEEP'))).toHaveLength(1);
  });

  test('rules that the host spells in its own way are not somebody else’s', () => {
    const before: ChainsState = {
      listed: ['FORWARD', 'XPUSH-FWD'],
      chains: new Map([['FORWARD', []]]),
      ...{ policies: new Map(), spelled: new Map(), problem: null, fingerprint: '0 0' },
    };
    const done = swap(before, { 'XPUSH-FWD': ['-p tcp -j ACCEPT'] }, false);
    const asSpelled = new Map([['XPUSH-FWD', ['-p 6 -j ACCEPT']]]);
    const live = {
      ...before,
      chains: new Map([['FORWARD', ['-j XPUSH-FWD']], ...asSpelled]),
      spelled: asSpelled,
    };

    expect(
      changesOf(
        done,
        hostOf(done, () => live),
      ),
    ).toHaveLength(1);
  });
});

function chainsAsked(done: Change) {
  const [asked] = inverseQueries(done);
  if (asked?.kind !== 'chains') throw new Error('it asks for the chains');
  return asked;
}

describe('inverseOf for nftables', () => {
  const place = { family: 'inet', table: 'filter' } as const;
  const base = (rules: readonly string[]): NftBaseChain => ({
    ...{ ...place, chain: 'forward', rules, hook: 'forward', policy: 'accept', priority: 'filter' },
    ...{ isOfIptables: false, isOwned: false },
  });
  const ownBase = (rules: readonly string[]): NftBaseChain => ({
    ...{ ...base(rules), table: 'xpush', chain: 'prerouting', hook: 'prerouting', priority: 'raw' },
  });
  const nftRules = fc.array(fc.constantFrom('accept', 'ip saddr 10.0.0.1 drop'), { maxLength: 2 });
  const states = fc
    .tuple(
      fc.dictionary(ownName, nftRules, { maxKeys: 3 }),
      fc.array(fc.constantFrom('ip saddr 10.9.0.0/16 drop', 'iifname "eth9" accept'), {
        maxLength: 2,
      }),
      fc.option(nftRules, { nil: null }),
      fc.boolean(),
    )
    .map(([own, others, prerouting, closes]): NftState => {
      const chains = Object.entries(own).map(
        ([chain, rules]): NftChain => ({ ...place, chain, rules }),
      );
      const jump = 'XPUSH-FWD' in own ? ['jump XPUSH-FWD'] : [];
      const closing = closes ? ['drop comment "xpush"'] : [];
      return {
        bases: [
          ...(prerouting === null ? [] : [ownBase(prerouting)]),
          base([...jump, ...new Set(others), ...closing]),
        ],
        ...{ chains, spelled: [], problem: null, fingerprint: '0 0' },
      };
    });

  test('our chains, and our rules in chains of others, are as they were', () => {
    fc.assert(
      fc.property(states, states, (before, other) => {
        // what others have in their chain is not ours to change
        const theirs = before.bases.at(-1)?.rules.filter((rule) => !/xpush/i.test(rule)) ?? [];
        const bases = other.bases.map((one) => {
          if (one.table === 'xpush') return one;
          const [jump, closing] = ['jump XPUSH-FWD', 'drop comment "xpush"'].map((rule) =>
            one.rules.filter((each) => each === rule),
          );
          return { ...one, rules: [...(jump ?? []), ...theirs, ...(closing ?? [])] };
        });
        const after = { ...other, bases };
        const done: Change = {
          ...{ kind: 'nft', effect: 'live', script: '', removed: [], before, after },
          listed: ['XPUSH-FWD', 'XPUSH-OUT', 'XPUSH-DROP', 'XPUSH-KEEP'],
        };
        const state = hostOf(done, () => before);
        const [asked] = inverseQueries(done);
        if (asked?.kind !== 'nft') throw new Error('it asks for the ruleset');

        const back = answerTo(thereAndBack(done, state), asked);

        expect(sorted(back?.bases)).toEqual(sorted(before.bases));
        expect(sorted(back?.chains)).toEqual(sorted(before.chains));
      }),
      { numRuns: runs() },
    );
  });
});
