import type { NetworkInterface } from '../host/query.ts';
import { familyOf } from '../inventory/address.ts';
import type { DomU, Family } from '../inventory/model.ts';
import type { LiveVif } from './live-vif.ts';
import type { InterfaceAddress } from './routing.ts';
import { isOwned, type OwnedAddress, type OwnedRouting } from './routing-memory.ts';
import { isRouted, sideOf } from './vif-side.ts';

/** What is known of how the run reached the guest, and of what it may do there. */
export interface Circumstances {
  readonly family: Family;
  readonly owned: OwnedRouting;
  /** The guest's own address that the session came in by; null when the host does not tell. */
  readonly arrival: string | null;
}

export interface AddressPlan {
  readonly additions: readonly InterfaceAddress[];
  /** The first of a network comes last: the fewer others are left to take its place. */
  readonly removals: readonly InterfaceAddress[];
  /** Addresses that stay as they are for now, and with them the rules for them. */
  readonly staying: ReadonlySet<string>;
  /** Interfaces that have, or come to have, an address that belongs there. */
  readonly carriers: ReadonlySet<string>;
  readonly owned: readonly OwnedAddress[];
  readonly pending: readonly string[];
}

interface Place {
  readonly link: NetworkInterface;
  readonly ip: string;
  readonly prefix: number;
}

interface Wanted {
  readonly live: LiveVif;
  readonly ip: string;
  readonly prefix: number;
}

/**
 * Which addresses come and which go. What is elsewhere than it should be moves at once only where dom0
 * follows: vif-route sends an IPv4 address to the vif that it was created for, so there it works where
 * it is until the guest is created anew - unless an earlier run had it where it belongs. The address
 * that the session came in by is proven to work, and never touched.
 */
export function planAddresses(
  domU: DomU,
  live: readonly LiveVif[],
  interfaces: readonly NetworkInterface[],
  circumstances: Circumstances,
): AddressPlan {
  const { family, owned, arrival } = circumstances;
  const present = placesOf(interfaces, family);
  const wanted = live.flatMap((each): Wanted[] => {
    const side = sideOf(each.vif, family);
    return (side?.ips ?? []).map((ip) => ({ live: each, ip, prefix: side?.prefix ?? 0 }));
  });
  const staying = new Set<string>();
  const pending: string[] = [];
  const isHere = ({ live: { link }, ip, prefix }: Wanted): boolean =>
    present.some((each) => each.link === link && each.ip === ip && each.prefix === prefix);

  const additions = wanted.filter((each) => {
    const { link, vif } = each.live;
    if (isHere(each)) return false;
    const elsewhere = present.find(
      (other) => other.ip === each.ip && other.link !== link && other.link.isUp,
    );
    if (elsewhere === undefined) return link?.isUp === true;
    if (link?.isUp === false) {
      staying.add(each.ip);
      return false;
    }
    if (link !== null && mayMove(each, elsewhere)) return true;
    staying.add(each.ip);
    pending.push(
      `${each.ip} moves from ${elsewhere.link.name} to ${link?.name ?? vif.iface} when ${domU.name} is next created`,
    );
    return false;
  });

  const extra = present.filter(
    (each) =>
      !staying.has(each.ip) &&
      !wanted.some(
        ({ live: { link }, ip, prefix }) =>
          link === each.link && ip === each.ip && prefix === each.prefix,
      ) &&
      isOurs(each),
  );
  const removals = extra.toReversed().filter((each) => {
    const isKept = wanted.some(({ live: { link }, ip }) => link === each.link && ip === each.ip);
    if (isKept || (arrival !== null && arrival !== each.ip)) return true;
    staying.add(each.ip);
    pending.push(
      arrival === null
        ? `${each.ip} stays on ${each.link.name}: by which address this session came in is not known`
        : `${each.ip} stays on ${each.link.name}, since this session came in by it; it goes when one comes in by another`,
    );
    return false;
  });
  const placed = [...wanted.filter(isHere), ...additions];
  return {
    additions: additions.flatMap(({ live: { link }, ip, prefix }) =>
      link === null ? [] : [{ iface: link.name, ip, prefix }],
    ),
    removals: removals.map(({ link, ip, prefix }) => ({ iface: link.name, ip, prefix })),
    staying,
    carriers: new Set(
      placed.flatMap(({ live: { link } }) => (link?.isUp === true ? [link.name] : [])),
    ),
    owned: [
      ...placed.map(({ live: { vif }, ip, prefix }) => ({ mac: vif.mac, ip, prefix })),
      ...present
        .filter(
          (each) => !removals.includes(each) && isOwned(owned, each.link, each.ip, each.prefix),
        )
        .flatMap(({ link: { mac }, ip, prefix }) => (mac === null ? [] : [{ mac, ip, prefix }])),
    ],
    pending,
  };

  function mayMove({ live: { vif, link }, ip }: Wanted, from: Place): boolean {
    if (link === null || arrival === null || arrival === ip) return false;
    const dom0Follows = family === 6 || !isRouted(vif);
    return isOwned(owned, link, ip) || (dom0Follows && isOurs(from));
  }

  function isOurs({ link, ip, prefix }: Place): boolean {
    return (
      isOwned(owned, link, ip, prefix) ||
      (live.some((each) => each.link === link) && wanted.some((each) => each.ip === ip))
    );
  }
}

function placesOf(interfaces: readonly NetworkInterface[], family: Family): readonly Place[] {
  return interfaces.flatMap((link) =>
    link.name === 'lo'
      ? []
      : link.addresses
          .filter(({ ip }) => familyOf(ip) === family)
          .map(({ ip, prefix }) => ({ link, ip, prefix })),
  );
}
