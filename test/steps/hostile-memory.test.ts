import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Change, RoutingOperation } from '../../src/host/change.ts';
import { isOfEntry } from '../../src/host/entries-after.ts';
import { type Answers, queryKey } from '../../src/host/query.ts';
import { steps } from '../../src/steps/index.ts';
import { runs } from '../runs.ts';
import { bind, fileOf, stateFor } from './observed.ts';

const odd = ['16', null, -1, 0, 253, 254, 255, 2 ** 53];
const number = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(77, ...odd));
const mac = fc.constantFrom('de:ad:be:ef:00:00', '02:00:00:00:00:09', '00:00:00:00:00:00', 'x');
const ip = fc.constantFrom('10.9.9.9', '127.0.0.1', '::1', '2001:db8:9::1', '192.168.0.200', 'x y');
const name = fc.constantFrom('eth0', 'lo', 'docker0', 'INPUT', '..', '$(id)', '__proto__', 'main');
const path = fc.constantFrom('/etc/passwd', '/etc/xen/../x', '/etc/xen/webserv.cfg', '/', '-x');
const vifs = fc.array(fc.record({ iface: name, mac, ips: fc.array(ip) }), { maxLength: 3 });

/** Memories of every step, of none, and of an attacker. */
const memory = fc
  .oneof(
    fc.record({
      tables: fc.array(number),
      addresses: fc.array(fc.record({ mac, ip, prefix: fc.constantFrom(8, 24, 32, 128) })),
    }),
    fc.array(fc.record({ id: number, name })),
    fc.array(fc.record({ ip, uplink: name })),
    fc.array(
      fc.record({
        name: fc.constantFrom('net.ipv4.ip_forward', 'kernel.panic', '../x'),
        value: fc.constantFrom('0', '1'),
        before: fc.constantFrom('0', '1', '-1', '$(id)'),
      }),
    ),
    fc.record({ closed: fc.array(fc.constantFrom('iptables', 'ip6tables', 'INPUT')) }),
    fc.record({ config: fc.constantFrom('ifupdown', 'networkd', 'netplan'), vifs }),
    fc.record({ names: fc.constantFrom('iftab', 'udev', 'link', 'netplan', 'none'), vifs }),
    fc.record({ configs: fc.array(path) }),
    fc.jsonValue(),
  )
  .map((value) => JSON.stringify(value).replace(/[^\0-\xff]/g, '?'));

const rule = { from: 'all', to: null, iif: null, oif: null, rest: '' };
const route = { via: null, scope: null, src: null, metric: null, rest: '' };
const link = { isUp: true };

/** A host with a network of others'. */
const others = {
  interfaces: [
    { ...link, name: 'lo', mac: null, addresses: [{ ip: '127.0.0.1', prefix: 8 }] },
    {
      ...link,
      name: 'docker0',
      mac: '02:00:00:00:00:09',
      addresses: [{ ip: '10.9.9.9', prefix: 24 }],
    },
  ],
  'rules:4': {
    entries: [
      { ...rule, priority: 0, table: 255 },
      ...[500, 999, 1500, 2000].map((priority) => ({ ...rule, priority, table: 77 })),
      { ...rule, priority: 1501, table: 254 },
      { ...rule, priority: 32766, table: 254 },
      { ...rule, priority: 32767, table: 253 },
    ],
    fingerprint: '0 0',
  },
  'routes:4': {
    entries: [
      { ...route, table: 254, destination: '0.0.0.0/0', via: '10.9.9.1', dev: 'docker0' },
      { ...route, table: 254, destination: '10.9.9.0/24', dev: 'docker0', src: '10.9.9.9' },
      { ...route, table: 253, destination: '0.0.0.0/0', dev: 'docker0' },
      { ...route, table: 77, destination: '0.0.0.0/0', dev: 'docker0' },
    ],
    fingerprint: '0 0',
  },
} satisfies Record<string, unknown>;

const ownPath =
  /^\/var\/lib\/xpush(\/\w+\.json)?$|^\/etc\/(network\/interfaces|network|network\/if-pre-up\.d\/xpush-firewall|iproute2\/rt_tables|iftab|sysctl\.d\/60-xpush[\w.-]*|xen\/xpush-ipv6|xen\/webserv\.cfg)$/;

/** What no memory may bring about, in words; null: nothing. */
function damage(operation: RoutingOperation): string | null {
  if (operation.verb !== 'delete') return null;
  switch (operation.object) {
    case 'rule': {
      const { priority } = operation.rule;
      return priority < 1000 || priority > 1999 || operation.rule.table > 252
        ? `rule ${priority}`
        : null;
    }
    case 'route':
      return operation.route.table > 252 && operation.route.via === null ? 'a route of main' : null;
    case 'address':
      return operation.iface === 'lo' ? 'an address of lo' : null;
    case 'proxy':
      return null;
  }
}

function damages(change: Change): readonly string[] {
  if (isOfEntry(change)) return ownPath.test(change.path) ? [] : [change.path];
  switch (change.kind) {
    case 'routing':
      return change.operations.flatMap((operation) => damage(operation) ?? []);
    case 'chains':
      return [...change.chains.keys(), ...change.removed].filter((chain) => !/XPUSH-/.test(chain));
    case 'parameter':
      return change.name.startsWith('net.') ? [] : [change.name];
    case 'call':
      return [change.subject];
    case 'nft':
    case 'command':
      return [];
  }
}

/** Those that remember: what they leave behind is taken off a host. */
const remembering = steps.filter(({ canLeave }) => canLeave);

test.each(remembering.map((step) => [step.name, step] as const))(
  '%s does nothing to what is not its own, whatever it is said to remember',
  (_, step) => {
    const hosts = ['webserv', 'bare', 'xen1', 'xen2', 'plain'].filter((host) => {
      const kind = { webserv: 'domU', bare: 'domU', plain: 'host' }[host] ?? 'dom0';
      return step.on.some((each) => each === kind) && !(step.name === 'sysctl' && kind !== 'dom0');
    });
    fc.assert(
      fc.property(fc.constantFrom(...hosts), memory, fc.boolean(), (host, said, isLeaving) => {
        const bound = bind(step, host);
        const answers = Object.fromEntries(
          bound.queries.flatMap((query): (readonly [string, Answers['file']])[] =>
            query.kind === 'file' && query.path.startsWith('/var/lib/xpush/')
              ? [[queryKey(query), fileOf(said)]]
              : [],
          ),
        );
        const state = stateFor(bound, { ...others, ...answers });
        const plan = isLeaving ? bound.leave?.(state) : bound.plan(state);
        if (plan === undefined || 'refusal' in plan) return;

        expect([...plan.changes, ...(plan.upkeep ?? [])].flatMap(damages)).toEqual([]);
      }),
      { numRuns: runs() },
    );
  },
);
