import { describe, expect, test } from 'vitest';
import { type Act, compileAct } from '../../src/host/act-program.ts';
import { type Change, change, type RoutingOperation } from '../../src/host/change.ts';
import {
  changeNeeds,
  lockNeeds,
  neededCommands,
  windowNeeds,
} from '../../src/host/change-needs.ts';
import { lackText, lookNeeds, type Need, needs, unmet } from '../../src/host/needs.ts';
import { type Answer, type Family, type Query, query } from '../../src/host/query.ts';
import { readWindow } from '../../src/host/window-sections.ts';
import { bash, dash, hasTool, isRoot, type Shell, temporaryDirectory } from './shells.ts';
import { identity, Room, sh, windowPlan } from './window-room.ts';

describe('lackText', () => {
  test('names what is missing, who needs it for what, and what to install', () => {
    expect(lackText(needs('read kernel parameters', 'grep'), ['sysctl'])).toBe(
      'the host has no grep, which sysctl needs to read kernel parameters; install grep',
    );
    expect(
      lackText(
        [...needs('write files', 'cp', ['sha256sum', 'cksum']), ...needs('lock the host', 'cp')],
        ['sysctl', 'iftab', 'firewall'],
      ),
    ).toBe(
      'the host has no cp or sha256sum (nor cksum), which sysctl, iftab and firewall need to write files and to lock the host; install coreutils',
    );
    expect(lackText(needs('x', 'ip', 'nft', 'ip6tables-restore', 'cmp'), ['y'])).toMatch(
      /; install iproute2, nftables, iptables and diffutils$/,
    );
  });
});

describe('unmet', () => {
  test('is met by any one of the commands that do', () => {
    const [summing, copying] = needs('write files', ['sha256sum', 'cksum'], 'cp');

    expect(unmet([summing, copying] as readonly Need[], ['sha256sum', 'rm'])).toEqual([]);
    expect(unmet([summing, copying] as readonly Need[], ['sha256sum', 'cksum'])).toEqual([summing]);
    expect(unmet([summing, copying] as readonly Need[], ['cp'])).toEqual([copying]);
  });
});

const kept = query.file('/etc/kept');
const links = query.interfaces();
const [rules4, routes4, rules6, routes6] = [
  query.rules(4),
  query.routes(4),
  query.rules(6),
  query.routes(6),
];
const chains4 = query.chains(4, 'FORWARD', 'XPUSH-FORWARD');
const chains6 = query.chains(6, 'FORWARD', 'XPUSH-FORWARD');
const native = query.nft(['XPUSH-FWD']);
const parameter = query.parameter('net.ipv4.ip_forward');
const plain = { effect: 'boot' } as const;
const absent = { type: 'absent' } as const;

/** What is asked, what is changed by the answers, and what comes of that; null: nothing is changed. */
interface Work {
  readonly what: string;
  readonly queries: readonly Query[];
  readonly changes:
    | ((ask: <Q extends Query>(asked: Q) => Promise<Answer<Q>>) => Promise<readonly Change[]>)
    | null;
}

const looks: readonly Work[] = [
  { what: 'a session', queries: [query.session(), query.windows(), query.tool('sh')] },
  { what: 'facts', queries: [query.system(), query.network(), query.firewalls(), query.xen()] },
  { what: 'files', queries: [kept, query.file('/etc/no'), query.directory('/etc', '.conf')] },
  { what: 'kernel parameters', queries: [parameter] },
  {
    what: 'the network',
    queries: [links, rules4, routes6, query.proxies(), query.path({ to: '10.0.0.7' })],
  },
  { what: 'firewalls', queries: [chains4, chains6, native] },
].map((one) => ({ ...one, changes: null }));

const routing =
  (family: Family, ip: string, operations: readonly RoutingOperation[]): Work['changes'] =>
  async (ask) => {
    const before = {
      rules: await ask(query.rules(family)),
      routes: await ask(query.routes(family)),
    };
    const address = {
      object: 'address',
      iface: 'eth0',
      ip,
      prefix: family === 4 ? 24 : 64,
    } as const;
    return change.routing(family, [{ verb: 'add', ...address }, ...operations], before);
  };

