import type { NetworkInterface, Route, RunningDomain, RunningVif } from '../host/query.ts';
import { familyOf, parseIp } from '../inventory/address.ts';
import { type VifEntry, vifEntryMac } from '../xen/vif-entry.ts';
import type { Dom0Seen } from './dom0.ts';
import type { DomainFile } from './domain-file.ts';
import type { DraftDomU, DraftVif } from './draft.ts';
import type { Inside } from './inside.ts';
import { type AddressSeen, gatewaysOf } from './networks.ts';

/** A guest, from outside and, where it could be reached, from inside. */
export interface GuestSeen {
  /** As the inventory will call it. */
  readonly name: string;
  readonly dom0: Dom0Seen;
  readonly dom0Name: string;
  readonly file: DomainFile;
  readonly running: RunningDomain | null;
  readonly inside: Inside | null;
  readonly isBehindDom0: boolean;
  readonly remarks: readonly string[];
}

/** A guest of the inventory, and what its addresses tell of networks. */
export interface DescribedGuest {
  readonly domU: Omit<DraftDomU, 'allow'>;
  readonly addresses: readonly AddressSeen[];
}

/** Where a guest is looked for: the first of its addresses, as its vif list or its vifs have them. */
export function addressOf(file: DomainFile, running: RunningDomain | null): string | null {
  const listed = (file.vifs ?? []).flatMap(ipsOf);
  const live = (running?.vifs ?? []).flatMap(({ ips }) => ips);
  return [...listed, ...live].find((ip) => isIp(ip)) ?? null;
}

/** Describes a guest as its files and its interfaces are. */
export function describeGuest(seen: GuestSeen): DescribedGuest {
  const { name, dom0Name, file, running, inside } = seen;
  const remarks = [...file.problems, ...seen.remarks];
  const parts = (file.vifs ?? []).map((entry, index) => readVif(entry, index, seen, remarks));
  const homeless = parts.flatMap(({ vif }, index) => (vif.ips.length === 0 ? [index] : []));
  if (homeless.length > 0) {
    const which = homeless.length === 1 ? `vif ${homeless[0]}` : `vifs ${homeless.join(', ')}`;
    remarks.push(`no address of ${which} is known: its vif list is left alone`);
  }
  const isDescribed = file.vifs !== null && homeless.length === 0 && parts.length > 0;
  const macs = parts.flatMap(({ vif }) => vif.mac?.toLowerCase() ?? []);
  const address = addressOf(file, running);
  return {
    domU: {
      name,
      dom0: dom0Name,
      address: isDescribed ? null : address,
      isBehindDom0: seen.isBehindDom0,
      config: file.path === `/etc/xen/${name}.cfg` ? null : file.path,
      vifs: isDescribed ? parts.map(({ vif }) => vif) : null,
      names: isDescribed ? (inside?.namesOf(macs) ?? null) : null,
      networkConfig: isDescribed ? (inside?.networkConfig ?? null) : null,
      remarks,
    },
    addresses: isDescribed ? parts.flatMap(({ addresses }) => addresses) : [],
  };
}

function readVif(
  entry: VifEntry,
  index: number,
  seen: GuestSeen,
  remarks: string[],
): { readonly vif: DraftVif; readonly addresses: readonly AddressSeen[] } {
  const { dom0, inside } = seen;
  const running = seen.running?.vifs.find(({ handle }) => handle === index) ?? null;
  const mac = vifEntryMac(entry) ?? (running?.mac || null);
  const link = inside?.interfaces.find((each) => mac !== null && each.mac === mac) ?? null;
  const script = scriptName(entry.get('script') ?? running?.script ?? dom0.script);
  const isRouted = script === 'vif-route';
  const listed = ipsOf(entry).filter(isIp);
  for (const text of ipsOf(entry)) {
    if (!isIp(text)) remarks.push(`vif ${index}: ${text} is no address`);
  }
  if (mac === null) remarks.push(`vif ${index} has no MAC: it gets the one that xpush derives`);
  if (inside !== null && link === null) {
    remarks.push(`vif ${index}: the guest has no interface with the MAC ${mac ?? '(none)'}`);
  }
  const ips = [...listed, ...innerAddresses(listed, isRouted, link, running, dom0)];
  const unlisted = (link?.addresses ?? []).filter(
    ({ ip }) => familyOf(ip) === 4 && !ips.includes(ip),
  );
  for (const { ip } of unlisted) {
    remarks.push(`${link?.name} has the address ${ip}, which the vif list does not let through`);
  }
  const iface = link?.name ?? null;
  const ofGuest = (inside?.routes ?? []).filter((route) => route.dev === iface);
  const gateways = [...gatewaysOf(ofGuest), ...gatewaysOf(dom0.routes)];
  return {
    vif: {
      iface: iface === `eth${index}` ? null : iface,
      mac,
      ips,
      table: tableOf(ips, iface ?? `eth${index}`, index, inside),
      script: isRouted ? null : script,
      bridge: entry.get('bridge') ?? null,
      vifname: entry.get('vifname') ?? null,
      gatewaydev: gatewaydevOf(entry, isRouted, dom0),
      rate: entry.get('rate') ?? null,
      model: entry.get('model') ?? null,
    },
    addresses: ips.map((ip) => ({
      ip,
      prefix: link?.addresses.find((each) => each.ip === ip)?.prefix ?? null,
      gateways,
      dom0,
    })),
  };
}

