import type { RunningDomain } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import { parseIp } from '../inventory/address.ts';
import { hostName } from '../inventory/name-rules.ts';
import type { Dom0Seen } from './dom0.ts';
import type { DomainFile } from './domain-file.ts';
import {
  type Draft,
  type DraftDom0,
  type DraftDomU,
  type DraftFirewall,
  noFirewall,
} from './draft.ts';
import { readForwardChain } from './forward-chain.ts';
import { addressOf, describeGuest, ipsOf } from './guest.ts';
import { readInside } from './inside.ts';
import { guessNetworks } from './networks.ts';
import { closedInOrder, hasOwnChains, readOwnChains } from './own-chains.ts';

/** A guest that a dom0's files name, before anybody looked into it. */
export interface FoundGuest {
  /** As the inventory will call it; no two are alike. */
  readonly name: string;
  readonly dom0: Dom0Seen;
  readonly dom0Name: string;
  readonly file: DomainFile;
  readonly running: RunningDomain | null;
  /** Where to look for it; null: nobody knows, or it does not run. */
  readonly address: string | null;
  readonly remarks: readonly string[];
}

/** What came of looking into a guest. */
export type Visit =
  | { readonly state: HostState; readonly isBehindDom0: boolean }
  | { readonly unreachable: string };

/** The dom0s' names in the inventory: as they were called, or by host name where that is an address. */
export function nameDom0s(dom0s: readonly Dom0Seen[]): ReadonlyMap<Dom0Seen, string> {
  const taken = new Set<string>(dom0s.map(({ argument }) => argument));
  return new Map(
    dom0s.map((dom0) => {
      const { argument, hostname } = dom0;
      const isAddress = parseIp(argument) !== null;
      if (!isAddress || hostName(hostname) !== null || taken.has(hostname)) return [dom0, argument];
      taken.add(hostname);
      return [dom0, hostname];
    }),
  );
}

/** The guests of all dom0s. */
export function findGuests(names: ReadonlyMap<Dom0Seen, string>): readonly FoundGuest[] {
  const taken = new Set(names.values());
  return [...names].flatMap(([dom0, dom0Name]) =>
    dom0.files.map((file): FoundGuest => {
      const running = dom0.running?.find(({ name }) => name === file.name) ?? null;
      const isOff = dom0.running !== null && running === null;
      const remarks = isOff ? ['does not run: nobody could look into it'] : [];
      const name = freeName(file.name, dom0Name, taken);
      taken.add(name);
      if (name !== file.name)
        remarks.push(`its domain is called ${file.name.slice(0, longestName)}`);
      const address = isOff ? null : addressOf(file, running);
      return { name, dom0, dom0Name, file, running, address, remarks };
    }),
  );
}

/** Nobody calls a guest more than this, and no host has a longer name. */
const longestName = 253;

/** A name that the inventory takes, and that is nobody else's. */
function freeName(wanted: string, dom0: string, taken: ReadonlySet<string>): string {
  const label =
    wanted
      .slice(0, longestName)
      .replace(/[^A-Za-z0-9.-]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '') || 'guest';
  const isGood = (name: string): boolean => hostName(name) === null && !taken.has(name);
  const found = [label, `${label}-${dom0.split('.')[0]}`].find(isGood);
  for (let number = 2; ; number += 1) {
    const name = found ?? `guest-${number}`;
    if (isGood(name)) return name;
  }
}

/** All that was seen, as an inventory. */
export function describeFleet(
  names: ReadonlyMap<Dom0Seen, string>,
  guests: readonly FoundGuest[],
  visits: ReadonlyMap<string, Visit>,
): Draft {
  const described = inOrderOfChains(guests).map((guest) => {
    const visit = visits.get(guest.name);
    const isUnreachable = visit !== undefined && 'unreachable' in visit;
    const seen = visit !== undefined && 'state' in visit ? visit : null;
    return describeGuest({
      ...guest,
      inside: seen === null ? null : readInside(seen.state),
      isBehindDom0: seen?.isBehindDom0 ?? false,
      remarks: isUnreachable
        ? [...guest.remarks, `nobody could look into it: ${visit.unreachable}`]
        : guest.remarks,
    });
  });
  const domUs = described.map(({ domU }) => domU);
  const filters = [...names].map(([dom0, name]) => readFilter(dom0, name, domUs));
  return {
    networks: guessNetworks(described.flatMap(({ addresses }) => addresses)),
    dom0s: [...names].map(([dom0, name], index) => describeDom0(dom0, name, filters[index])),
    domUs: domUs.map((domU) => {
      const filter = filters.find(({ dom0 }) => dom0 === domU.dom0);
      return { ...domU, allow: filter?.allow.get(domU.name) ?? null };
    }),
    remarks: [],
  };
}

/** The guests of a dom0 as its chains have them, if those are xpush's; the others behind them. */
function inOrderOfChains(guests: readonly FoundGuest[]): readonly FoundGuest[] {
  const dom0s = [...new Set(guests.map(({ dom0 }) => dom0))];
  return dom0s.flatMap((dom0) => {
    const order = [dom0.chains[4], dom0.chains[6]].flatMap(closedInOrder);
    const places = new Map(order.map((ip, place) => [ip, place]));
    const placeOf = ({ file }: FoundGuest): number =>
      (file.vifs ?? [])
        .flatMap(ipsOf)
        .reduce((least, ip) => Math.min(least, places.get(ip) ?? least), order.length);
    return guests
      .filter((guest) => guest.dom0 === dom0)
      .map((guest) => ({ guest, place: placeOf(guest) }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ guest }) => guest);
  });
}

interface Filter {
  readonly dom0: string;
  readonly allow: ReadonlyMap<string, NonNullable<DraftDomU['allow']>>;
  readonly firewall: DraftFirewall;
  readonly remarks: readonly string[];
}

function readFilter(
  seen: Dom0Seen,
  dom0: string,
  domUs: readonly Omit<DraftDomU, 'allow'>[],
): Filter {
  const guests = domUs
    .filter((domU) => domU.dom0 === dom0 && domU.vifs !== null)
    .map(({ name, vifs }) => ({ name, ips: (vifs ?? []).flatMap(({ ips }) => ips) }));
  const nothing = { dom0, allow: new Map(), firewall: noFirewall };
  const native = seen.nftRules > 0 ? ['its rules of nftables are not read: allow is left out'] : [];
  if (hasOwnChains(seen.chains[4]) || hasOwnChains(seen.chains[6])) {
    const read = readOwnChains(seen.chains, guests, seen.isPolicyOurs);
    return read === null
      ? { ...nothing, remarks: ["xpush's chains hold rules of others: allow is left out"] }
      : { dom0, ...read, remarks: native };
  }
  if (seen.chains[4] === null || native.length > 0) return { ...nothing, remarks: native };
  const { allow, remarks } = readForwardChain(seen.chains[4], guests, seen.uplink);
  return { dom0, allow, firewall: noFirewall, remarks };
}

function describeDom0(seen: Dom0Seen, name: string, filter: Filter | undefined): DraftDom0 {
  const version = /^\d{1,2}\.\d{1,2}(?:\.\d{1,2})?/.exec(seen.version ?? '')?.[0] ?? null;
  return {
    name,
    address: name === seen.argument ? null : seen.argument,
    uplink: seen.uplink,
    version,
    toolstack: seen.toolstack === 'xm' ? 'xm' : null,
    firewall: filter?.firewall ?? noFirewall,
    remarks: [...seen.remarks, ...(filter?.remarks ?? [])],
  };
}
