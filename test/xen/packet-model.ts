import { holds } from '../../src/xen/firewall-address.ts';

export interface Packet {
  readonly src: string;
  readonly dst: string;
  readonly iif: string;
  readonly oif: string;
  readonly proto: 'tcp' | 'udp' | 'icmp';
  readonly sport: number;
  readonly dport: number;
  readonly icmpType: string;
  /** Whether dom0 would answer its sender by another interface. */
  readonly isAstray: boolean;
  /** SYN alone of SYN, ACK, FIN, RST. */
  readonly isSyn: boolean;
  readonly state: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID';
}

type Verdict = 'ACCEPT' | 'DROP' | 'RETURN';

/** What iptables does with a packet, for the words that our rules are made of; throws on others. */
export function verdict(
  chains: ReadonlyMap<string, readonly string[]>,
  name: string,
  packet: Packet,
): Verdict {
  for (const rule of chains.get(name) ?? []) {
    const target = matchedTarget(rule, packet);
    if (target === null || target === 'LOG') continue;
    if (target === 'ACCEPT' || target === 'DROP' || target === 'RETURN') return target;
    const result = verdict(chains, target, packet);
    if (result !== 'RETURN') return result;
  }
  return 'RETURN';
}

/** Each word with how it is compared; those that compare nothing hold for every packet. */
const matches: Readonly<Record<string, (packet: Packet, value: string) => boolean>> = {
  '-s': (packet, value) => isIn(packet.src, value),
  '-d': (packet, value) => isIn(packet.dst, value),
  '-i': (packet, value) =>
    value.endsWith('+') ? packet.iif.startsWith(value.slice(0, -1)) : packet.iif === value,
  '-o': (packet, value) => packet.oif === value,
  '-p': (packet, value) => packet.proto === value.replace('ipv6-icmp', 'icmp'),
  '--sport': (packet, value) => hasPort(packet.sport, value),
  '--sports': (packet, value) => hasPort(packet.sport, value),
  '--dport': (packet, value) => hasPort(packet.dport, value),
  '--dports': (packet, value) => hasPort(packet.dport, value),
  '--tcp-flags': (packet) => packet.isSyn,
  '--ctstate': (packet, value) => value.split(',').includes(packet.state),
  '--icmp-type': (packet, value) => packet.icmpType === value,
  '--icmpv6-type': (packet, value) => packet.icmpType === value,
  '--invert': (packet) => packet.isAstray,
  '--comment': () => true,
  '--limit': () => true,
  '-m': () => true,
};

function matchedTarget(rule: string, packet: Packet): string | null {
  const words = rule.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  let place = 0;
  let isMatch = true;
  for (;;) {
    const word = words[place];
    const value = words[place + 1] ?? '';
    if (word === '-j') return isMatch ? value : null;
    const match = matches[word ?? ''];
    if (match === undefined) throw new Error(`unknown word ${word} in ${rule}`);
    isMatch = match(packet, value) && isMatch;
    place += word === '--tcp-flags' ? 3 : word === '--invert' ? 1 : 2;
  }
}

function isIn(address: string, network: string): boolean {
  return holds(network, address);
}

const hasPort = (port: number, list: string): boolean =>
  list.split(',').some((item) => {
    const [first, last = first] = item.split(':').map(Number);
    return first !== undefined && last !== undefined && first <= port && port <= last;
  });
