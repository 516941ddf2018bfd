import type { FirewallView } from './firewall-cause.ts';
import { dropOf } from './foreign-drops.ts';
import {
  applyHint,
  inOrder,
  isAsExpected,
  type ProbeResult,
  type Problem,
  type Subject,
  shortly,
} from './model.ts';

/** What the proof of an address came to. */
export interface Verdict {
  readonly subject: Subject;
  /** Whether dom0 leads to it and the guest answers by the right way; null: nobody could tell. */
  readonly isDom0Right: boolean | null;
  readonly isGuestRight: boolean | null;
  readonly probes: readonly ProbeResult[];
  /**
   * What is wrong: the first place on the way that is, then ports that answer and should not, then ports
   * that nothing serves.
   */
  readonly problems: readonly Problem[];
  /** What else is wrong on the way, behind the first place. */
  readonly further: readonly Problem[];
}

/** What was found out about an address. */
export interface Evidence {
  readonly subject: Subject;
  /** null: the host could not be asked, or could not tell. */
  readonly dom0: readonly Problem[] | null;
  readonly guest: readonly Problem[] | null;
  readonly firewall: FirewallView | null;
  readonly probes: readonly ProbeResult[];
}

/**
 * What is wrong with an address. What a host says of itself explains probes that were not answered;
 * the outcomes of probes tell the rest.
 */
export function judge(evidence: Evidence): Verdict {
  const { subject, dom0, guest, probes } = evidence;
  const seen = [...(dom0 ?? []), ...(guest ?? [])];
  const wrong = probes.filter((probe) => isAsExpected(probe) === false);
  const silent = wrong.filter(isSilent);
  const [first, ...further] =
    seen.length === 0 && silent.length > 0 ? [silence(evidence, silent)] : inOrder(seen);
  return {
    subject,
    isDom0Right: dom0 === null ? null : dom0.length === 0,
    isGuestRight: guest === null ? null : guest.length === 0,
    probes,
    problems: [
      ...(first === undefined ? [] : [first]),
      ...leaks(subject, wrong, evidence.firewall),
      ...refusals(subject, wrong),
    ],
    further,
  };
}

const isSilent = ({ expected, outcome }: ProbeResult): boolean =>
  expected !== 'closed' && (outcome === 'timeout' || outcome === 'unreachable');

/** Ports that should be closed and are not. */
function leaks(
  { dom0 }: Subject,
  wrong: readonly ProbeResult[],
  firewall: FirewallView | null,
): readonly Problem[] {
  const leaking = wrong.filter(({ expected }) => expected === 'closed');
  if (leaking.length === 0) return [];
  const why = firewall?.isAsDescribed === false ? ': its rules are not those of the inventory' : '';
  return [
    {
      hop: 'firewall',
      host: dom0.name,
      cause: `${portsIn(leaking)} should be closed, and the firewall lets them through${why}`,
      hint: applyHint,
    },
  ];
}

/** Allowed ports that nothing serves. */
function refusals({ guest }: Subject, wrong: readonly ProbeResult[]): readonly Problem[] {
  const refused = wrong.filter(
    ({ expected, outcome }) => expected === 'open' && outcome === 'refused',
  );
  if (refused.length === 0) return [];
  return [
    {
      hop: 'service',
      host: guest.name,
      cause: `nothing listens on ${portsIn(refused)}`,
      hint: 'start the server, or take the port out of the inventory',
    },
  ];
}

/** Why allowed ports do not answer, though every host that was asked has the way. */
function silence(evidence: Evidence, silent: readonly ProbeResult[]): Problem {
  const { subject, firewall, dom0, guest, probes } = evidence;
  const ports = portsIn(silent);
  const answered = probes.some(({ outcome }) => outcome === 'open' || outcome === 'refused');
  const drop =
    firewall === null
      ? null
      : dropOf(
          subject,
          silent.map(({ port }) => port),
          firewall.foreignDrops,
        );
  const atFirewall = { hop: 'firewall' as const, host: subject.dom0.name };
  if (drop !== null) {
    return {
      ...atFirewall,
      cause: `${ports}: no answer; a rule that is not xpush's drops it: ${shortly(drop)}`,
      hint: 'take the rule away, or let the address through before it',
    };
  }
  if (firewall?.isAsDescribed === false) {
    return {
      ...atFirewall,
      cause: `${ports}: no answer; the rules of dom0's firewall are not those of the inventory`,
      hint: applyHint,
    };
  }
  if (subject.guest.allow === null && firewall?.closes.includes(subject.family) === true) {
    return {
      ...atFirewall,
      cause: `${ports}: no answer; FORWARD drops what no rule lets through, by a policy that is not xpush's`,
      hint: 'let the guest through, or give it an allow list',
    };
  }
  if (dom0 === null) {
    return {
      hop: 'network',
      host: null,
      cause: `${ports}: no answer; dom0 could not be asked whether it has the way`,
      hint: null,
    };
  }
  if (guest === null) {
    return {
      hop: 'network',
      host: subject.guest.name,
      cause: `${ports}: no answer, though dom0 has the way; the guest could not be asked whether it answers the right way`,
      hint: 'look at the guest from its console',
    };
  }
  return {
    hop: 'network',
    host: null,
    cause: answered
      ? `${ports}: no answer, though other ports do; a firewall of the guest's own, or one between here and dom0`
      : `${ports}: no answer, though dom0 and guest have the way; what is between here and dom0 does not lead there, or drops it`,
    hint: null,
  };
}

function portsIn(probes: readonly ProbeResult[]): string {
  const ports = [...new Set(probes.map(({ port }) => port))].toSorted((a, b) => a - b);
  return `tcp ${ports.join(', ')}`;
}
