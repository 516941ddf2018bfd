import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Answers, query } from '../../src/host/query.ts';
import type { HostState } from '../../src/host/state.ts';
import {
  describeFleet,
  findGuests,
  nameDom0s,
  type Visit,
} from '../../src/import/describe-fleet.ts';
import { type Dom0Seen, isDom0, readDom0 } from '../../src/import/dom0.ts';
import { loadDraft } from '../../src/import/load-draft.ts';
import { remarksOf } from '../../src/import/remarks.ts';
import { writeDraft } from '../../src/import/write-draft.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { firewall } from '../../src/steps/firewall.ts';
import { runs } from '../runs.ts';
import { stateFor } from '../steps/observed.ts';
import { worldAfter } from '../steps/worlds.ts';
import { aRoute, bareDom0, domainFile, file, stateOf } from './seen.ts';

/** The inventory of these dom0s and visits, as it would be written. */
async function imported(
  dom0s: readonly Dom0Seen[],
  states: Readonly<Record<string, HostState>> = {},
): Promise<{ readonly text: string; readonly remarks: readonly string[] }> {
  const names = nameDom0s(dom0s);
  const visits = new Map(
    Object.entries(states).map(([name, state]): [string, Visit] => [
      name,
      { state, isBehindDom0: false },
    ]),
  );
  const { draft } = await loadDraft(describeFleet(names, findGuests(names), visits));
  return { text: writeDraft(draft, []), remarks: remarksOf(draft) };
}

const webserv = domainFile(
  'webserv',
  'mac=00:16:3e:00:00:01, ip=192.168.0.200, script=vif-route',
  'mac=00:16:3E:00:00:02, ip=192.168.0.201 192.168.0.202, script=/etc/xen/scripts/vif-route, rate=10Mb/s',
);
const running = { id: 3, name: 'webserv', vifs: [] };

const link = (name: string, mac: string, ...addresses: string[]) => ({
  name,
  mac,
  isUp: true,
  addresses: addresses.map((text) => {
    const [ip = '', prefix] = text.split('/');
    return { ip, prefix: Number(prefix) };
  }),
});

const rule: Answers['rules']['entries'][number] = {
  ...{ priority: 32765, from: 'all', to: null, iif: null, oif: null, table: 254, rest: '' },
};
const listing = <Entry>(entries: readonly Entry[]) => ({ entries, fingerprint: '0 0' });
const network: Answers['network'] = { manager: 'ifupdown', present: [], hasIfrename: false };

