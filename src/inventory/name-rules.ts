import type { Complaint } from '../source/complaint.ts';
import { quoted } from '../source/quoted.ts';
import { connectIp } from './address-rules.ts';
import { parseIpv4 } from './ipv4.ts';

/** Groups that exist by themselves; hosts and groups of the user's cannot have these names. */
export const BUILT_IN_GROUPS: readonly string[] = ['all', 'dom0', 'domU'];

const LONGEST_IFACE = 15;
const LONGEST_HOST_NAME = 253;
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
// `all` and `default` are directories of net.ipv4.conf, `lo` is the loopback.
const RESERVED_IFACES = new Set(['all', 'default', 'lo', '.', '..']);
const RESERVED_TABLES = new Set(['local', 'main', 'default', 'unspec', 'all']);

/** A rule for a kind of name: what is wrong with the text, or null. */
export type NameRule = (text: string) => Complaint | null;

/** RFC 1123: labels of letters, digits and inner hyphens. */
export const hostName: NameRule = (text) => {
  const isName =
    text.length <= LONGEST_HOST_NAME && text.split('.').every((part) => LABEL.test(part));
  if (!isName || (isNumeric(text) && parseIpv4(text) === null)) {
    return complain(
      `${quoted(text)} is not a host name`,
      'use letters, digits and "-", with "." between labels (RFC 1123)',
    );
  }
  return reserved(text);
};

/** Names of groups, as patterns take them. */
export const groupName: NameRule = (text) =>
  /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(text)
    ? reserved(text)
    : complain(
        `${quoted(text)} is not a group name`,
        'use letters, digits, "_", "-" and ".", a letter first',
      );

/** Names of networks, as allow lists take them. */
export const networkName: NameRule = (text) =>
  /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(text)
    ? null
    : complain(
        `${quoted(text)} is not a network name`,
        'use letters, digits, "_", "-" and ".", a letter first',
      );

/** Names of variables, as templates take them. */
export const variableName: NameRule = (text) =>
  /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(text)
    ? null
    : complain(
        `${quoted(text)} is not a variable name`,
        'use letters, digits and "_", a letter first',
      );

/** An interface as the kernel and our commands take it. */
export const ifaceName: NameRule = (text) => {
  if (text.length > LONGEST_IFACE) {
    const message = `${quoted(text)} has ${text.length} characters, and an interface name at most ${LONGEST_IFACE}`;
    return complain(message, null);
  }
  if (RESERVED_IFACES.has(text))
    return complain(`${quoted(text)} is reserved and names no interface`, null);
  return /^[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*$/.test(text)
    ? null
    : complain(
        `${quoted(text)} is not an interface name`,
        'use letters, digits, "_", "." and "-", such as eth0',
      );
};

/** A name for /etc/iproute2/rt_tables. */
export const tableName: NameRule = (text) => {
  if (RESERVED_TABLES.has(text)) return complain(`${quoted(text)} is a reserved table name`, null);
  return /^[A-Za-z_][A-Za-z0-9_.-]{0,30}$/.test(text)
    ? null
    : complain(
        `${quoted(text)} is not a table name`,
        'use letters, digits, "_", "." and "-", a letter first',
      );
};

/** The MAC of one interface: six pairs with colons, unicast. */
export const macAddress: NameRule = (text) => {
  if (!/^[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}$/.test(text)) {
    return complain(
      `${quoted(text)} is not a MAC address`,
      'write six pairs of hex digits: "00:16:3e:12:34:56"',
    );
  }
  if (Number.parseInt(text.slice(0, 2), 16) % 2 === 1) {
    return complain(`${quoted(text)} is a multicast MAC address`, 'the first pair must be even');
  }
  return /^[0:]+$/.test(text)
    ? complain(`${quoted(text)} is not the MAC address of an interface`, null)
    : null;
};

/** What a controller can connect to: an address or a DNS name. */
export const connectAddress: NameRule = (text) =>
  text.includes(':') || text.includes('/') || isNumeric(text) ? connectIp(text) : hostName(text);

/** Says that a later version may have it, and what to write in this one. */
export function notSupported(what: string, instead: string): Complaint {
  return complain(`${what} is not supported by xpush 0.1`, instead);
}

/** Whether a name has the form of an address: its last label is a number. */
export function isNumeric(text: string): boolean {
  return /^\d+$/.test(text.slice(text.lastIndexOf('.') + 1));
}

function reserved(text: string): Complaint | null {
  return BUILT_IN_GROUPS.includes(text)
    ? complain(`${quoted(text)} is reserved: it names a built-in group`, 'choose another name')
    : null;
}

function complain(message: string, hint: string | null): Complaint {
  return { message, hint };
}
