import type { NetworkInterface } from './query.ts';

/**
 * Parses `ip addr show` (iproute2, with -N or not, and busybox): links with their addresses, in its
 * order. Ethernet is type 1 (if_arp.h), global scope 0 (rtnetlink(7)). Of IPv6
 * those of global scope, without the temporary ones that the kernel makes up (RFC 8981).
 * A name such as `eth0@if5` is `eth0`.
 */
export function parseInterfaces(text: string): NetworkInterface[] {
  return text
    .split(/^(?=\d+: )/m)
    .map(parseInterface)
    .filter((parsed) => parsed !== null);
}

function parseInterface(text: string): NetworkInterface | null {
  const link = /^\d+: ([^:@\s]+)(?:@\S+)?: <([^>\n]*)>/.exec(text);
  if (link?.[1] === undefined || link[2] === undefined) return null;
  const mac = /^[ \t]+link\/(?:ether|\[1\]) ([\da-f:]{17})\b/im.exec(text)?.[1];
  return {
    name: link[1],
    mac: mac?.toLowerCase() ?? null,
    isUp: link[2].split(',').includes('UP'),
    addresses: text
      .split('\n')
      .map(parseAddress)
      .filter((parsed) => parsed !== null),
  };
}

const lineOf4 = /^[ \t]+inet ([\d.]+)(?: peer [\d.]+)?(?:\/(\d+))?(?=\s|$)/;
const lineOf6 = /^[ \t]+inet6 ([\da-f:.]+)(?: peer [\da-f:.]+)?(?:\/(\d+))?(?=\s|$)(.*)$/i;

function parseAddress(line: string): NetworkInterface['addresses'][number] | null {
  const [, ip4, prefix4 = '32'] = lineOf4.exec(line) ?? [];
  if (ip4 !== undefined) return { ip: ip4, prefix: Number(prefix4) };
  const [, ip6, prefix6 = '128', words = ''] = lineOf6.exec(line) ?? [];
  // busybox says `secondary` for the flag that is `temporary` of IPv6
  const isMeant =
    / scope (?:global|0)(?=\s|$)/.test(words) && !/ (temporary|secondary)\b/.test(words);
  return ip6 === undefined || !isMeant ? null : { ip: ip6, prefix: Number(prefix6) };
}
