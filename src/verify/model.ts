import type { Dom0, DomU, Family, Vif } from '../inventory/model.ts';

/** An address of a guest whose way is to be proven. */
export interface Subject {
  readonly address: string;
  readonly family: Family;
  readonly guest: DomU;
  readonly vif: Vif;
  readonly dom0: Dom0;
}

/** Places on the way of a packet to a guest and back, in the order in which it meets them. */
export const hops = [
  'uplink',
  'forwarding',
  'route',
  'interface',
  'way_back',
  'antispoof',
  'firewall',
  'service',
  'network',
] as const;

export type Hop = (typeof hops)[number];

/** Something wrong with an address. */
export interface Problem {
  readonly hop: Hop;
  /** The host that is wrong; null: none of the inventory. */
  readonly host: string | null;
  /** What is wrong there and what follows; alike for addresses that are alike. */
  readonly cause: string;
  readonly hint: string | null;
}

/** The first on the way comes first. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => hops.indexOf(a.hop) - hops.indexOf(b.hop));
}

/** How a new TCP connection ended, as `probeTcp` tells. */
export type Outcome = 'open' | 'refused' | 'timeout' | 'unreachable' | 'not_sent';

/** A TCP connection from here to a guest's address. */
export interface PlannedProbe {
  readonly address: string;
  readonly port: number;
  /** Source port that it must have; null: any. */
  readonly localPort: number | null;
  /**
   * `open`: a port that is allowed by itself; `answer`: one of many that are, of which few are used, so
   * a refusal is as good; `closed`: nothing allows it.
   */
  readonly expected: 'open' | 'answer' | 'closed';
}

export interface ProbeResult extends PlannedProbe {
  readonly outcome: Outcome;
}

/** Whether it ended as it should; a probe that could not be sent says nothing. */
export function isAsExpected({ expected, outcome }: ProbeResult): boolean | null {
  if (outcome === 'not_sent') return null;
  switch (expected) {
    case 'open':
      return outcome === 'open';
    case 'answer':
      return outcome === 'open' || outcome === 'refused';
    case 'closed':
      return outcome === 'timeout' || outcome === 'unreachable';
  }
}

export const applyHint = 'xpush apply makes it as the inventory has it';
export const attachHint =
  'create the guest anew, or attach the vif: it was not there when the guest began';

/** What a host said, as far as a sentence can hold it. */
export function shortly(text: string): string {
  return text.length > mostSaid ? `${text.slice(0, mostSaid)}...` : text;
}

const mostSaid = 200;
