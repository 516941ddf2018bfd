import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { type Change, change, type RoutingOperation } from '../../src/host/change.ts';
import { plannedDocument, plannedSchema } from '../../src/host/planned-change.ts';
import { areMade } from '../../src/host/planned-made.ts';
import { query, type Route, type Rule } from '../../src/host/query.ts';
import type { HostState } from '../../src/host/state.ts';
import { hostFailing, hostWith, hostWithFiles } from '../engine/known-host.ts';

/** Through the words of a plan. */
const made = (
  changes: readonly Change[],
  now: HostState,
  found?: { path: string; exists: boolean },
) =>
  areMade(
    changes.map((one) =>
      v.parse(plannedSchema, plannedDocument(one, found === undefined ? [] : [found])),
    ),
    now,
  );

const path = '/etc/motd';
const file = (content: string, mode = 0o644) =>
  ({ type: 'file', mode, uid: 0, gid: 0, size: content.length, content }) as const;
const write = (content: string, before = 'old', mode?: number) =>
  change.writeFile(path, content, file(before), {
    effect: 'boot',
    ...(mode === undefined ? {} : { mode }),
  });

describe('areMade', () => {
  test.each([
    ['a file that is as planned', write('new'), 'new', true],
    ['a file that is as it was', write('new'), 'old', false],
    ['a file of others', write('new'), 'mine', false],
    ['a file that went', write('new'), null, false],
    ['a file of another mode', write('new', 'old', 0o600), 'new', false],
    [
      'what two changes in a row lead to',
      [...write('new'), ...write('newer', 'new')],
      'newer',
      true,
    ],
    ['the first of two in a row', [...write('new'), ...write('newer', 'new')], 'new', false],
    ['a file that was to go', change.removeFile(path, file('old'), 'boot'), null, true],
    ['a file that is still there', change.removeFile(path, file('old'), 'boot'), 'old', false],
    ['a file in place of a directory', change.makeDirectory(path, { type: 'absent' }), 'x', false],
  ])('%s', (_name, changes, content, isMade) => {
    expect(made(changes, hostWithFiles({ [path]: content }))).toBe(isMade);
  });

  test('what could not be looked at is not known to be', () => {
    expect(made(write('new'), hostFailing(query.file(path)))).toBe(false);
  });

  test('a kernel parameter with its value, however it is spaced', () => {
    const name = 'net.ipv4.ip_local_port_range';
    const set = change.setParameter(name, '1 2', '3 4');
    const at = (value: string) => hostWith([[query.parameter(name), value]]);

    expect([made(set, at('1\t2')), made(set, at('3\t4'))]).toEqual([true, false]);
  });

  test('a command whose condition has turned; one without a condition never is', () => {
    const command = [change.command(['/bin/make'], null)];
    const [there, gone] = [hostWithFiles({ [path]: 'x' }), hostWithFiles({ [path]: null })];

    expect(made(command, there, { path, exists: false })).toBe(true);
    expect(made(command, gone, { path, exists: false })).toBe(false);
    expect(made(command, gone, { path, exists: true })).toBe(true);
    expect(made(command, there)).toBe(false);
  });

  describe('of routing', () => {
    const rule: Rule = {
      ...{
        priority: 1000,
        from: '10.0.0.0/8',
        to: null,
        iif: null,
        oif: null,
        table: 16,
        rest: '',
      },
    };
    const route: Route = {
      ...{ table: 16, destination: '0.0.0.0/0', via: '10.0.0.1', dev: 'eth0', scope: null },
      ...{ src: null, metric: null, rest: 'onlink' },
    };
    const address = { object: 'address', iface: 'eth0', ip: '10.0.0.9', prefix: 24 } as const;
    const proxy = { object: 'proxy', iface: 'eth0', ip: '10.0.0.9' } as const;
    const all: readonly RoutingOperation[] = [
      { ...address, verb: 'add' },
      { object: 'route', verb: 'replace', route },
      { object: 'rule', verb: 'add', rule },
      { ...proxy, verb: 'add' },
    ];
    const host = (parts: {
      rules?: readonly Rule[];
      routes?: readonly Route[];
      ips?: readonly string[];
      proxies?: readonly string[];
    }) => {
      const { rules = [], routes = [], ips = [], proxies = [] } = parts;
      const addresses = ips.map((ip) => ({ ip, prefix: 24 }));
      return hostWith([
        [query.rules(4), { entries: rules, fingerprint: '1 2' }],
        [query.routes(4), { entries: routes, fingerprint: '1 2' }],
        [query.interfaces(), [{ name: 'eth0', isUp: true, mac: null, addresses }]],
        [query.proxies(), proxies.map((ip) => ({ ip, dev: 'eth0' }))],
      ]);
    };
    const old = {
      rules: { entries: [], fingerprint: null },
      routes: { entries: [], fingerprint: null },
    };
    const whole = { rules: [rule], routes: [route], ips: ['10.0.0.9'], proxies: ['10.0.0.9'] };
    const undo = (one: RoutingOperation) => ({ ...one, verb: 'delete' }) as RoutingOperation;

    test('all of it is there, beside what others have', () => {
      const other = { ...rule, priority: 7 };
      expect(made(change.routing(4, all, old), host({ ...whole, rules: [other, rule] }))).toBe(
        true,
      );
    });

    test.each(Object.keys(whole))('without its %s it is not', (part) => {
      expect(made(change.routing(4, all, old), host({ ...whole, [part]: [] }))).toBe(false);
    });

    test('another route in its place is not', () => {
      const routes = [{ ...route, via: '10.0.0.2' }];
      expect(made(change.routing(4, all, old), host({ ...whole, routes }))).toBe(false);
    });

    test('what was to go is gone', () => {
      const going = change.routing(4, all.map(undo), old);

      expect(made(going, host({}))).toBe(true);
      for (const [part, found] of Object.entries(whole)) {
        expect(made(going, host({ [part]: found })), part).toBe(false);
      }
    });

    test('the last operation on a thing counts, across changes', () => {
      const both = [...change.routing(4, all, old), ...change.routing(4, all.map(undo), old)];

      expect([made(both, host({})), made(both, host(whole))]).toEqual([true, false]);
    });
  });

  test('iptables with these chains, jumps and policies', () => {
    const before = {
      chains: new Map([['FORWARD', []]]),
      policies: new Map(),
      spelled: new Map(),
      problem: null,
    };
    const listed = { ...before, listed: ['FORWARD'], fingerprint: null } as const;
    const swap: Change = {
      ...{ kind: 'chains', effect: 'live', family: 4, removed: ['XPUSH-OLD'] },
      chains: new Map([['XPUSH-FORWARD', ['-j DROP']]]),
      jumps: [{ from: 'FORWARD', to: 'XPUSH-FORWARD' }],
      policies: new Map([['FORWARD', 'DROP']]),
      before: listed,
    };
    const asked = query.chains(4, 'FORWARD');
    const at = (chains: Record<string, string[]>, policy: string) =>
      hostWith([
        [
          asked,
          {
            ...listed,
            chains: new Map(Object.entries(chains)),
            policies: new Map([['FORWARD', policy]]),
          },
        ],
      ]);
    const ours = { FORWARD: ['-j XPUSH-FORWARD', '-j theirs'], 'XPUSH-FORWARD': ['-j DROP'] };

    expect(made([swap], at(ours, 'DROP'))).toBe(true);
    expect(made([swap], at(ours, 'ACCEPT'))).toBe(false);
    expect(made([swap], at({ ...ours, 'XPUSH-OLD': [] }, 'DROP'))).toBe(false);
    expect(made([swap], at({ ...ours, 'XPUSH-FORWARD': [] }, 'DROP'))).toBe(false);
    expect(made([swap], at({ ...ours, FORWARD: ours.FORWARD.toReversed() }, 'DROP'))).toBe(false);
  });
});
