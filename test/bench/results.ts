import type { Finding, Findings } from './bars.ts';
import { type Figure, figureOf } from './figures.ts';
import type { Cost } from './meter.ts';

/** All runs of one command against a number of hosts. */
export interface Row {
  readonly what: string;
  readonly hosts: number;
  readonly wallSeconds: Figure;
  /** Milliseconds a host; null: can't be told here. */
  readonly controllerMs: Figure | null;
  readonly hostsMs: Figure | null;
}

/** What a part of the benchmark found out. */
export interface PartResult {
  readonly findings: Findings;
  readonly rows: readonly Row[];
}

export function rowOf(what: string, hosts: number, costs: readonly Cost[]): Row {
  const perHost = (of: (cost: Cost) => number | null): Figure | null => {
    const samples = costs.flatMap((cost) => of(cost) ?? []);
    return samples.length === costs.length ? figureOf(samples.map((ms) => ms / hosts)) : null;
  };
  return {
    what,
    hosts,
    wallSeconds: figureOf(costs.map(({ wallMs }) => wallMs / 1000)),
    controllerMs: perHost(({ controllerMs }) => controllerMs),
    hostsMs: perHost(({ hostsMs }) => hostsMs),
  };
}

export const noCpu = 'no control groups here, or not root';

/** How much longer the one took than the other, in wall time. */
export function wallRatio(one: Row | string, other: Row | string): Finding {
  if (typeof one === 'string') return { missing: one };
  if (typeof other === 'string') return { missing: other };
  return { value: one.wallSeconds.median / other.wallSeconds.median };
}

/** How much more of the controller's CPU the one took than the other. */
export function cpuRatio(one: Row | string, other: Row | string): Finding {
  if (typeof one === 'string') return { missing: one };
  if (typeof other === 'string') return { missing: other };
  if (one.controllerMs === null || other.controllerMs === null) return { missing: noCpu };
  return { value: one.controllerMs.median / other.controllerMs.median };
}
