import { expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { labPlanFor, surroundings } from '../../src/lab/inventory-plan.ts';
import type { LabHostPlan, LabPlan } from '../../src/lab/lab.ts';
import type { LabFile } from '../../src/lab/plan.ts';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';
import { hasNetworkd } from '../xen/networkd-process.ts';
import { Fleet, hostIn, statuses } from './fleet.ts';
import { networkdService, networkdServicePath as service } from './networkd-service.ts';

interface Era {
  /** What its inventory entry says of it. */
  readonly says: string;
  readonly kind?: 'mini';
  readonly packages: readonly string[];
  /** What its installer wrote, and what starts its network: both vifs are up, without policy routing. */
  readonly files: (macs: readonly string[], addresses: Addresses) => Files;
  /** What the tasks `iftab` and `interfaces` name. */
  readonly names: RegExp;
  readonly network: RegExp;
}

type Files = Readonly<Record<string, LabFile>>;
/** Of each vif: IPv4 and IPv6. */
type Addresses = readonly (readonly [string, string])[];

const interfaces = '/etc/network/interfaces';
const loopback = 'auto lo\niface lo inet loopback\n';

const ifupdown = (addresses: Addresses): string =>
  `${loopback}${addresses
    .map(
      ([ipv4, ipv6], index) => `
auto eth${index}
iface eth${index} inet static
	address ${ipv4}
	netmask 255.255.255.0
${index === 0 ? '\tgateway 192.168.0.1\n' : ''}iface eth${index} inet6 static
	address ${ipv6}
	netmask 128
`,
    )
    .join('')}`;

const eras: Readonly<Record<string, Era>> = {
  etch: {
    says: '',
    packages: ['ifupdown', 'ifrename'],
    files: (_, addresses) => ({ [interfaces]: ifupdown(addresses) }),
    names: /\/etc\/iftab/,
    network: /\/etc\/network\/interfaces/,
  },
  lenny: {
    says: 'names: udev',
    packages: ['ifupdown'],
    files: (_, addresses) => ({
      [interfaces]: ifupdown(addresses),
      '/etc/udev/rules.d/README': 'The files in this directory are read by udev(7).\n',
    }),
    names: /\/etc\/udev\/rules\.d\/70-persistent-net\.rules/,
    network: /\/etc\/network\/interfaces/,
  },
  stretch: {
    says: 'names: link',
    packages: ['ifupdown'],
    files: (_, addresses) => ({ [interfaces]: ifupdown(addresses) }),
    names: /\/etc\/systemd\/network\/.*00-xpush-eth1\.link/,
    network: /\/etc\/network\/interfaces/,
  },
  alpine: {
    says: '',
    kind: 'mini',
    packages: [],
    files: (_, addresses) => ({ [interfaces]: ifupdown(addresses) }),
    names: /nothing there gives names by MAC/,
    network: /\/etc\/network\/interfaces/,
  },
  cloud: {
    says: '',
    packages: ['ifupdown'],
    files: (macs, [first = ['', '']]) => ({
      [interfaces]: loopback,
      [service]: networkdService(),
      '/etc/systemd/network/10-installer.network': `[Match]\nMACAddress=${macs[0]}\n
[Network]\nAddress=${first[0]}/24\nAddress=${first[1]}/128\nGateway=192.168.0.1\n`,
      '/etc/systemd/network/80-other.network': '[Match]\nName=eth*\n\n[Network]\nIPv6AcceptRA=no\n',
    }),
    names: /\/etc\/systemd\/network\/.*00-xpush-eth1\.link/,
    network: /\/etc\/systemd\/network\/.*00-xpush-eth1\.network/,
  },
  bionic: {
    says: '',
    packages: ['ifupdown', 'netplan.io', 'libnetplan0'],
    files: (macs, [first = ['', '']]) => ({
      [interfaces]: loopback,
      // A veth has no permanent address to be found by, as Xen's interfaces have.
      [service]: networkdService(
        '/usr/libexec/netplan/generate\nsed -i s/PermanentMACAddress=/MACAddress=/ /run/systemd/network/*',
      ),
      '/etc/netplan/01-installer.yaml': `network:
  version: 2
  ethernets:
    eth0:
      match: {macaddress: "${macs[0]}"}
      set-name: eth0
      addresses: [${first[0]}/24, "${first[1]}/128"]
      gateway4: 192.168.0.1
    eth1:
      match: {macaddress: "${macs[1]}"}
      set-name: eth1
`,
    }),
    names: /\/etc\/netplan\/60-xpush\.yaml/,
    network: /\/etc\/netplan\/60-xpush\.yaml/,
  },
};
/** Those that networkd sets up. */
const managed = ['cloud', 'bionic'].filter(() => hasNetworkd);
const names = ['etch', 'lenny', 'stretch', 'alpine', ...managed];

const addressesOf = (name: string): Addresses =>
  [0, 1].map((vif) => {
    const last = 200 + 10 * names.indexOf(name) + vif;
    return [`192.168.0.${last}`, `2001:db8:1::${last}`];
  });
const all = names.flatMap((name) => addressesOf(name).flat());

const text = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  lan6: { subnet: "2001:db8:1::/64", gateway: "fe80::1" }
dom0:
  xen1: { address: 192.168.0.100, uplink: eth0, antispoof: true }
domU:
${names
  .map((name) => {
    const vifs = addressesOf(name).map(([ipv4, ipv6]) => `{ ips: [${ipv4}, "${ipv6}"] }`);
    const says = eras[name]?.says ? `${eras[name].says}, ` : '';
    return `  ${name}: { dom0: xen1, ${says}vifs: [${vifs.join(', ')}] }\n`;
  })
  .join('')}`;

function asInstalled(plan: LabPlan): LabPlan {
  const hosts = plan.hosts.map((host): LabHostPlan => {
    const era = eras[host.name];
    if (era === undefined) return host;
    const macs = host.nics.map(({ mac = '' }) => mac);
    const files = { ...host.files, ...era.files(macs, addressesOf(host.name)) };
    return { ...host, packages: era.packages, bootFrom: 'interfaces', files };
  });
  return { ...plan, hosts };
}

const options = { adapt: asInstalled, kinds: { alpine: 'mini' }, guestRpFilter: 1 } as const;
const inventory = await loadInventory({ argument: '-', stdin: text });
const describe = await labDescribe(asInstalled(labPlanFor(inventory, options)));
const { far, client } = surroundings(inventory);

describe('guests of many eras in one run of the default playbook', () => {
  /** The addresses that do not answer, from the LAN or from beyond. */
  const silent = async ({ lab }: Fleet): Promise<readonly string[]> => {
    await lab.flushNeighbours();
    const found = await Promise.all(
      [client, far].map((from) => lab.host(from).probe(all.map((to) => ({ to, port: 80 })))),
    );
    return found.flat().flatMap(({ request, status }) => (status === 'open' ? [] : [request.to]));
  };
  const listen = async ({ lab }: Fleet): Promise<void> => {
    for (const name of names) {
      const endpoints = addressesOf(name)
        .flat()
        .map((address) => ({ address, port: 80 }));
      await until(
        async () =>
          await lab
            .host(name)
            .listen(endpoints)
            .then(
              () => true,
              () => false,
            ),
      );
    }
  };
  /** By which interface answers of each address leave, and the rules for that. */
  const ways = async ({ lab }: Fleet, name: string): Promise<readonly string[]> => {
    const to = { 4: '203.0.113.9', 6: '3fff:5::9' };
    const script = addressesOf(name)
      .flat()
      .map((ip) => `ip route get ${ip.includes(':') ? to[6] : to[4]} from ${ip}`);
    const { stdout } = await lab
      .host(name)
      .exec(['sh', '-c', ['ip -4 rule', 'ip -6 rule', ...script].join('\n')]);
    return stdout.split('\n').flatMap((line) => {
      const [, priority, from, table] = /^(1\d\d\d):\s+from (\S+) lookup (\S+)/.exec(line) ?? [];
      if (priority !== undefined)
        return [`${priority} ${from} ${table?.replace(/^eth(\d)-\d+$/, '1$1')}`];
      const [, source, dev] = / from (\S+) .*dev (eth\d)/.exec(line) ?? [];
      return source === undefined ? [] : [`${source} by ${dev}`];
    });
  };
  const wantedWays = (name: string): readonly string[] => {
    const [first, second] = addressesOf(name);
    return [
      `1000 ${first?.[0]} 10`,
      `1016 ${second?.[0]} 11`,
      `1001 ${first?.[1]} 10`,
      `1017 ${second?.[1]} 11`,
      ...(first ?? []).map((ip) => `${ip} by eth0`),
      ...(second ?? []).map((ip) => `${ip} by eth1`),
    ];
  };

  const allOk = (but: Readonly<Record<string, string>> = {}) => ({
    xen1: 'ok',
    ...Object.fromEntries(names.map((name) => [name, 'ok'])),
    ...but,
  });
  const expectNothingLeft = async (fleet: Fleet): Promise<void> => {
    const check = await fleet.apply('--check', '--diff', '--exit-code');
    expect(statuses(check.document), check.stdout).toEqual(allOk());
  };
  const restart = `
    ${service} stop
    while [ -d "/proc/$(cat /run/networkd.pid)" ]; do sleep 0.02; done
    rm -f /run/systemd/netif/links/*
    ${service} start`;
  const restartNetworkd = async ({ lab }: Fleet): Promise<void> => {
    for (const name of managed) {
      const { code, stderr } = await lab.host(name).exec(['sh', '-ec', restart]);
      expect(code, stderr).toBe(0);
      await until(async () => {
        const count = 'cat /run/systemd/netif/links/* | grep -c "^ADMIN_STATE=configured"';
        const { stdout } = await lab.host(name).exec(['sh', '-c', count]);
        return stdout.trim() === '2';
      });
    }
  };

  test('get the files of their era, one state of the kernel, and keep it over a restart and a reboot', async () => {
    await using fleet = await Fleet.start(text, options);

    const first = await fleet.mustApply();

    for (const name of names) {
      const era = eras[name] as Era;
      // its message, and the files that it changed
      const said = (step: string): string => {
        const tasks = hostIn(first.document, name).tasks.filter((each) => each.step === step);
        const changed = tasks
          .flatMap(({ changes }) => changes)
          .map((one) => ('path' in one ? one.path : one.subject));
        return [name, tasks[0]?.message, ...changed].join(' ');
      };
      expect(said('iftab')).toMatch(era.names);
      expect(said('interfaces')).toMatch(era.network);
      expect([name, await ways(fleet, name)]).toEqual([name, wantedWays(name)]);
    }
    await listen(fleet);
    await until(async () => (await silent(fleet)).length === 0);
    await expectNothingLeft(fleet);

    await restartNetworkd(fleet);
    expect(await silent(fleet)).toEqual([]);
    // networkd has made its own of ours, which go, and stay away when it starts again
    const cleared = await fleet.mustApply();
    expect(statuses(cleared.document)).toEqual(
      allOk(Object.fromEntries(managed.map((name) => [name, 'changed']))),
    );
    await restartNetworkd(fleet);
    await expectNothingLeft(fleet);

    await fleet.lab.host('xen1').reboot();
    await listen(fleet);
    await until(async () => (await silent(fleet)).length === 0);
    for (const name of names)
      expect([name, await ways(fleet, name)]).toEqual([name, wantedWays(name)]);
    await expectNothingLeft(fleet);
  });
});
