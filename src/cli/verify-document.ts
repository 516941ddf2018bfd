import type { Data } from '../source/data.ts';
import { escapeControls } from '../source/escape-controls.ts';
import type { Verdict } from '../verify/judge.ts';
import type { Problem } from '../verify/model.ts';
import { hostsDocument } from './hosts-document.ts';
import type { ProofResult } from './verify-run.ts';

/** The JSON of `xpush verify -o json`; strings that came from hosts are escaped. */
export function proofDocument(
  { verdicts, hosts, notes, exit }: ProofResult,
  about: { readonly version: string },
): Data {
  const reports = hosts.map(({ host, status, error }) => ({ host, outcome: { status, ...error } }));
  return {
    ...hostsDocument(reports, { ...about, exit }, () => ({})),
    addresses: verdicts.map(describeVerdict),
    notes: [...notes].map(([text, subjects]) => ({
      text,
      addresses: subjects.map(({ address }) => address),
    })),
  };
}

function describeVerdict(verdict: Verdict): Data {
  const { subject, isDom0Right, isGuestRight, problems, further, probes } = verdict;
  const isKnown = isDom0Right !== null && isGuestRight !== null;
  return {
    address: subject.address,
    guest: subject.guest.name,
    iface: subject.vif.iface,
    dom0: subject.dom0.name,
    status: problems.length > 0 ? 'failed' : isKnown ? 'ok' : 'unknown',
    dom0_ok: isDom0Right,
    guest_ok: isGuestRight,
    problems: problems.map(describeProblem),
    further: further.map(describeProblem),
    probes: probes.map(({ port, localPort, expected, outcome }) => ({
      port,
      from_port: localPort,
      expected,
      outcome,
    })),
  };
}

function describeProblem({ hop, host, cause, hint }: Problem): Data {
  return { hop, host, cause: escapeControls(cause), hint };
}
