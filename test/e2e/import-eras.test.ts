import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { labPlanFor } from '../../src/lab/inventory-plan.ts';
import type { LabHostPlan, LabPlan } from '../../src/lab/lab.ts';
import type { LabFile } from '../../src/lab/plan.ts';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';
import { hasNetworkd } from '../xen/networkd-process.ts';
import { documentOf, Fleet, statuses } from './fleet.ts';
import { networkdService, networkdServicePath } from './networkd-service.ts';

type Files = Readonly<Record<string, LabFile>>;

/** A dom0 with a guest, as their admin set them up. */
interface Made {
  readonly kind?: 'mini';
  readonly packages: readonly string[];
  /** For the lab: the guest's vifs. */
  readonly vifs: string;
  readonly guest: Files;
  readonly dom0: Files;
  /** What import makes of the guest, a line each. */
  readonly imported: readonly string[];
}

const loopback = 'auto lo\niface lo inet loopback\n';

const made: Readonly<Record<string, Made>> = {
  etch: {
    packages: ['ifupdown', 'ifrename'],
    vifs: '{ mac: "00:16:3e:00:00:10", ip: 192.168.0.200 }, { mac: "00:16:3e:00:00:11", ip: 10.8.0.5 }',
    guest: {
      '/etc/iftab': '# one line a card\neth0 mac 00:16:3E:00:00:10\neth1\tmac 00:16:3E:00:00:11\n',
      '/etc/network/interfaces': `# This file describes the network interfaces available on your system
# The loopback network interface
auto lo
iface lo inet loopback

# The primary network interface
auto eth0
iface eth0 inet static
	address 192.168.0.200
	netmask 255.255.255.0
	network 192.168.0.0
	broadcast 192.168.0.255
	gateway 192.168.0.1
	# dns-* options are implemented by the resolvconf package, if installed
	dns-search example.org

auto eth1
iface eth1 inet static
	address 10.8.0.5
	netmask 255.255.0.0
	up ip route add 10.9.0.0/16 via 10.8.0.1 || true
`,
    },
    dom0: {
      '/etc/xen/etch': `kernel = '/boot/vmlinuz-2.6.18-6-xen-686'
memory = '128'
name   = 'etch'
vif  = [ 'mac=00:16:3E:00:00:10, ip=192.168.0.200, script=vif-route', 'script=vif-route,ip=10.8.0.5,mac=00:16:3E:00:00:11' ]
`,
      '/etc/sysctl.conf':
        '#kernel.printk = 4 4 1 7\nnet.ipv4.ip_forward=1\nnet.ipv4.conf.eth0.proxy_arp = 1\n',
    },
    imported: [
      'config: /etc/xen/etch',
      'names: iftab',
      '- { mac: "00:16:3e:00:00:10", ip: 192.168.0.200 }',
      '- { mac: "00:16:3e:00:00:11", ip: 10.8.0.5 }',
    ],
  },
  bookworm: {
    packages: ['ifupdown'],
    vifs: '{ mac: "00:16:3e:00:00:20", ips: [ 192.168.0.210, 192.168.0.211, 192.168.0.212, 192.168.0.213 ] }',
    guest: {
      '/etc/systemd/network/10-lan.link':
        '[Match]\nMACAddress=00:16:3e:00:00:20\n\n[Link]\nName=eth0\nWakeOnLan=off\n',
      '/etc/network/interfaces': `source /etc/network/interfaces.d/*
${loopback}
auto eth0
iface eth0 inet static
    address 192.168.0.210/24
    gateway 192.168.0.1
    up ip addr add 192.168.0.211/24 dev $IFACE
iface eth0 inet static
    address 192.168.0.212/24
`,
      '/etc/network/interfaces.d/shop': `# the shop's own
auto eth0:1
iface eth0:1 inet static
    address 192.168.0.213
    netmask 255.255.255.0
`,
    },
    dom0: {
      '/etc/xen/bookworm.cfg': `name = "bookworm"
type = "pvh"
vif = [ "mac=00:16:3e:00:00:20,script=vif-route,ip=192.168.0.210 192.168.0.211 192.168.0.212 192.168.0.213" ]
`,
      '/etc/sysctl.d/99-xen.conf': 'net.ipv4.ip_forward = 1\nnet/ipv4/conf/eth0/proxy_arp = 1\n',
    },
    imported: [
      'names: link',
      '- { mac: "00:16:3e:00:00:20", ips: [ 192.168.0.210, 192.168.0.211, 192.168.0.212, 192.168.0.213 ] }',
    ],
  },
  arch: {
    packages: ['ifupdown'],
    vifs: '{ mac: "00:16:3e:00:00:30", ips: [ 192.168.0.220, 192.168.0.221 ] }',
    guest: {
      '/etc/network/interfaces': loopback,
      [networkdServicePath]: networkdService(),
      '/etc/systemd/network/20-wired.network': `[Match]
Name=eth0

[Network]
Address=192.168.0.220/24
Address=192.168.0.221/24
Gateway=192.168.0.1
DNS=9.9.9.9
`,
    },
    dom0: {
      '/etc/xen/arch.cfg':
        'name = "arch"\nvif = [ "ip=192.168.0.220 192.168.0.221,script=vif-route,mac=00:16:3e:00:00:30,rate=10Mb/s" ]\n',
      '/etc/sysctl.d/routing.conf': 'net.ipv4.conf.eth0.proxy_arp=1\nnet.ipv4.ip_forward=1\n',
    },
    imported: [
      'names: none',
      '- { mac: "00:16:3e:00:00:30", ips: [ 192.168.0.220, 192.168.0.221 ], rate: 10Mb/s }',
    ],
  },
  focal: {
    packages: ['ifupdown', 'netplan.io', 'libnetplan0'],
    vifs: '{ mac: "00:16:3e:00:00:40", ip: 192.168.0.230 }',
    guest: {
      '/etc/network/interfaces': loopback,
      [networkdServicePath]: networkdService('/usr/libexec/netplan/generate'),
      '/etc/netplan/01-netcfg.yaml': `# This file describes the network interfaces available on your system
network:
  version: 2
  renderer: networkd
  ethernets:
    eth0:
      dhcp4: no
      addresses: [192.168.0.230/24]
      gateway4: 192.168.0.1
      nameservers:
        addresses: [9.9.9.9]
`,
    },
    dom0: {
      '/etc/xen/focal.cfg':
        'name = "focal"\nvif = [ "mac=00:16:3e:00:00:40, ip=192.168.0.230, script=/etc/xen/scripts/vif-route" ]\n',
      '/etc/sysctl.conf': 'net.ipv4.ip_forward=1\nnet.ipv4.conf.eth0.proxy_arp=1\n',
    },
    imported: ['names: none', '- { mac: "00:16:3e:00:00:40", ip: 192.168.0.230 }'],
  },
  alpine: {
    kind: 'mini',
    packages: [],
    vifs: '{ mac: "00:16:3e:00:00:50", ip: 192.168.0.240, script: vif-bridge, bridge: xenbr0 }',
    guest: {
      '/etc/network/interfaces': `${loopback}
auto eth0
iface eth0 inet static
	address 192.168.0.240
	netmask 255.255.255.0
	gateway 192.168.0.1
	hostname alpine
`,
    },
    dom0: {
      '/etc/xen/alpine.cfg':
        "name = 'alpine'\nvif = [ 'mac=00:16:3e:00:00:50, ip=192.168.0.240, bridge=xenbr0' ]\n",
    },
    imported: [
      'names: none',
      '- { mac: "00:16:3e:00:00:50", ip: 192.168.0.240, script: vif-bridge, bridge: xenbr0 }',
    ],
  },
};

