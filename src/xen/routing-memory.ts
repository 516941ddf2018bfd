import * as v from 'valibot';
import type { NetworkInterface } from '../host/query.ts';
import { parseIp } from '../inventory/address.ts';

/** An address that xpush keeps on the interface of a MAC. */
export interface OwnedAddress {
  readonly mac: string;
  readonly ip: string;
  readonly prefix: number;
}

/** What earlier runs wrote into a guest's kernel; both families. */
export interface OwnedRouting {
  readonly tables: readonly number[];
  readonly addresses: readonly OwnedAddress[];
}

export const nothingOwned: OwnedRouting = { tables: [], addresses: [] };

/** Highest id of a routing table that can be somebody's own (rt_tables). */
const lastTable = 252;

const most = 256;

const integer = (least: number, greatest: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(greatest));

/** How a guest remembers it: it is the guest's word, and no more is believed than could be ours. */
export const ownedRoutingSchema = v.object({
  tables: v.pipe(v.array(integer(1, lastTable)), v.maxLength(most)),
  addresses: v.pipe(
    v.array(
      v.object({
        mac: v.pipe(v.string(), v.regex(/^[\da-f]{2}(?::[\da-f]{2}){5}$/)),
        ip: v.pipe(
          v.string(),
          v.check((text) => parseIp(text) !== null),
        ),
        prefix: integer(1, 128),
      }),
    ),
    v.maxLength(most),
  ),
});

/** What both have, each once, in an order that depends on nothing else; null when that is nothing. */
export function mergeOwned(...parts: readonly OwnedRouting[]): OwnedRouting | null {
  const tables = [...new Set(parts.flatMap((part) => part.tables))].toSorted((a, b) => a - b);
  const addresses = new Map(
    parts.flatMap((part) => part.addresses).map((each) => [addressKey(each), each]),
  );
  if (tables.length === 0 && addresses.size === 0) return null;
  const sorted = [...addresses].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { tables, addresses: sorted.map(([, each]) => each) };
}

/** Whether an earlier run put the address on this interface. */
export function isOwned(
  { addresses }: OwnedRouting,
  { mac }: NetworkInterface,
  ip: string,
  prefix?: number,
): boolean {
  return addresses.some(
    (each) =>
      each.mac === mac && each.ip === ip && (prefix === undefined || each.prefix === prefix),
  );
}

const addressKey = ({ mac, ip, prefix }: OwnedAddress): string => `${mac} ${ip}/${prefix}`;
