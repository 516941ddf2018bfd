import type { DomU, Vif } from '../inventory/model.ts';
import { gatewayFor, type Net } from './address-space.ts';
import { installedInterfaces } from './installed-files.ts';
import type { LabHostPlan, LabNic } from './plan.ts';

/** dom0's end of every vif, whose MAC is fe:ff:ff:ff:ff:ff (RFC 4291, appendix A). */
const dom0OnVif = 'fe80::fcff:ffff:feff:ffff';

/** Whether a vif is on dom0's network itself, by a bridge. */
export function isBridged({ bridge, script }: Vif): boolean {
  return bridge !== null || script.split('/').at(-1) === 'vif-bridge';
}

/**
 * A guest as its installer left it: every address is up, an IPv6 address of a routed vif without its
 * network, and a default route of IPv4. One of IPv6 only where the guest could not be reached without it.
 */
export function guestPlan(
  guest: DomU,
  wire: string,
  nets: readonly Net[],
  rpFilter: number,
): LabHostPlan {
  const { name, vifs } = guest;
  const main = vifs.find(({ ipv4 }) => ipv4 !== null);
  const gateway = gatewayFor(main?.ips ?? [], 4, nets);
  const main6 = ipv6Default(vifs, nets);
  const isFirst = main === undefined || main === vifs[0];
  const routes = [
    ...(gateway === undefined || isFirst ? [] : [`default via ${gateway} dev ${main?.iface}`]),
    ...(main6 === null ? [] : [`::/0 via ${main6.gateway} dev ${main6.vif.iface}`]),
  ];
  const interfaces = installedInterfaces(guest, {
    ipv4: isFirst ? (gateway ?? null) : null,
    ipv6: main6?.vif === vifs[0] ? (main6?.gateway ?? null) : null,
    isOnLink: vifs.slice(0, 1).some(isBridged),
  });
  return {
    name,
    nics: vifs.map((vif) => guestNic(vif, guest.dom0, wire)),
    ...(gateway !== undefined && isFirst ? { gateway } : {}),
    ...(routes.length === 0 ? {} : { routes }),
    sysctls: { 'net.ipv4.conf.all.rp_filter': rpFilter },
    files: { '/etc/network/interfaces': interfaces },
  };
}

/** The vif with the default route of IPv6: the first that is bridged to a gateway, else any if there is no IPv4. */
function ipv6Default(
  vifs: readonly Vif[],
  nets: readonly Net[],
): { readonly vif: Vif; readonly gateway: string } | null {
  for (const vif of vifs.filter(isBridged)) {
    const gateway = gatewayFor(vif.ips, 6, nets);
    if (gateway !== undefined) return { vif, gateway };
  }
  const vif = vifs.find(({ ipv6 }) => ipv6 !== null);
  const isAlone = vifs.every(({ ipv4 }) => ipv4 === null);
  return vif !== undefined && isAlone ? { vif, gateway: dom0OnVif } : null;
}

function guestNic(vif: Vif, dom0: string, wire: string): LabNic {
  const { iface, mac, ips, ipv4, ipv6 } = vif;
  const hostOnly = !isBridged(vif);
  const addresses = ips.map((ip) => {
    const prefix = ip.includes(':') ? (hostOnly ? 128 : (ipv6?.prefix ?? 128)) : ipv4?.prefix;
    return `${ip}/${prefix ?? 32}`;
  });
  return hostOnly
    ? { vifOf: dom0, iface, mac, addresses }
    : { segment: wire, iface, mac, addresses };
}