const managed = ['arch', 'focal'].filter(() => hasNetworkd);
const guests = ['etch', 'bookworm', 'alpine', ...managed];
const dom0Of = (guest: string): string => `on-${guest}`;

const text = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  backup: { subnet: 10.8.0.0/16 }
dom0:
${guests.map((name, place) => `  ${dom0Of(name)}: { address: 192.168.0.${100 + place} }\n`).join('')}
domU:
${guests.map((name) => `  ${name}: { dom0: ${dom0Of(name)}, vifs: [ ${made[name]?.vifs} ] }\n`).join('')}`;

function asMade(plan: LabPlan): LabPlan {
  const hosts = plan.hosts.map((host): LabHostPlan => {
    const own = made[host.name];
    const its = guests.find((name) => dom0Of(name) === host.name);
    if (its !== undefined) return { ...host, files: made[its]?.dom0 ?? {} };
    return own === undefined
      ? host
      : { ...host, packages: own.packages, bootFrom: 'interfaces', files: own.guest };
  });
  return { ...plan, hosts };
}

const options = { adapt: asMade, kinds: { alpine: 'mini' } } as const;
const inventory = await loadInventory({ argument: '-', stdin: text });
const describe = await labDescribe(asMade(labPlanFor(inventory, options)));

describe('hosts of five eras that their admins set up by hand', () => {
  test('a check with their imported inventory finds nothing to do, nor does an apply', async () => {
    await using fleet = await Fleet.start(text, options);
    const { lab } = fleet;
    // which the lab knows of routed vifs only
    await lab
      .host(dom0Of('alpine'))
      .exec([
        'sh',
        '-ec',
        'xenstore-write /local/domain/7/name alpine backend/vif/7/0/mac 00:16:3e:00:00:50 backend/vif/7/0/bridge xenbr0',
      ]);
    for (const name of managed) {
      await until(async () => {
        const { code } = await lab.host(name).exec(['sh', '-c', 'ip route | grep ^default']);
        return code === 0;
      });
    }
    const before = await fleet.snapshots();
    const file = join(lab.directory, 'imported.yaml');

    const imported = await fleet.xpush('import', ...guests.map(dom0Of), '--out', file);
    const inventory = await readFile(file, 'utf8');
    const check = await fleet.xpush('apply', file, '--check', '--exit-code', '-o', 'json');

    expect(imported.stderr).toMatch(/^xpush apply would change nothing\.$/m);
    expect([imported.code, check.code], `${inventory}\n${check.stdout}`).toEqual([0, 0]);
    const all = [...guests, ...guests.map(dom0Of)];
    const allOk = Object.fromEntries(all.map((name) => [name, 'ok']));
    expect(statuses(documentOf(check))).toEqual(allOk);
    expect(await fleet.snapshots()).toEqual(before);
    for (const name of guests) {
      const entry = new RegExp(`^  ${name}:\n((?: {4}.*\n)*)`, 'm').exec(inventory)?.[1] ?? '';
      for (const line of made[name]?.imported ?? []) expect(entry).toContain(` ${line}\n`);
    }

    const applied = await fleet.xpush('apply', file, '-o', 'json');

    expect(statuses(documentOf(applied)), applied.stdout).toEqual(allOk);
  });
});
