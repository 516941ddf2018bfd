import * as v from 'valibot';
import type { Route } from '../host/query.ts';
import type { Dom0, DomU, Vif } from '../inventory/model.ts';
import { isRouted } from './vif-side.ts';

/** A kernel parameter by its sysctl(8) name. */
export interface KernelParameter {
  readonly name: string;
  readonly value: string;
}

/** A parameter that an earlier run set, and what it was before. */
export interface FormerParameter extends KernelParameter {
  readonly before: string;
}

const number = v.pipe(v.string(), v.regex(/^-?\d{1,10}$/));

/** How a dom0 remembers it: its own word, and only what a dom0 may need is ever asked of it. */
export const formerParametersSchema = v.pipe(
  v.array(v.object({ name: v.string(), value: number, before: number })),
  v.maxLength(256),
);

/** Where procps and systemd read it at boot (sysctl.d(5)). */
export const sysctlDirectory = '/etc/sysctl.d';

export const sysctlFilePath = `${sysctlDirectory}/60-xpush.conf`;

/** Where a task with a parameter of its own writes it. */
export const ownSysctlFilePath = (name: string): string =>
  `${sysctlDirectory}/60-xpush-${name.replaceAll('/', '.')}.conf`;

const firstLine = '# Written by xpush. Changes here are overwritten.\n';

/** Whether a file of `sysctlDirectory` is one of these. */
export function isOwnSysctlFile(path: string, content: string): boolean {
  return path.startsWith(`${sysctlDirectory}/60-xpush`) && content.startsWith(firstLine);
}

/**
 * What a dom0 needs to route for its guests: forwarding, and answers for them on the side of the networks
 * (the uplink, or the `gatewaydev` of a vif) by ARP and, for IPv6, neighbour discovery. `vif-route` sets
 * up the vifs' own side; nothing of it is needed where all vifs are bridged. A kernel that forwards IPv6
 * forgets what routers advertise to it, so `advertised` (see `needsAdvertisements`) comes first.
 */
export function kernelParameters(
  dom0: Dom0,
  guests: readonly DomU[],
  advertised: readonly string[] = [],
): readonly KernelParameter[] {
  const routed = guests.flatMap((guest) => guest.vifs).filter(isRouted);
  const ipv4 = uplinksOf(
    dom0,
    routed.filter((vif) => vif.ipv4 !== null),
  );
  const ipv6 = uplinksOf(
    dom0,
    routed.filter((vif) => vif.ipv6 !== null),
  );
  const on = (name: string) => ({ name, value: '1' });
  return [
    ...(ipv4.length === 0 ? [] : [on(forwarding4)]),
    ...ipv4.map((uplink) => on(ofInterface(4, uplink, 'proxy_arp'))),
    ...ipv6
      .filter((uplink) => advertised.includes(uplink))
      .map((uplink) => ({ name: ofInterface(6, uplink, 'accept_ra'), value: '2' })),
    ...(ipv6.length === 0 ? [] : [on(forwarding6)]),
    ...ipv6.map((uplink) => on(ofInterface(6, uplink, 'proxy_ndp'))),
  ];
}

/** Names of all that a dom0 may have been given for its guests. */
export function possibleParameters(dom0: Dom0, guests: readonly DomU[]): readonly string[] {
  const vifs = guests.flatMap((guest) => guest.vifs).filter(isRouted);
  const uplinks = new Set([dom0.uplink, ...uplinksOf(dom0, vifs)]);
  return [
    forwarding4,
    forwarding6,
    ...[...uplinks].flatMap((uplink) => [
      ofInterface(4, uplink, 'proxy_arp'),
      ofInterface(6, uplink, 'accept_ra'),
      ofInterface(6, uplink, 'proxy_ndp'),
    ]),
  ];
}

/**
 * Uplinks that would lose their default route once the kernel forwards IPv6: it learned that route from a
 * router's advertisements (accept_ra is 1), or we have seen to it before (ip-sysctl, accept_ra).
 */
export function needsAdvertisements(
  uplinks: readonly string[],
  routes: readonly Route[],
  live: ReadonlyMap<string, string | null>,
  bootFile: string,
): readonly string[] {
  return uplinks.filter((uplink) => {
    const name = ofInterface(6, uplink, 'accept_ra');
    const isLearned = routes.some(
      ({ dev, destination, rest }) =>
        dev === uplink && destination === '::/0' && /\bproto ra\b/.test(rest),
    );
    return bootFile.split('\n').includes(`${name} = 2`) || (isLearned && live.get(name) === '1');
  });
}

/** Interfaces on which a dom0 answers for IPv6 addresses of its guests. */
export function ipv6Uplinks(dom0: Dom0, guests: readonly DomU[]): readonly string[] {
  const vifs = guests.flatMap((guest) => guest.vifs);
  return uplinksOf(
    dom0,
    vifs.filter((vif) => isRouted(vif) && vif.ipv6 !== null),
  );
}

/** The file that sets the parameters at boot. */
export function sysctlFile(parameters: readonly KernelParameter[]): string {
  return `${firstLine}${parameters.map(({ name, value }) => `${name} = ${value}\n`).join('')}`;
}

const forwarding4 = 'net.ipv4.ip_forward';
const forwarding6 = 'net.ipv6.conf.all.forwarding';

/** A dot in an interface's name is written `/` (sysctl(8)). */
const ofInterface = (family: 4 | 6, iface: string, name: string): string =>
  `net.ipv${family}.conf.${iface.replaceAll('.', '/')}.${name}`;

function uplinksOf(dom0: Dom0, vifs: readonly Vif[]): readonly string[] {
  return [...new Set(vifs.map((vif) => vif.gatewaydev ?? dom0.uplink))];
}
