import type { Complaint } from '../source/complaint.ts';
import { quoted } from '../source/quoted.ts';
import {
  formatIpNetwork,
  holdsIp,
  type IpNetwork,
  normalIp,
  parseIp,
  parseIpCidr,
  parseIpNetwork,
} from './address.ts';
import { formatIpv4, parseIpv4 } from './ipv4.ts';

/** A rule for a kind of address: what is wrong with the text, or null. */
export type AddressRule = (text: string) => Complaint | null;

/** Blocks whose addresses are not those of one host in one network (RFC 6890, RFC 4291). */
const BLOCKS = [
  { network: '::ffff:0:0/96', kind: 'mapped' },
  { network: 'ff00::/8', kind: 'multicast' },
  { network: '224.0.0.0/4', kind: 'multicast' },
  { network: '::/128', kind: 'unspecified' },
  { network: '0.0.0.0/8', kind: 'unspecified' },
  { network: '::1/128', kind: 'loopback' },
  { network: '127.0.0.0/8', kind: 'loopback' },
  { network: 'fe80::/10', kind: 'link-local' },
] as const;

type Kind = (typeof BLOCKS)[number]['kind'];

const NOUNS: Readonly<Record<Kind, string>> = {
  mapped: 'an IPv4-mapped',
  multicast: 'a multicast',
  unspecified: 'an unspecified',
  loopback: 'a loopback',
  'link-local': 'a link-local',
};

const blocks = BLOCKS.flatMap(({ network, kind }) => {
  const parsed = parseIpNetwork(network);
  return parsed === null ? [] : [{ network: parsed, kind }];
});

/** The address of a vif: of one host, in a network, without a prefix length. */
export const vifAddress: AddressRule = (text) => addressRule(text, () => true);

/** The address of a router; one of IPv6 may be link-local, as most are. */
export const gatewayAddress: AddressRule = (text) =>
  addressRule(text, (kind) => kind !== 'link-local');

/** A network in CIDR form, without bits beyond its prefix. */
export const subnet: AddressRule = (text) => {
  const cidr = parseIpCidr(text);
  if (cidr === null) {
    const [name, example] = text.includes(':')
      ? ['IPv6', '2001:db8::/64']
      : ['IPv4', '192.168.0.0/24'];
    return complain(`${quoted(text)} is not an ${name} network`, `write it as ${example}`);
  }
  const { address, network } = cidr;
  return address.number === network.first
    ? badKind(text, network, 'network', () => true)
    : complain(
        `${quoted(text)} is not the beginning of a network`,
        `did you mean "${formatIpNetwork(network)}"?`,
      );
};

/** A network or an address that allow lists take: what dom0 may forward. */
export const forwardedNetwork: AddressRule = (text) => {
  const isNetwork = text.includes('/');
  const complaint = isNetwork ? wellFormed(text, subnet) : wellFormed(text, vifAddress);
  const network = parseIpNetwork(text);
  if (complaint !== null || network === null) return complaint;
  return badKind(text, network, isNetwork ? 'network' : 'address', () => network.family === 6);
};

/** The address of a host that a controller connects to. */
export const connectIp: AddressRule = (text) =>
  addressRule(text, (kind, network) => network.family === 6 && kind !== 'loopback');

type Refusal = (kind: Kind, network: IpNetwork) => boolean;

function addressRule(text: string, isRefused: Refusal): Complaint | null {
  const address = parseIp(text);
  return address === null
    ? notAnAddress(text, isRefused)
    : badKind(text, parseIpNetwork(text), 'address', isRefused);
}

/** What a rule says of the form of a text; null for all it says of its kind. */
function wellFormed(text: string, rule: AddressRule): Complaint | null {
  const cidr = parseIpCidr(text);
  const isWell =
    cidr === null ? parseIp(text) !== null : cidr.address.number === cidr.network.first;
  return isWell ? null : rule(text);
}

/** Refuses a network that lies in a block of its own kind. */
function badKind(
  text: string,
  network: IpNetwork | null,
  noun: 'address' | 'network',
  isRefused: Refusal,
): Complaint | null {
  if (network === null) return null;
  const { family, first, prefix } = network;
  const block = blocks.find(
    (each) => each.network.prefix <= prefix && holdsIp(each.network, { family, number: first }),
  );
  if (block === undefined || !isRefused(block.kind, network)) return null;
  const message = `${quoted(text)} is ${NOUNS[block.kind]} ${noun}`;
  if (block.kind === 'mapped') {
    const ipv4 = formatIpv4(Number(first & 0xffff_ffffn));
    return complain(message, `write ${noun === 'network' ? `${ipv4}/${prefix - 96}` : ipv4}`);
  }
  const hint =
    block.kind === 'link-local'
      ? 'every link has its own: write a global or unique local one'
      : null;
  return complain(message, hint);
}

function notAnAddress(text: string, isRefused: Refusal): Complaint {
  const [beforeSlash = ''] = text.split('/');
  if (text.includes('/') && parseIp(beforeSlash) !== null) {
    const message = `${quoted(text)} is a network, and an address is wanted`;
    return complain(message, `write ${beforeSlash}: its prefix length comes from the network`);
  }
  if (!text.includes(':')) {
    const what = /^[\d.]*$/.test(text) ? 'an IPv4 address' : 'an address';
    return complain(`${quoted(text)} is not ${what}`, octalHint(text));
  }
  const message = text.includes('%')
    ? `${quoted(text)} has a scope, which is another on every machine`
    : `${quoted(text)} is not an IPv6 address`;
  const bare = text.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/s, '');
  const isRight = parseIp(bare) !== null && addressRule(bare, isRefused) === null;
  return complain(message, isRight ? `write "${normalIp(bare)}"` : null);
}

function octalHint(text: string): string | null {
  const plain = text.replace(/(^|\.)0+(?=\d)/g, '$1');
  return plain !== text && parseIpv4(plain) !== null
    ? `write ${plain}: a leading zero means octal to some programs`
    : null;
}

function complain(message: string, hint: string | null): Complaint {
  return { message, hint };
}