const swap =
  (family: Family): Work['changes'] =>
  async (ask) => [
    {
      ...{ kind: 'chains', effect: 'live', family, removed: [], policies: new Map() },
      chains: new Map([['XPUSH-FORWARD', ['-j DROP']]]),
      jumps: [{ from: 'FORWARD', to: 'XPUSH-FORWARD' }],
      before: await ask(family === 4 ? chains4 : chains6),
    },
  ];

const load: Work['changes'] = async (ask) => {
  const before = await ask(native);
  const script = 'add chain inet native XPUSH-FWD\nadd rule inet native XPUSH-FWD drop\n';
  return [
    {
      kind: 'nft',
      effect: 'live',
      script,
      removed: [],
      after: before,
      listed: native.chains,
      before,
    },
  ];
};

const rule = {
  priority: 1001,
  from: '10.0.0.5/32',
  to: null,
  iif: null,
  oif: null,
  table: 18,
  rest: '',
};

const acts: readonly Work[] = [
  {
    what: 'files',
    queries: [kept],
    changes: async (ask) => [
      ...change.writeFile('/etc/new', 'a\n', absent, { ...plain, mode: 0o600 }),
      ...change.writeFile('/etc/kept', 'b\n', await ask(kept), plain),
      ...change.makeDirectory('/etc/made', absent),
    ],
  },
  {
    what: 'bytes',
    queries: [],
    changes: async () => change.writeFile('/etc/new', '\xff\0', absent, plain),
  },
  {
    what: 'what goes',
    queries: [kept],
    changes: async (ask) => change.removeFile('/etc/kept', await ask(kept), 'boot'),
  },
  {
    what: 'kernel parameters',
    queries: [parameter],
    changes: async (ask) => change.setParameter(parameter.name, '1', (await ask(parameter)) ?? ''),
  },
  {
    what: 'a command',
    queries: [],
    changes: async () => [
      sh('echo ran >/etc/ran'),
      change.command(['/bin/sh', '-c', 'read -r line; echo "$line"'], null, { stdin: 'a\u00e4\n' }),
    ],
  },
  {
    what: 'IPv4',
    queries: [rules4, routes4],
    changes: routing(4, '10.0.0.5', [{ verb: 'add', object: 'rule', rule }]),
  },
  { what: 'IPv6', queries: [rules6, routes6], changes: routing(6, '2001:db8::5', []) },
  { what: 'iptables', queries: [chains4], changes: swap(4) },
  { what: 'ip6tables', queries: [chains6], changes: swap(6) },
  { what: 'nftables', queries: [native], changes: load },
];

const canHide = isRoot && hasTool('iptables-nft-save') && hasTool('nft');
if (!canHide)
  process.stderr.write('skipped: hosts with few commands, as that needs root, iptables and nft\n');

const table = `nft -f - <<'END'
add table inet native
add chain inet native forward { type filter hook forward priority 0; policy accept; }
END`;

/** A host that has a shell, the first command of each need, and nothing else. */
function hostWith(shell: Shell, all: readonly Need[]): Room {
  const place = temporaryDirectory();
  const commands = new Set([
    'sh',
    'dash',
    'bash',
    ...all.flatMap(({ oneOf }) => oneOf.slice(0, 1)),
  ]);
  return new Room(
    shell,
    `${table}
    mkdir ${place}/real ${place}/bin ${place}/none
    mount --bind /usr ${place}/real
    for command in ${[...commands].join(' ')}; do
      path=$(readlink -f "$(command -v "$command")")
      ln -s "${place}/real\${path#/usr}" "${place}/bin/$command"
    done
    mount --bind ${place}/none /usr/local/sbin
    mount --bind ${place}/bin /usr/sbin
    mount --bind ${place}/bin /usr/bin`,
  );
}

const needsOfQueries = (queries: readonly Query[]) =>
  queries.flatMap(({ kind }) => lookNeeds[kind] ?? []);

