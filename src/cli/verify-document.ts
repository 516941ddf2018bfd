import type { Data } from '../source/data.ts';
import { escapeControls } from '../source/escape-controls.ts';
import type { Verdict } from '../verify/judge.ts';
import type { Problem } from '../verify/model.ts';
import type { ProofResult } from './verify-run.ts';

/** The JSON of `xpush verify -o json`; strings that came from hosts are escaped. */
export function proofDocument(
  { verdicts, hosts, notes, exit }: ProofResult,
  about: { readonly version: string },
): Data {
  return {
    schema: 1,
    xpush: about.version,
    exit,
    hosts: Object.fromEntries(
      hosts.map(({ host, status, error }) => [
        host.name,
        { kind: host.kind, status, error: error === null ? null : describeError(error) },
      ]),
    ),
    addresses: verdicts.map(describeVerdict),
    notes: [...notes].map(([text, subjects]) => ({
      text,
      addresses: subjects.map(({ address }) => address),
    })),
  };
}

function describeError({ message, hint }: { message: string; hint: string | null }): Data {
  return { message: escapeControls(message), hint: hint === null ? null : escapeControls(hint) };
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