/**
 * Addresses that a vif list does not tell: those of IPv6, which dom0 routes to the vif, or which the
 * guest has on a bridge; of IPv4 only where the list has none.
 */
function innerAddresses(
  listed: readonly string[],
  isRouted: boolean,
  link: NetworkInterface | null,
  running: RunningVif | null,
  dom0: Dom0Seen,
): readonly string[] {
  if (link === null) return [];
  const device = running?.device ?? null;
  return link.addresses
    .filter(({ ip }) => {
      if (familyOf(ip) === 4) return listed.length === 0 && !isRouted;
      return isRouted
        ? dom0.routes.some((route) => isRouteTo(route, ip, device))
        : !isSelfMade(ip, link.mac);
    })
    .map(({ ip }) => ip);
}

function isRouteTo({ destination, dev }: Route, ip: string, device: string | null): boolean {
  return destination === `${ip}/128` && (device === null ? /^vif/.test(dev ?? '') : dev === device);
}

/** Whether a router made the guest have it: its end is the MAC (RFC 4291, appendix A). */
function isSelfMade(ip: string, mac: string | null): boolean {
  const [, third = '', fourth = ''] = /^(?:..:){2}(..):(..):/.exec(mac ?? '') ?? [];
  const middle = `${third}ff:fe${fourth}:`.replace(/^0+/, '');
  return third !== '' && ip.includes(`:${middle}`);
}

/** The routing table of rules that look its addresses up; null: by its place, as xpush has it. */
function tableOf(
  ips: readonly string[],
  iface: string,
  index: number,
  inside: Inside | null,
): DraftVif['table'] {
  const tables = new Set(
    (inside?.rules ?? [])
      .filter(({ from }) => ips.includes(from.replace(/\/32$/, '')))
      .flatMap(({ table }) => (table >= 1 && table <= 252 ? [table] : [])),
  );
  const [id] = tables;
  if (id === undefined || tables.size > 1) return null;
  const name = inside?.tables.get(id) ?? null;
  const last = ips
    .find((ip) => familyOf(ip) === 4)
    ?.split('.')
    .at(-1);
  const isUsual = name === null || name === `${iface}-${last}`;
  if (id === 16 + index && isUsual) return null;
  return { id, name: isUsual ? null : name };
}

function gatewaydevOf(entry: VifEntry, isRouted: boolean, dom0: Dom0Seen): string | null {
  const written = entry.get('gatewaydev') ?? null;
  const usual = isRouted && dom0.uplink !== 'eth0' ? dom0.uplink : null;
  return written === usual ? null : written;
}

function scriptName(script: string): string {
  return script.replace(/^\/etc\/xen\/scripts\//, '');
}

/** Of a value in xenstore, where a vif's addresses go (xs_wire.h, XENSTORE_PAYLOAD_MAX). */
const longestValue = 4096;

/** The addresses that an entry of a vif list names, unchecked; none where no guest could be created so. */
export function ipsOf(entry: VifEntry): readonly string[] {
  const text = entry.get('ip') ?? '';
  return text.length > longestValue ? [] : text.split(/\s+/).filter((ip) => ip !== '');
}

function isIp(text: string): boolean {
  return parseIp(text) !== null;
}