describe('describeFleet', () => {
  test('a guest from outside: its list, on a network of its dom0', async () => {
    const dom0 = { ...bareDom0, files: [webserv], running: null };

    const { text, remarks } = await imported([dom0]);

    expect(text).toBe(`networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }

dom0:
  xen1: { xen: { version: "4.17" } }

domU:
  webserv:
    dom0: xen1
    vifs:
      - { mac: "00:16:3e:00:00:01", ip: 192.168.0.200 }
      - { mac: "00:16:3e:00:00:02", ips: [ 192.168.0.201, 192.168.0.202 ], rate: 10Mb/s }
`);
    expect(remarks).toEqual([]);
  });

  test('and from inside: interface names, tables, what ties names, the gateway of its network', async () => {
    const dom0 = { ...bareDom0, files: [webserv], running: [running] };
    const state = stateOf(
      [query.network(), network],
      [
        query.interfaces(),
        [
          link('lan0', '00:16:3e:00:00:01', '192.168.0.200/25'),
          link('lan1', '00:16:3e:00:00:02', '192.168.0.201/25', '192.168.0.202/25', '10.9.9.9/32'),
        ],
      ],
      [
        query.rules(4),
        listing([
          { ...rule, from: '192.168.0.200/32', table: 16 },
          { ...rule, from: '192.168.0.201/32', table: 77 },
        ]),
      ],
      [query.routes(4), listing([{ ...aRoute, via: '192.168.0.126', dev: 'lan0' }])],
      [query.routes(6), listing([])],
      [query.file('/etc/iproute2/rt_tables'), file('16 lan0-200\n77\tweb-two # the second\n')],
      [query.file('/etc/iftab'), file('lan0 mac 00:16:3E:00:00:01\n')],
    );

    const { text, remarks } = await imported([dom0], { webserv: state });

    // 192.168.0.200 is not below .128: two addresses of one guest tell of the upper half
    expect(text).toContain('lan: { subnet: 192.168.0.128/25 }');
    expect(text).toContain('names: iftab');
    expect(text).toContain('{ iface: lan0, mac: "00:16:3e:00:00:01", ip: 192.168.0.200 }');
    expect(text).toContain('table: { id: 77, name: web-two }');
    expect(remarks).toEqual([
      'lan: no gateway of 192.168.0.128/25 was seen',
      'webserv: lan1 has the address 10.9.9.9, which the vif list does not let through',
    ]);
  });

  test('a bridged guest whose list has no addresses has those of its interface, but for those that routers made', async () => {
    const dom0 = {
      ...bareDom0,
      files: [domainFile('web', 'mac=00:16:3e:12:34:56, bridge=xenbr0')],
      running: null,
    };
    const state = stateOf(
      [query.network(), network],
      [
        query.interfaces(),
        [
          link(
            'eth0',
            '00:16:3e:12:34:56',
            '192.168.0.9/24',
            '2001:db8::9/64',
            '2001:db8::216:3eff:fe12:3456/64',
          ),
        ],
      ],
      [query.routes(4), listing([{ ...aRoute, via: '192.168.0.1', dev: 'eth0' }])],
      [query.routes(6), listing([{ ...aRoute, destination: '::/0', via: 'fe80::1', dev: 'eth0' }])],
    );

    const { text } = await imported([dom0], { web: state });

    expect(text).toContain('lan6: { subnet: 2001:db8::/64, gateway: fe80::1 }');
    expect(text).toContain(
      '{ mac: "00:16:3e:12:34:56", ips: [ 192.168.0.9, "2001:db8::9" ], script: vif-bridge, bridge: xenbr0 }',
    );
  });

  test('of a routed guest, IPv6 is what dom0 routes to its vif', async () => {
    const dom0 = {
      ...bareDom0,
      files: [domainFile('web', 'mac=00:16:3e:00:00:01, ip=192.168.0.9, script=vif-route')],
      running: [
        {
          id: 3,
          name: 'web',
          vifs: [
            {
              handle: 0,
              device: 'vif3.0',
              mac: '00:16:3e:00:00:01',
              ips: ['192.168.0.9'],
              script: null,
              bridge: null,
            },
          ],
        },
      ],
      interfaces: [link('eth0', '02:00:00:00:00:01', '192.168.0.100/24', '2001:db8::100/64')],
      routes: [...bareDom0.routes, { ...aRoute, destination: '2001:db8::9/128', dev: 'vif3.0' }],
    };
    const state = stateOf(
      [query.network(), network],
      [
        query.interfaces(),
        [link('eth0', '00:16:3e:00:00:01', '192.168.0.9/24', '2001:db8::9/128', '2001:db8::8/128')],
      ],
    );

    const { text } = await imported([dom0], { web: state });

    expect(text).toContain('lan6: { subnet: 2001:db8::/64 }');
    expect(text).toContain('ips: [ 192.168.0.9, "2001:db8::9" ]');
  });

  test('a list with a vif of which no address is known is left alone, whole', async () => {
    const dom0 = {
      ...bareDom0,
      files: [domainFile('web', 'mac=00:16:3e:00:00:01, ip=192.168.0.9', 'mac=00:16:3e:00:00:02')],
      running: [],
    };

    const { text, remarks } = await imported([dom0]);

    expect(text).toContain('  web:\n    dom0: xen1\n    address: 192.168.0.9\n');
    expect(text).not.toContain('vifs:');
    expect(remarks).toContain('web: no address of vif 1 is known: its vif list is left alone');
  });

  test('what no inventory may say is left out, with the reason, and the rest stays', async () => {
    const twice = domainFile('other', 'mac=00:16:3e:00:00:01, ip=192.168.0.9, script=vif-route');
    const wrong = domainFile('wrong', 'mac=01:00:00:00:00:01, ip=192.168.0.8, script=vif-route');
    const dom0 = { ...bareDom0, files: [webserv, twice, wrong], running: null };

    const { text, remarks } = await imported([dom0]);

    expect(text).toContain('ip: 192.168.0.200');
    expect(text).toMatch(/ {2}other:\n {4}dom0: xen1\n {4}address: 192.168.0.9\n/);
    expect(remarks).toEqual([
      expect.stringContaining(
        'other: its vif list is left alone: the MAC 00:16:3e:00:00:01 of other/eth0 is that of webserv/eth0 too',
      ),
      expect.stringContaining(
        'wrong: its vif list is left alone: "01:00:00:00:00:01" is a multicast MAC',
      ),
    ]);
  });

  test('names are ones that an inventory takes, and each is one only', async () => {
    const first = {
      ...bareDom0,
      argument: '192.168.0.100',
      hostname: 'xen1',
      running: null,
      files: [{ ...domainFile('my_web'), path: '/etc/xen/my_web.cfg' }],
    };
    const second = {
      ...bareDom0,
      argument: 'xen2',
      running: null,
      files: [domainFile('my-web'), domainFile('all')],
    };

    const { text, remarks } = await imported([first, second]);

    expect(text).toContain('xen1: { address: 192.168.0.100, xen:');
    expect(text).toContain('  my-web:\n    dom0: xen1\n    config: /etc/xen/my_web.cfg\n');
    expect(text).toContain('  my-web-xen2:\n    dom0: xen2\n    config: /etc/xen/my-web.cfg\n');
    expect(text).toContain('  all-xen2:');
    expect(remarks).toContain('my-web: its domain is called my_web');
  });

  test.each([
    [
      'thousands of vifs, more than a guest has',
      (n: number) =>
        domainFile(
          `g${n}`,
          ...Array.from({ length: 30 }, (_, vif) => `ip=10.${vif}.${n}.1, script=vif-route`),
        ),
    ],
    [
      'names of no host',
      (n: number) => ({ ...domainFile(`g${n}`), name: `${'-.'.repeat(50_000)}a` }),
    ],
    ['one long name', (n: number) => ({ ...domainFile(`g${n}`), name: 'a'.repeat(5000) })],
  ])('%s cost a moment', async (_, fileOf) => {
    const files = Array.from({ length: 250 }, (_, n) => fileOf(n));
    const start = performance.now();

    const { text } = await imported([{ ...bareDom0, files, running: null }]);

    expect(text.match(/^ {4}dom0: xen1$/gm)).toHaveLength(250);
    expect(performance.now() - start).toBeLessThan(8000);
  });

  test('a vif with more addresses than its guest could be created with has none', async () => {
    const files = [domainFile('web', `ip=${'a '.repeat(131_000)}, script=vif-route`)];

    const { remarks } = await imported([{ ...bareDom0, files, running: null }]);

    expect(remarks).toContain('web: no address of vif 0 is known: its vif list is left alone');
    expect(remarks).toHaveLength(2);
  });

  test('a dom0 that says more than an inventory holds is left out, and the others stay', async () => {
    const loud = {
      ...bareDom0,
      argument: 'xen2',
      files: Array.from({ length: 60 }, (_, n) => ({
        ...domainFile(`loud${n}`, 'ip=10.1.2.3, script=vif-route'),
        problems: ['x'.repeat(200_000)],
      })),
      running: null,
    };

    const { text, remarks } = await imported([
      loud,
      { ...bareDom0, files: [webserv], running: null },
    ]);

    expect(text).toMatch(/^ {2}webserv:\n {4}dom0: xen1\n {4}vifs:/m);
    expect(text).not.toContain('xen2');
    expect(remarks).toContain('xen2 and its guests are left out: the text is larger than 10 MB');
  });
});

