import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, hostIn, statuses } from './fleet.ts';

const text = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  lan6: { subnet: "2001:db8:1::/64", gateway: "fe80::1" }
dom0:
  xen1: { address: 192.168.0.100, uplink: eth0, antispoof: true, firewall: { admin: [lan, lan6] } }
domU:
  web:
    dom0: xen1
    names: iftab
    network_config: ifupdown
    vifs:
      - { ips: [192.168.0.200, 192.168.0.205, "2001:db8:1::200", "2001:db8:1::205"] }
      - { ips: [192.168.0.201, "2001:db8:1::201"] }
      - { ips: [192.168.0.202, "2001:db8:1::202"] }
    allow:
      - { proto: tcp, ports: [80] }
      - { proto: udp, ports: [5353], comment: mdns }
  db:
    dom0: xen1
    network_config: ifupdown
    vifs: [{ ips: [192.168.0.210, "2001:db8:1::210"] }]
    allow: []
`;

/** Of others: what looks much like ours and is not. */
const foreign = {
  xen1: `
    iptables -A FORWARD -s 10.1.2.3 -j DROP
    ip -6 neigh add proxy 2001:db8:9::9 dev eth0
    ip -6 route add 2001:db8:9::9 dev eth0
    echo "vif = [ 'mac=00:16:3e:00:00:09, ip=192.168.0.9' ]" >/etc/xen/other.cfg`,
  web: `
    ip rule add from 10.9.9.9 table 99 priority 1500
    ip -6 rule add from 2001:db8:9::9 table 99 priority 1501
    ip route add 10.9.0.0/16 dev eth0 table 99
    echo '99 others' >>/etc/iproute2/rt_tables
    echo 'tap0 mac 00:16:3e:00:00:09' >>/etc/iftab
    printf '\\niface tap0 inet static\\n\\taddress 192.168.9.9/24\\n' >>/etc/network/interfaces`,
} as const;
const foreignWords = ['10.1.2.3', '2001:db8:9::9', '10.9.', 'others', 'tap0', '9.9', 'other.cfg'];

/** Every line of the files and the live state, files with their names before it; but what a rollback goes by. */
const everything = `
grep -rsI . /etc/xen /etc/iproute2 /etc/iftab /etc/network /etc/iptables /etc/sysctl.d /var/lib/xpush/*.json | grep -v /etc/xen/scripts/vif-[^p] || true
for family in 4 6; do
  ip -o -$family addr
  ip -N -$family rule
done
ip -N -4 route show table all | grep -v ' metric 2 *$' || true # Xen's own, which go with the vif
ip -N -6 route show table all
ip -6 neigh show proxy
iptables-save
ip6tables-save`;

/** What leaves, in this order; the words that then are in no line, but for the given ones. */
const departures: readonly {
  readonly what: string;
  readonly from: RegExp;
  readonly to?: string;
  readonly words: readonly string[];
  readonly status: Readonly<Record<string, string>>;
  readonly stays?: RegExp;
}[] = [
  {
    what: 'an allow entry',
    from: / {6}- \{ proto: udp.*\n/,
    words: ['5353', 'mdns'],
    status: { xen1: 'changed', web: 'ok', db: 'ok' },
  },
  {
    what: 'an address of each family',
    from: /192\.168\.0\.205, "2001:db8:1::200", "2001:db8:1::205"/,
    to: '"2001:db8:1::200"',
    words: ['192.168.0.205', '2001:db8:1::205'],
    status: { xen1: 'changed', web: 'changed', db: 'ok' },
  },
  {
    what: 'a vif',
    from: / {6}- \{ ips: \[192\.168\.0\.202.*\n/,
    words: ['192.168.0.202', '2001:db8:1::202', 'eth2-202', 'iface eth2', 'eth2 mac', '1032:'],
    status: { xen1: 'changed', web: 'changed', db: 'ok' },
  },
  {
    what: 'the vif that made routing tables necessary',
    from: / {6}- \{ ips: \[192\.168\.0\.201.*\n/,
    words: ['192.168.0.201', '2001:db8:1::201', 'eth0-200', 'lookup 16', 'table 16', '1000:'],
    status: { xen1: 'changed', web: 'changed', db: 'ok' },
  },
  {
    what: 'a guest',
    from: / {2}db:\n(?: {4}.*\n)+/,
    words: ['192.168.0.210', '2001:db8:1::210'],
    status: { xen1: 'changed', web: 'ok' },
    stays: /^\/etc\/xen\/db\.cfg:/,
  },
];

const describe = await labDescribe();

describe('what leaves the inventory', () => {
  test('is shown by a check, leaves the hosts, and nothing of others goes with it', async () => {
    await using fleet = await Fleet.start(text);
    const names = ['xen1', 'web'] as const;
    const lines = async (): Promise<readonly string[]> => {
      const found = names.map(async (name) => {
        const { stdout, stderr } = await fleet.lab.host(name).exec(['sh', '-ec', everything]);
        expect(stderr).toBe('');
        return stdout.replaceAll(/\[\d+:\d+\]|^#.*$/gm, '').split('\n');
      });
      return (await Promise.all(found)).flat();
    };
    const having = (all: readonly string[], words: readonly string[]): readonly string[] =>
      all.filter((line) => words.some((word) => line.includes(word)));
    await fleet.mustApply();
    for (const name of names) {
      const { code, stderr } = await fleet.lab.host(name).exec(['sh', '-ec', foreign[name]]);
      expect(code, stderr).toBe(0);
    }
    let before = await lines();
    const others = having(before, foreignWords);
    expect(others.length).toBeGreaterThan(9);
    let inventory = text;

    for (const { what, from, to = '', words, status, stays = /^$/ } of departures) {
      expect([what, words.filter((word) => having(before, [word]).length === 0)]).toEqual([
        what,
        [],
      ]);
      inventory = inventory.replace(from, to);
      await fleet.write('inventory.yaml', inventory);

      const check = await fleet.apply('--check', '--diff', '--exit-code');

      expect([what, check.code, statuses(check.document)]).toEqual([what, 10, status]);
      const removed = diffsOf(check.document, names).filter((line) => line.startsWith('-'));
      for (const word of words.slice(0, 2)) expect(removed.join('\n')).toContain(word);
      expect(await lines()).toEqual(before);

      const run = await fleet.mustApply();

      expect(statuses(run.document)).toEqual(status);
      before = await lines();
      const left = having(before, words).filter((line) => !stays.test(line));
      expect([what, left]).toEqual([what, []]);
      expect(having(before, foreignWords)).toEqual(others);
      if (what === 'a guest') {
        const said = hostIn(run.document, 'xen1').tasks.map(({ message }) => message);
        expect(said.join('\n')).toContain('/etc/xen/db.cfg');
      }
    }
    const again = await fleet.apply('--check', '--exit-code', '--diff');
    expect(again.code, again.stdout).toBe(0);
  });
});

function diffsOf(
  document: Parameters<typeof hostIn>[0],
  names: readonly string[],
): readonly string[] {
  const tasks = names.flatMap((name) => hostIn(document, name).tasks);
  return tasks.flatMap(({ changes }) =>
    changes.flatMap(({ diff }) => (typeof diff === 'string' ? diff.split('\n') : [])),
  );
}
