import type { NetworkInterface } from './query.ts';

/**
 * Parses `ip addr show` (iproute2 and busybox): links with their IPv4 addresses, in its order.
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
  const mac = /^[ \t]+link\/ether ([\da-f:]{17})\b/im.exec(text)?.[1];
  const addresses = text.matchAll(/^[ \t]+inet ([\d.]+)(?: peer [\d.]+)?(?:\/(\d+))?(?=\s|$)/gm);
  return {
    name: link[1],
    mac: mac?.toLowerCase() ?? null,
    isUp: link[2].split(',').includes('UP'),
    addresses: [...addresses].map(([, ip = '', prefix = '32']) => ({
      ip,
      prefix: Number(prefix),
    })),
  };
}