describe('readDom0', () => {
  test('finds the guests, once each, and what their vifs are by default', () => {
    const web = file("name = 'web'\nvif = [ 'mac=00:16:3e:00:00:01' ]\n");
    const state = stateOf(
      [
        query.directory('/etc/xen', ''),
        {
          exists: true,
          files: new Map([
            ['/etc/xen/web.cfg', web],
            ['/etc/xen/xl.conf', file('vif.default.script="vif-route"\n')],
          ]),
          isCut: false,
        },
      ],
      [
        query.directory('/etc/xen/auto', ''),
        { exists: true, files: new Map([['/etc/xen/auto/10-web', web]]), isCut: false },
      ],
      [
        query.routes(4),
        listing([
          { ...aRoute, dev: 'vif1.0', table: 16 },
          { ...aRoute, dev: 'xenbr0' },
        ]),
      ],
    );

    expect(readDom0('xen1', state)).toMatchObject({
      uplink: 'xenbr0',
      script: 'vif-route',
      files: [{ path: '/etc/xen/web.cfg', name: 'web' }],
    });
  });
});

test("readDom0 knows from what the firewall step remembers that FORWARD drops by xpush's doing", async () => {
  const inventory = await loadInventory({
    argument: '-',
    stdin: 'dom0: { xen1: { firewall: { policy: drop } } }',
  });
  const host = inventory.hosts.get('xen1');
  if (host === undefined) throw new Error('no xen1');
  const bound = firewall.bind({ host, inventory }, {});

  const closed = worldAfter(bound);

  expect(readDom0('xen1', closed).isPolicyOurs).toBe(true);
  expect(readDom0('xen1', stateFor(bound, {})).isPolicyOurs).toBe(false);
});

