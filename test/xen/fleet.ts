import {
  type Allow,
  type Dom0,
  type DomU,
  type Network,
  noExpectation,
  usualSafety,
  type Vif,
} from '../../src/inventory/model.ts';
import { unsetSsh } from '../../src/inventory/plain-host.ts';

/** The fleet of inventory/webserv.yaml, with a second guest, as model objects. */
const position = { file: 'webserv.yaml', line: 1, column: 1 };

const anyHost = {
  safety: usualSafety,
  become: null,
  expect: noExpectation,
  ssh: unsetSsh,
  vars: {},
  groups: [],
  position,
} as const;

export const lan: Network = {
  name: 'lan',
  subnet: '192.168.0.0/24',
  gateway: '192.168.0.1',
  vlan: null,
};

export const storage: Network = {
  name: 'storage',
  subnet: '10.8.0.0/16',
  gateway: null,
  vlan: null,
};

export const dmz: Network = {
  name: 'dmz',
  subnet: '203.0.113.0/25',
  gateway: '203.0.113.1',
  vlan: null,
};

/** The i-th vif with what the loader derives. */
export function vif(place: number, network: Network, ips: readonly string[]): Vif {
  return {
    iface: `eth${place}`,
    mac: `de:ad:be:ef:00:${place.toString(16).padStart(2, '0')}`,
    ips,
    ipv4: {
      ips: ips as readonly [string, ...string[]],
      network,
      prefix: Number(network.subnet.split('/')[1]),
      priorities: ips.map((_, j) => 1000 + 16 * place + j),
    },
    ipv6: null,
    table: { id: 16 + place, name: `eth${place}-${ips[0]?.split('.')[3]}` },
    script: 'vif-route',
    bridge: null,
    vifname: null,
    gatewaydev: null,
    rate: null,
    model: null,
    position,
  };
}

export function guest(
  name: string,
  vifs: readonly Vif[],
  allow: readonly Allow[] | null = null,
): DomU {
  return {
    ...anyHost,
    kind: 'domU',
    name,
    address: vifs[0]?.ips[0] ?? name,
    dom0: 'xen1',
    config: `/etc/xen/${name}.cfg`,
    vifs,
    allow,
    names: 'iftab',
    networkConfig: 'ifupdown',
  };
}

export function allowed(entry: Partial<Allow>): Allow {
  return {
    proto: 'tcp',
    ports: [],
    from: [],
    fromPorts: [],
    direction: 'in',
    to: [],
    comment: null,
    ...entry,
  };
}

export const single = (port: number) => ({ first: port, last: port });

export const webserv = guest(
  'webserv',
  [vif(0, lan, ['192.168.0.200']), vif(1, lan, ['192.168.0.201']), vif(2, lan, ['192.168.0.202'])],
  [
    allowed({
      ports: [single(80), single(443)],
      fromPorts: [{ first: 1024, last: 65535 }, single(80), single(443), single(8080)],
    }),
  ],
);

/** One vif with several addresses, not filtered. */
export const mail = guest('mail', [
  { ...vif(0, lan, ['192.168.0.210', '192.168.0.211']), mac: '00:16:3e:00:00:10' },
]);

export const xen1: Dom0 = {
  ...anyHost,
  kind: 'dom0',
  name: 'xen1',
  address: '192.168.0.100',
  uplink: 'eth0',
  xen: { version: null, toolstack: 'xl' },
  firewall: { backend: 'auto', policy: 'leave', admin: null, rules: [], log: null },
  antispoof: false,
  domUs: ['webserv', 'mail'],
};
