import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LabPlan } from '../../src/lab/lab.ts';
import { labDescribe } from '../lab-tier.ts';
import { type CliRun, documentOf, Fleet, type FleetOptions, shippedInventory } from './fleet.ts';

const describe = await labDescribe({
  hosts: [
    { name: 'old', kind: 'mini', nics: [] },
    { name: 'web', nics: [], packages: ['ifupdown'] },
  ],
});

const lan = 'networks: { lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 } }\n';
const xen1 = 'dom0: { xen1: { address: 192.168.0.100 } }\n';

interface Imported extends CliRun {
  /** The inventory that it wrote. */
  readonly file: string;
  readonly text: string;
  /** What it said that apply would change, a line each. */
  readonly listed: readonly string[];
}

async function importXen1(fleet: Fleet): Promise<Imported> {
  const file = join(fleet.lab.directory, 'imported.yaml');
  const run = await fleet.xpush('import', 'xen1', '--out', file, '--force');
  expect([run.code, run.stdout], run.stderr).toEqual([0, '']);
  const text = await readFile(file, 'utf8');
  const listed = [...text.matchAll(/^# {3}(\S.*)$/gm)].map(([, line = '']) => line);
  return { ...run, file, text, listed };
}

/** What `apply --check` says of the inventory, in the same words. */
async function checked(fleet: Fleet, file: string): Promise<readonly string[]> {
  const { hosts } = documentOf(await fleet.xpush('apply', file, '--check', '-o', 'json'));
  return Object.entries(hosts)
    .flatMap(([name, { tasks, error, status }]) => [
      ...tasks.flatMap(({ step, changes }) => {
        const about = changes.map((one) => ('path' in one ? one.path : one.subject));
        return about.length === 0 ? [] : [`${name}: ${step}: ${[...new Set(about)].join(', ')}`];
      }),
      ...(error === null ? [] : [`${name}: ${status}: ${error.message}`]),
    ])
    .toSorted();
}

/**
 * Imports a hand-made fleet: what it lists is what a check finds. Applied, imported again and checked,
 * there is nothing to change. Gives the first import.
 */
async function importAndSettle(fleet: Fleet): Promise<Imported> {
  const first = await importXen1(fleet);
  expect(first.listed).toEqual(await checked(fleet, first.file));

  const applied = await fleet.xpush('apply', first.file);
  expect(applied.code, applied.stdout).toBe(0);
  const second = await importXen1(fleet);
  expect(second.text).toContain('# xpush apply would change nothing.\n');
  expect(await checked(fleet, second.file)).toEqual([]);
  return first;
}

const dom0Console = (fleet: Fleet, script: string) =>
  fleet.lab.host('xen1').exec(['sh', '-ec', script]);

/** A guest that somebody taught policy routing for its second address. */
function handMade(plan: LabPlan): LabPlan {
  const files = {
    '/etc/iproute2/rt_tables': '255 local\n254 main\n253 default\n0 unspec\n100 uplink2\n',
    '/etc/network/interfaces': `auto lo eth0 eth1
iface lo inet loopback
iface eth0 inet static
  address 192.168.0.200
  netmask 255.255.255.0
  gateway 192.168.0.1
iface eth1 inet static
  address 192.168.0.201
  netmask 255.255.255.0
  up ip route add 192.168.0.0/24 dev eth1 table uplink2
  up ip route add default via 192.168.0.1 dev eth1 table uplink2
  up ip rule add from 192.168.0.201 table uplink2
`,
  };
  const hosts = plan.hosts.map((host) =>
    host.name === 'web'
      ? { ...host, packages: ['ifupdown'], bootFrom: 'interfaces' as const, files }
      : host,
  );
  return { ...plan, hosts };
}

describe('xpush import', () => {
  test('a fleet that xpush set up: its own inventory again, and nothing to change', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'));
    await fleet.mustApply();

    const { text, listed, stderr, file } = await importXen1(fleet);

    expect(listed).toEqual([]);
    expect(stderr).toBe('xpush apply would change nothing.\n');
    expect(await checked(fleet, file)).toEqual([]);
    expect(text).toContain(`
  webserv:
    dom0: xen1
    names: iftab
    network_config: ifupdown
    vifs:
      - { mac: "de:ad:be:ef:00:00", ip: 192.168.0.200 }
      - { mac: "de:ad:be:ef:00:01", ip: 192.168.0.201 }
      - { mac: "de:ad:be:ef:00:02", ip: 192.168.0.202 }
    allow:
      - { proto: tcp, ports: [ 80, 443 ], from_ports: [ 80, 443, "1024-65535" ] }
`);
  });

  test('one that was set up by the source document: its rules become an allow list', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'), { forwarding: true });
    await dom0Console(
      fleet,
      `iptables -P FORWARD DROP
      for sport in 1024: 80 443 8080; do for dport in 80 443; do for end in 200 201 202; do
        ip=192.168.0.$end
        iptables -A FORWARD -i eth0 -p tcp -d $ip --syn -m state --state NEW --sport $sport --dport $dport -j ACCEPT
        iptables -A FORWARD -i eth0 -p tcp -d $ip --sport $sport --dport $dport -m state --state ESTABLISHED,RELATED -j ACCEPT
        iptables -A FORWARD -o eth0 -s $ip -p tcp --dport $sport --sport $dport -m state --state NEW,ESTABLISHED,RELATED -j ACCEPT
      done; done; done
      iptables -A FORWARD -m state --state ESTABLISHED,RELATED -j ACCEPT`,
    );

    const { text, stderr } = await importXen1(fleet);

    expect(text).toContain(
      'allow:\n      - { proto: tcp, ports: [ 80, 443 ], from_ports: [ "1024-65535", 80, 443, 8080 ] }\n',
    );
    expect(stderr).toContain('let it open connections from the ports that it serves');
    expect(text).toContain('ssh: { jump: dom0 }'); // only its dom0 reaches it
  });

  test('several addresses on one vif, made by hand, on a host of today', async () => {
    await using fleet = await Fleet.start(
      `${lan}${xen1}domU: { web: { dom0: xen1, vifs: [ { mac: "00:16:3e:00:00:01", ips: [192.168.0.200, 192.168.0.201] } ] } }`,
      { forwarding: true },
    );
    await fleet.lab
      .host('xen1')
      .writeFile(
        '/etc/xen/web.cfg',
        'name = "web"\nmemory = 256\nvif = [ "script=vif-route,mac=00:16:3E:00:00:01,ip=192.168.0.201 192.168.0.200,rate=10Mb/s" ]\n',
      );

    const { text, listed } = await importAndSettle(fleet);

    expect(text).toContain(
      '{ mac: "00:16:3e:00:00:01", ips: [ 192.168.0.201, 192.168.0.200 ], rate: 10Mb/s }',
    );
    expect(listed.map((line) => line.replace(/: [^:]*$/, ''))).toEqual([
      'web: interfaces', // its file knows of one address
      'xen1: sysctl', // set by hand, and not for the next boot
    ]);
  });

  test('an old guest of busybox with one vif a address, whose rules somebody wrote by hand', async () => {
    const options: FleetOptions = { forwarding: true, kinds: { web: 'mini' } };
    await using fleet = await Fleet.start(
      `${lan}${xen1}domU: { web: { dom0: xen1, vifs: [ { mac: "00:16:3e:00:00:01", ip: 192.168.0.200 }, { mac: "00:16:3e:00:00:02", ip: 192.168.0.201 } ] } }`,
      options,
    );
    await fleet.lab.host('web').exec([
      'sh',
      '-ec',
      `echo '200 second' >>/etc/iproute2/rt_tables
        ip route add 192.168.0.0/24 dev eth1 scope link src 192.168.0.201 table 200
        ip route add default via 192.168.0.1 dev eth1 src 192.168.0.201 table 200
        ip rule add from 192.168.0.201 table 200`,
    ]);

    const { text, listed } = await importAndSettle(fleet);

    expect(text).toContain('ip: 192.168.0.201, table: { id: 200, name: second } }');
    expect(text).toContain('names: none');
    expect(listed.join('\n')).toContain('web: ip_rules: addresses, routes and rules');
    expect(listed.join('\n')).toContain('xen1: vif_config: /etc/xen/web.cfg');
  });

  test('a guest of Debian, made by hand with ifupdown, and booted from its file', async () => {
    const vifs = [0, 1].map((n) => `{ mac: "00:16:3e:00:00:0${n}", ip: 192.168.0.20${n} }`);
    await using fleet = await Fleet.start(
      `${lan}${xen1}domU: { web: { dom0: xen1, vifs: [ ${vifs.join(', ')} ] } }`,
      { forwarding: true, adapt: handMade },
    );

    const { text, listed } = await importAndSettle(fleet);

    expect(text).toContain(`
      - { mac: "00:16:3e:00:00:00", ip: 192.168.0.200 }
      - { mac: "00:16:3e:00:00:01", ip: 192.168.0.201, table: { id: 100, name: uplink2 } }
`);
    expect(listed.join()).toContain('web: interfaces: /etc/network/interfaces');
  });

  test('a bridged guest', async () => {
    await using fleet = await Fleet.start(
      `${lan}${xen1}domU: { web: { dom0: xen1, vifs: [ { mac: "00:16:3e:00:00:01", ip: 192.168.0.200, script: vif-bridge, bridge: xenbr0 } ] } }`,
    );
    await fleet.lab
      .host('xen1')
      .writeFile(
        '/etc/xen/web.cfg',
        "name = 'web'\nvif = [ 'mac=00:16:3e:00:00:01, ip=192.168.0.200, script=vif-bridge, bridge=xenbr0' ]\n",
      );
    await dom0Console(
      fleet,
      'xenstore-write /local/domain/7/name web backend/vif/7/0/mac 00:16:3e:00:00:01 backend/vif/7/0/bridge xenbr0',
    );

    const { text, listed } = await importAndSettle(fleet);

    expect(text).toContain(
      '{ mac: "00:16:3e:00:00:01", ip: 192.168.0.200, script: vif-bridge, bridge: xenbr0 }',
    );
    expect(listed.join()).not.toContain('vif_config');
    expect(listed.join()).not.toContain('sysctl');
  });

  test('a file of xm that is a program is told with its line, and its guest is left alone', async () => {
    await using fleet = await Fleet.start(await shippedInventory('two-guests'), {
      forwarding: true,
    });
    await fleet.lab
      .host('xen1')
      .writeFile(
        '/etc/xen/mail',
        'import os\nname = "old-mail"\nvif = [ "ip=%s" % os.environ["IP"] ]\n',
      );
    const before = await fleet.snapshots();

    const { text, stderr } = await importXen1(fleet);

    expect(await fleet.snapshots()).toEqual(before);
    expect(stderr).toContain('old-mail: /etc/xen/mail:1: `import os` is not plain assignments\n');
    expect(text).toMatch(
      /# \/etc\/xen\/mail:1: .*\n(?: +#.*\n)* {2}old-mail:\n {4}dom0: xen1\n {4}config: \/etc\/xen\/mail\n/,
    );
  });

  test('a host that can not be reached is exit 3; a file that is there is not written over', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'), { forwarding: true });
    const file = await fleet.write('mine.yaml', 'precious\n');

    const refused = await fleet.xpush('import', 'xen1', '--out', file);
    const unreachable = await fleet.xpush('import', 'xen1', '192.168.0.99');

    expect([refused.code, await readFile(file, 'utf8')]).toEqual([2, 'precious\n']);
    expect(refused.stderr).toContain('is there already');
    expect(unreachable.code).toBe(3);
    expect(unreachable.stderr).toContain('192.168.0.99: unreachable: ');
    expect(unreachable.stdout).toContain('dom0:\n  xen1:');
    const guest = await fleet.xpush('import', 'webserv');
    expect([guest.code, guest.stdout]).toEqual([1, '']);
    expect(guest.stderr).toContain('webserv: no dom0');
  });
});