describe('isDom0', () => {
  const xen = (facts: Partial<Answers['xen']>): HostState =>
    stateOf([
      query.xen(),
      { ...{ version: null, isDom0: false, toolstack: null, domains: null }, ...facts },
    ]);

  test.each<[string, HostState, Dom0Seen['files'], boolean]>([
    ['a guest', xen({ version: '4.17' }), [], false],
    ['a control domain', xen({ isDom0: true }), [], true],
    ['one whose toolstack answers', xen({ domains: [] }), [], true],
    ['one whose toolstack is down', xen({}), [webserv], true],
    ['one that can not tell', stateOf(), [], true],
  ])('tells %s', (_, state, files, expected) => {
    expect(isDom0(state, { ...bareDom0, files })).toBe(expected);
  });
});

test('whatever hosts say, what is written loads, and no comment gets out of its line', async () => {
  const nasty = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'web',
      'a\n  evil: {}',
      '#',
      'mac',
      '192.168.0.9',
      '10.0.0.0/99',
      'fe80::1',
      '__proto__',
      '0x10',
      'vif-route',
    ),
  );
  const entry = fc
    .dictionary(
      fc.constantFrom('mac', 'ip', 'script', 'bridge', 'vifname', 'rate', 'model'),
      nasty,
      { maxKeys: 4 },
    )
    .map(
      (keys) => new Map(Object.entries({ mac: '00:16:3e:00:00:01', ip: '192.168.0.9', ...keys })),
    );
  const guest = fc.record({
    path: nasty.map((text) => `/etc/xen/${text}`),
    name: nasty,
    vifs: fc.option(fc.array(entry, { maxLength: 2 })),
    problems: fc.array(nasty, { maxLength: 1 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(guest, { maxLength: 4 }),
      nasty,
      nasty,
      async (files, uplink, version) => {
        const dom0 = { ...bareDom0, files, uplink, version, running: null, remarks: [uplink] };

        const { text } = await imported([dom0]);

        for (const line of text.split('\n')) expect(line).toMatch(/^(?: *#.*| *[^\p{C}]*)$/u);
        expect(text).not.toMatch(/^ +evil/m);
      },
    ),
    { numRuns: runs(100) },
  );
});

describe('writeDraft', () => {
  const empty = { networks: [], dom0s: [], domUs: [], remarks: [] };

  test.each([
    [{ method: 'sudo', user: 'root' }, 'become: true\n'],
    [{ method: 'doas', user: 'root' }, 'become: { method: doas }\n'],
    [{ method: 'su', user: 'xen' }, 'become: { method: su, user: xen }\n'],
    [null, ''],
  ])('says whom the hosts were looked at as: %j', (become, text) => {
    expect(writeDraft(empty, [], become).replace(/^\{\}\n/, '')).toBe(text);
  });

  test('gives an inventory whose hosts become the same', async () => {
    const names = nameDom0s([bareDom0]);
    const { draft } = await loadDraft(describeFleet(names, findGuests(names), new Map()));
    const become = { method: 'doas', user: 'root' };

    const stdin = writeDraft(draft, [], become);
    const inventory = await loadInventory({ argument: '-', stdin });

    expect([...inventory.hosts.values()].map((host) => host.become)).toMatchObject([become]);
  });
});
