import type { Hub } from './hub.ts';
import type { ResolvedNic } from './plan.ts';

/** One end of a veth pair: the device and a process whose network it is in. */
export interface WireEnd {
  readonly pid: number;
  readonly device: string;
}

/** A veth pair between a host's interface (`near`) and a bridge port or a dom0's vif (`far`). */
export interface Wire {
  readonly iface: string;
  readonly near: WireEnd;
  readonly far: WireEnd;
}

/** Plugs a booting host's interfaces into its segments' bridges. */
export async function plugPorts(
  hub: Hub,
  pid: number,
  nics: readonly ResolvedNic[],
  bridges: { bridgeOf(segment: string): string; nextPort(): string },
): Promise<readonly Wire[]> {
  const wires: Wire[] = [];
  const lines: string[] = [];
  for (const { iface, mac, link } of nics) {
    if (link.kind !== 'segment') continue;
    const port = bridges.nextPort();
    lines.push(
      `link add ${port} type veth peer name ${iface} address ${mac} netns ${pid}`,
      `link set ${port} master ${bridges.bridgeOf(link.segment)} up`,
    );
    wires.push({
      iface,
      near: { pid, device: iface },
      far: { pid: hub.id.pid, device: port },
    });
  }
  if (lines.length > 0) await hub.ip(lines);
  return wires;
}

/**
 * Drops every packet both ways and touches nothing else: no carrier is lost, no route goes.
 * A queue of length 0 does it, tc-pfifo(8), and it is in every kernel with tc.
 */
export async function cutWire(hub: Hub, wire: Wire): Promise<void> {
  await setQueue(hub, wire, ['pfifo', 'limit', '0']);
}

/** Undoes `cutWire`; a whole wire stays as it is. */
export async function healWire(hub: Hub, wire: Wire): Promise<void> {
  await setQueue(hub, wire, ['noqueue']);
}

/** Takes wires out at their far ends, without a last packet: a power loss sends no FIN. */
export async function removeWires(hub: Hub, wires: readonly Wire[]): Promise<void> {
  for (const pid of new Set(wires.map((wire) => wire.far.pid))) {
    const lines = wires
      .filter((wire) => wire.far.pid === pid)
      .map((wire) => `link del ${wire.far.device}`);
    await hub.ip(lines, pid);
  }
}

async function setQueue(hub: Hub, wire: Wire, queue: readonly string[]): Promise<void> {
  for (const { pid, device } of [wire.near, wire.far]) {
    await hub.inNetworkOf(pid, ['tc', 'qdisc', 'replace', 'dev', device, 'root', ...queue]);
  }
}
