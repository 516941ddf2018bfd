import { escapeControls } from '../source/escape-controls.ts';
import type { Verdict } from '../verify/judge.ts';
import { type Hop, isAsExpected, type Problem, type Subject } from '../verify/model.ts';
import { compressNames } from './host-names.ts';
import { aligned } from './table.ts';
import type { AskedHost, ProofResult } from './verify-run.ts';

/** What is wrong alike, and where. */
export interface ProblemGroup {
  readonly problem: Problem;
  /** Hosts that are wrong; none where no host of the inventory is. */
  readonly hosts: readonly string[];
  readonly subjects: readonly Subject[];
}

/** Problems that are alike but for their hosts and addresses, the most addresses first. */
export function groupProblems(verdicts: readonly Verdict[]): readonly ProblemGroup[] {
  const groups = new Map<string, { problem: Problem; hosts: Set<string>; subjects: Subject[] }>();
  for (const { subject, problems } of verdicts) {
    for (const problem of problems) {
      const key = JSON.stringify([problem.hop, problem.cause, problem.hint]);
      const group = groups.get(key) ?? { problem, hosts: new Set<string>(), subjects: [] };
      if (problem.host !== null) group.hosts.add(problem.host);
      group.subjects.push(subject);
      groups.set(key, group);
    }
  }
  return [...groups.values()]
    .map(({ hosts, ...group }) => ({ ...group, hosts: [...hosts] }))
    .toSorted((a, b) => b.subjects.length - a.subjects.length);
}

/** Of so many groups each is shown; all of them are in the JSON. */
const mostGroups = 40;

/** What `xpush verify` prints for people. */
export function proofText(result: ProofResult): string {
  const { verdicts } = result;
  const groups = groupProblems(verdicts);
  const more = groups.length - mostGroups;
  return [
    proofTable(verdicts),
    ...groups.slice(0, mostGroups).map(groupText),
    ...(more > 0 ? [`... and ${more} more kinds of problems; -o json has all\n`] : []),
    ...askedText(result.hosts),
    ...notesText(result),
    `${summary(result)}\n`,
  ].join('\n');
}

/** What was proven, counted. */
function proofTable(verdicts: readonly Verdict[]): string {
  const row = (what: string, judged: readonly (boolean | null)[]): readonly string[] => {
    const count = (wanted: boolean | null): string =>
      String(judged.filter((each) => each === wanted).length);
    return [what, count(true), count(false), count(null)];
  };
  const probes = verdicts.flatMap((verdict) => verdict.probes);
  const outcomes = (isClosed: boolean): readonly (boolean | null)[] =>
    probes.filter(({ expected }) => (expected === 'closed') === isClosed).map(isAsExpected);
  return aligned([
    ['PROOF', 'RIGHT', 'WRONG', 'NOT KNOWN'],
    row(
      'dom0 leads to the address',
      verdicts.map(({ isDom0Right }) => isDom0Right),
    ),
    row(
      'answers leave by its own interface',
      verdicts.map(({ isGuestRight }) => isGuestRight),
    ),
    row('allowed TCP ports answer', outcomes(false)),
    row('other TCP ports are closed', outcomes(true)),
  ]);
}

const hopWords: Readonly<Record<Hop, string>> = {
  uplink: 'the uplink of',
  forwarding: 'forwarding on',
  route: 'the route on',
  interface: 'the interface on',
  way_back: 'the way back on',
  antispoof: 'anti-spoofing on',
  firewall: 'the firewall on',
  service: 'the server on',
  network: 'the way to',
};

function groupText({ problem, hosts, subjects }: ProblemGroup): string {
  const { hop, cause, hint } = problem;
  const where =
    hosts.length === 0 ? 'between here and dom0' : `${hopWords[hop]} ${shortNames(hosts)}`;
  return [
    `${counted(subjects.length, 'address', 'addresses')} of ${shortNames(guestsIn(subjects))}: ${addressesText(subjects)}`,
    `  first wrong: ${where}`,
    `  ${escapeControls(cause)}`,
    ...(hint === null ? [] : [`  hint: ${hint}`]),
    '',
  ].join('\n');
}

/** Hosts that could not be asked, alike ones together. */
function askedText(hosts: readonly AskedHost[]): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const { host, status, error } of hosts) {
    if (error === null && status !== 'skipped') continue;
    const hint = error?.hint == null ? '' : `\n  hint: ${error.hint}`;
    const text = escapeControls(
      status === 'skipped' ? 'not asked: interrupted' : `${error?.message ?? status}${hint}`,
    );
    groups.set(text, [...(groups.get(text) ?? []), host.name]);
  }
  return [...groups].map(
    ([text, names]) => `${shortNames(names)} could not be asked:\n  ${text}\n`,
  );
}

function notesText({ notes }: ProofResult): readonly string[] {
  if (notes.size === 0) return [];
  const lines = [...notes].map(
    ([text, subjects]) => `note: ${text} (${shortNames(guestsIn(subjects))})\n`,
  );
  return [lines.join('')];
}

/** The proof in a line. */
export function summary({ verdicts, hosts }: ProofResult): string {
  if (verdicts.length === 0) return 'Nothing to prove: no guest is chosen';
  const wrong = verdicts.filter(({ problems }) => problems.length > 0).length;
  const unknown = verdicts.filter(
    ({ problems, isDom0Right, isGuestRight }) =>
      problems.length === 0 && (isDom0Right === null || isGuestRight === null),
  ).length;
  const all = `${counted(verdicts.length, 'address', 'addresses')} of ${counted(guestsIn(verdicts.map(({ subject }) => subject)).length, 'guest', 'guests')}`;
  if (wrong === 0 && unknown === 0 && hosts.every(({ status }) => status === 'ok')) {
    return `${all}: all as the inventory has it`;
  }
  const parts = [
    `${verdicts.length - wrong - unknown} proven`,
    ...(wrong > 0 ? [`${wrong} wrong`] : []),
    ...(unknown > 0 ? [`${unknown} not wholly proven`] : []),
  ];
  return `${all}: ${parts.join(', ')}`;
}

const guestsIn = (subjects: readonly Subject[]): readonly string[] => [
  ...new Set(subjects.map(({ guest }) => guest.name)),
];

const counted = (count: number, one: string, many: string): string =>
  `${count} ${count === 1 ? one : many}`;

const mostAddresses = 6;

function addressesText(subjects: readonly Subject[]): string {
  const shown = subjects.slice(0, mostAddresses).map(({ address }) => address);
  const more = subjects.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

const mostNames = 8;

function shortNames(names: readonly string[]): string {
  const ranges = compressNames(names);
  const shown = ranges.slice(0, mostNames);
  return `${shown.join(', ')}${ranges.length > shown.length ? ', ...' : ''}`;
}
