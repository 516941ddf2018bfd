import {
  formatIp,
  type IpNetwork,
  lastIpOf,
  normalIp,
  parseIp,
  parseIpCidr,
} from '../inventory/address.ts';
import { netmask } from '../inventory/ipv4.ts';
import { isHook } from './interfaces-options.ts';

/** What the static stanzas of one interface and family come to. */
interface Meaning {
  /** As `192.0.2.5/24`, the main one first. */
  readonly addresses: readonly string[];
  readonly attributes: readonly string[];
  readonly commands: readonly string[];
}

/**
 * Whether the stanzas of an interface, its aliases' (`eth0:1`) included, come to the same as one with the
 * options that are wanted: attributes in any order and form, a second address by a command, a stanza of
 * its own or an alias; other commands in their order.
 *
 * @param said options of each stanza, the main one first, words parted by single spaces
 */
export function saysTheSame(
  said: readonly (readonly string[])[],
  wanted: readonly string[],
  iface: string,
): boolean {
  return (
    keyOf(said.map((options) => meaningOf(options, iface))) === keyOf([meaningOf(wanted, iface)])
  );
}

function keyOf(parts: readonly Meaning[]): string {
  const [first = '', ...more] = parts.flatMap(({ addresses }) => addresses);
  return JSON.stringify([
    first,
    more.toSorted(),
    parts.flatMap(({ attributes }) => attributes).toSorted(),
    parts.flatMap(({ commands }) => commands),
  ]);
}

function meaningOf(options: readonly string[], iface: string): Meaning {
  const said = new Map<string, string>();
  const others: string[] = [];
  const commands: string[] = [];
  for (const option of options) {
    const [key = '', value = '', ...more] = option.split(' ');
    if (isHook(option)) commands.push(option);
    else if (more.length > 0 || said.has(key)) others.push(option);
    else said.set(key, value);
  }
  const own = ownAddress(said.get('address') ?? '', said.get('netmask') ?? null);
  const network = own === null ? null : (parseIpCidr(own)?.network ?? null);
  const attributes = [...said].flatMap(([key, value]) => attribute(key, value, own, network));
  const added = commands.map((command) => addedAddress(command, iface));
  return {
    addresses: [...(own === null ? [] : [own]), ...added.flatMap((each) => each?.address ?? [])],
    attributes: [...attributes, ...others],
    commands: commands.filter((_, place) => added[place] === null),
  };
}

/** `address 192.0.2.5/24`, or `address 192.0.2.5` and `netmask` as old ifupdowns want it. */
function ownAddress(address: string, mask: string | null): string | null {
  const [ip = '', prefix = mask === null ? '' : `${prefixOf(mask)}`] = address.split('/');
  return ip === '' || prefix === '' ? null : `${normalIp(ip)}/${prefix}`;
}

const masks = new Map(Array.from({ length: 33 }, (_, prefix) => [netmask(prefix), `${prefix}`]));

const prefixOf = (mask: string): string => masks.get(mask) ?? mask;

/** What is left to say of an attribute; nothing of those that follow from the address, as installers write them. */
function attribute(
  key: string,
  value: string,
  own: string | null,
  network: IpNetwork | null,
): readonly string[] {
  if (own !== null && (key === 'address' || key === 'netmask')) return [];
  if (key === 'gateway') return [`gateway ${normalIp(value)}`];
  if (network?.family === 4) {
    if (key === 'network' && value === formatIp({ family: 4, number: network.first })) return [];
    if (key === 'broadcast' && (value === '+' || value === formatIp(lastIpOf(network)))) return [];
  }
  return [`${key} ${value}`];
}

/** `up ip addr add 192.0.2.6/24 dev eth0`, and what takes it away, which ifdown does without, too. */
const addressForm =
  /^(?:(?<up>(?:post-)?up) (?:\/s?bin\/)?ip (?:-[46] )?a(?:ddr(?:ess)?)? a(?:dd)?|(?:pre-|post-)?down (?:\/s?bin\/)?ip (?:-[46] )?a(?:ddr(?:ess)?)? d(?:el)?) (?<ip>[\da-fA-F.:]+)\/(?<prefix>\d{1,3})(?: (?:brd|broadcast) \S+)? dev (?<dev>\S+)(?: label \S+)?(?: 2>\s?\/dev\/null)?(?: \|\| (?:true|:))?$/;

function addedAddress(
  command: string,
  iface: string,
): { readonly address: readonly string[] } | null {
  const found = addressForm.exec(command)?.groups;
  const { up, ip = '', prefix, dev = '' } = found ?? {};
  if (found === undefined || parseIp(ip) === null) return null;
  if (![iface, '$IFACE', '"$IFACE"'].includes(dev)) return null;
  return { address: up === undefined ? [] : [`${normalIp(ip)}/${prefix}`] };
}