async function changesOn({ running }: Room, changes: Work['changes']): Promise<readonly Change[]> {
  await running.observe([]);
  return (await changes?.((asked) => running.look(asked))) ?? [];
}

const quiet = { status: 0, body: expect.not.stringContaining('not found') };

/** Of a firewall, its own commands may be missing. */
describe.runIf(canHide).each([dash, bash])(
  'a host with nothing but what it is said to need ($name)',
  (shell) => {
    test.concurrent.each(looks)('answers: $what', async ({ queries }) => {
      const needed = needsOfQueries(queries);
      await using room = hostWith(shell, needed);

      const observed = await room.running.observe([...queries, query.lacks()]);

      for (const [key, one] of observed) expect([key, one]).not.toHaveProperty('1.failure');
      const has = new Set(needed.flatMap(({ oneOf }) => oneOf.slice(0, 1)));
      expect(observed.get('lacks')).toEqual({
        answer: neededCommands.filter((each) => !has.has(each)),
      });
      expect(room.running.errors).not.toMatch(/(?<!tables-save): not found/);
    });

    test.concurrent.each(acts)('is changed: $what', async ({ queries, changes }) => {
      await using whole = new Room(shell, table);
      const wanted = await changesOn(whole, changes);
      await using room = hostWith(shell, [
        ...needsOfQueries(queries),
        ...lockNeeds,
        ...wanted.flatMap(changeNeeds),
      ]);
      const generation = { id: `${identity.id}.9`, text: '{}', keep: 2 };
      const made = await changesOn(room, changes);

      room.running.send(
        compileAct(
          made.map((one, index): Act => ({ id: `0.${index}`, change: one })),
          room.running.known,
          [],
          { identity, generation },
        ),
      );
      const sections = [...(await room.running.sections()).values()];

      expect(made.length).toBeGreaterThan(0);
      expect(sections).toEqual([quiet, ...made.map(() => quiet)]);
      expect(room.running.errors).not.toContain('not found');
    });
    test.concurrent('opens windows, and undoes them', async () => {
      const firewalls = needs('have a firewall', 'iptables-save', 'iptables-restore', 'nft');
      const looking = [kept, parameter, links, rules4, routes4, rules6, routes6, chains4, native];
      const undone = sh(
        `ip route del default; ip rule add priority 1000 lookup 18; ip addr add 10.0.0.7/24 dev eth0
      ip link set eth0 mtu 1400; iptables-restore -n <<'END'
*filter
-A FORWARD -j DROP
COMMIT
END
      nft add rule inet native forward drop; echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter
      echo new >/etc/kept; echo new >/etc/made; rm /etc/deleted`,
        ['/etc/kept', '/etc/made', '/etc/deleted'],
      );
      const staged = change.writeFile('/etc/next', 'a\n', absent, plain);
      await using room = hostWith(shell, [
        ...[...needsOfQueries(looking), ...firewalls, ...lockNeeds, ...windowNeeds],
        ...[undone, ...staged].flatMap(changeNeeds),
      ]);
      await room.running.observe([]);
      await room.say('echo old >/etc/deleted');
      const before = await room.running.observe(looking);

      const first = await room.open(windowPlan([undone, ...staged]));
      const during = await room.running.observe(looking);
      const rolledBack = await room.decide('undo');
      const after = await room.running.observe(looking);
      await room.open(windowPlan(staged, { id: `${identity.id}.2` }));
      const confirmed = await room.decide('confirm', { id: `${identity.id}.2` });

      expect(readWindow(first), JSON.stringify([...first])).toMatchObject({ type: 'applied' });
      expect(rolledBack, await room.log()).toMatchObject({ type: 'rolled_back' });
      expect(during).not.toEqual(before);
      expect(after).toEqual(before);
      expect(await room.say('cat /etc/deleted /etc/next; [ -e /etc/made ] || echo gone')).toBe(
        'old\na\ngone\n',
      );
      expect(confirmed).toEqual({ type: 'confirmed' });
      expect(await room.log()).not.toContain('not found');
      expect(room.running.errors).not.toContain('not found');
    });
  },
);
