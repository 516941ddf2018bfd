import type { Hub } from './hub.ts';
import { mustRun } from './process.ts';

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

/**
 * Drops every packet both ways and touches nothing else: no carrier is lost, no route goes.
 * A queue of length 0 does it, tc-pfifo(8), and it is in every kernel with tc.
 */
export async function cutWire(wire: Wire): Promise<void> {
  await Promise.all(
    [wire.near, wire.far].map((end) =>
      inNetworkOf(end, ['qdisc', 'replace', 'dev', end.device, 'root', 'pfifo', 'limit', '0']),
    ),
  );
}

/** Undoes `cutWire`; a whole wire stays as it is. */
export async function healWire(wire: Wire): Promise<void> {
  await Promise.all(
    [wire.near, wire.far].map((end) =>
      inNetworkOf(end, ['qdisc', 'replace', 'dev', end.device, 'root', 'noqueue']),
    ),
  );
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

async function inNetworkOf(end: WireEnd, args: readonly string[]): Promise<void> {
  await mustRun(['nsenter', '-t', String(end.pid), '-n', '--', 'tc', ...args]);
}
