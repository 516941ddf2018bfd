import type { TcpProbe } from '../connection/probe-tcp.ts';
import type { Allow, Dom0, DomU } from '../inventory/model.ts';
import { admits, openingsOf } from '../inventory/openings.ts';
import { localPortFor } from '../inventory/port-ranges.ts';

/** The machine that probes. */
export interface Prober {
  /** The address that a guest's address sees of it; null: that of another machine, or there is no way. */
  readonly sourceTo: (address: string) => string | null;
  /** Whether it may use source ports below 1024. */
  readonly isRoot: boolean;
}

/** A range of more ports is one of which few are used. */
const smallRange = 16;

const sshPort = 22;

/**
 * The TCP ports that the inventory opens to this machine at each address of a guest: single ones, and the
 * first of small ranges. Of a guest that is not filtered, that of its SSH.
 */
export function openPorts(guest: DomU, dom0: Dom0, prober: Prober): readonly TcpProbe[] {
  return guest.vifs
    .flatMap(({ ips }) => ips)
    .flatMap((address): readonly TcpProbe[] => {
      const source = prober.sourceTo(address);
      if (source === null) return [];
      if (guest.allow === null) {
        return [{ address, port: guest.ssh.port ?? sshPort, localPort: null }];
      }
      return openingsOf(address, guest, dom0)
        .filter(({ from }) => admits(from, source))
        .flatMap((entry) => probesOf(entry, address, prober.isRoot));
    });
}

function probesOf(
  { ports, fromPorts }: Allow,
  address: string,
  isRoot: boolean,
): readonly TcpProbe[] {
  const localPort = localPortFor(fromPorts, isRoot);
  if (localPort === 'privileged') return [];
  return ports
    .filter(({ first, last }) => last - first < smallRange)
    .map(({ first }) => ({ address, port: first, localPort }));
}

/** So many of them at most, in turns; each once. */
export function spread<Item>(
  lists: readonly (readonly Item[])[],
  most: number,
  keyOf: (item: Item) => string,
): readonly Item[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  const chosen = new Map<string, Item>();
  for (let place = 0; place < longest; place += 1) {
    for (const list of lists) {
      const item = list[place];
      if (chosen.size >= most) return [...chosen.values()];
      if (item !== undefined && !chosen.has(keyOf(item))) chosen.set(keyOf(item), item);
    }
  }
  return [...chosen.values()];
}
