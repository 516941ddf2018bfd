import type { LabHostKind, LabPlan } from './plan.ts';

/** `count` hosts h1, h2, ... on one LAN with the controller, from 192.168.0.51 on. */
export function lanPlan(count: number, kind: LabHostKind = 'full'): LabPlan {
  return {
    segments: [{ name: 'lan', controller: ['192.168.0.10/22'] }],
    hosts: Array.from({ length: count }, (_, index) => {
      const last = 51 + index;
      const address = `192.168.${last >> 8}.${last & 255}/22`;
      return { name: `h${index + 1}`, kind, nics: [{ segment: 'lan', addresses: [address] }] };
    }),
  };
}

/**
 * The network of the smallest inventory, before xpush has been there: a router, a client on the LAN and one beyond it, a
 * dom0 that doesn't forward yet and drops foreign sources of its guest, and the guest with three vifs in one subnet.
 */
export function documentPlan(antispoof: 'rp_filter' | 'iptables' | 'none' = 'rp_filter'): LabPlan {
  const gateway = '192.168.0.1';
  return {
    segments: [{ name: 'lan', controller: ['192.168.0.10/24'] }, { name: 'far' }],
    controllerGateway: gateway,
    hosts: [
      {
        name: 'router',
        kind: 'bare',
        nics: [
          { segment: 'lan', addresses: [`${gateway}/24`] },
          { segment: 'far', addresses: ['10.9.0.1/24'] },
        ],
        sysctls: { 'net.ipv4.ip_forward': 1 },
      },
      {
        name: 'client',
        kind: 'bare',
        nics: [{ segment: 'lan', addresses: ['192.168.0.50/24'] }],
        gateway,
      },
      {
        name: 'far',
        kind: 'bare',
        nics: [{ segment: 'far', addresses: ['10.9.0.2/24'] }],
        gateway: '10.9.0.1',
      },
      {
        name: 'xen1',
        nics: [{ segment: 'lan', addresses: ['192.168.0.100/24'] }],
        gateway,
        dom0: { antispoof },
      },
      {
        name: 'webserv',
        nics: [0, 1, 2].map((n) => ({
          vifOf: 'xen1',
          mac: `de:ad:be:ef:00:0${n}`,
          addresses: [`192.168.0.20${n}/24`],
        })),
        gateway,
      },
    ],
  };
}
