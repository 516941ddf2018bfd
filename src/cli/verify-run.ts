import { sourceAddress } from '../connection/source-address.ts';
import type { HostStatus } from '../engine/events.ts';
import { exitCode } from '../engine/exit-code.ts';
import { probeAll } from '../engine/probe-all.ts';
import type { Surveyed } from '../engine/survey.ts';
import type { Query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import { addressBook } from '../inventory/vantage.ts';
import type { Verdict } from '../verify/judge.ts';
import type { PlannedProbe, ProbeResult, Subject } from '../verify/model.ts';
import { probePlan, udpNote } from '../verify/probe-plan.ts';
import { proberFor } from '../verify/probing.ts';
import { type Proof, peerOf } from '../verify/proof.ts';

/** How a host that was asked ended. */
export interface AskedHost {
  readonly host: Host;
  readonly status: Extract<HostStatus, 'ok' | 'failed' | 'unreachable' | 'skipped'>;
  readonly error: { readonly message: string; readonly hint: string | null } | null;
}

/** What a proof came to. */
export interface ProofResult {
  readonly verdicts: readonly Verdict[];
  readonly hosts: readonly AskedHost[];
  /** What was not proven, or is good to know: a sentence, and the addresses that it is about. */
  readonly notes: ReadonlyMap<string, readonly Subject[]>;
  /** Of the hosts, and `failed` where an address is wrong. */
  readonly statuses: readonly HostStatus[];
  readonly exit: number;
}

/** What a proof needs of the engine. */
export interface ProofMeans {
  readonly look: (
    hosts: readonly Host[],
    queriesOf: (host: Host, known: HostState) => readonly Query[],
  ) => Promise<ReadonlyMap<string, Surveyed>>;
  /** Aborted: begin no new probe. */
  readonly stopping: AbortSignal;
  /** Told of each probe that is done. */
  readonly onProbe?: (done: number, total: number) => void;
}

/** Probes at once; a process has 1024 descriptors where nobody said otherwise. */
const probesAtOnce = 200;

const timeoutsMs = [1_000, 2_000] as const;

/** Asks the hosts of a proof, and probes its addresses from here. */
export async function prove(
  inventory: Inventory,
  proof: Proof,
  { look, stopping, onProbe }: ProofMeans,
): Promise<ProofResult> {
  const { hosts } = proof.subjects;
  const surveyed = await look(hosts, (host, known) => proof.queriesOf(host, known));
  const stateOf = (host: Host): HostState | null => {
    const found = surveyed.get(host.name);
    return found !== undefined && 'answers' in found ? found.answers : null;
  };

  const notes = new Notes();
  const planned = await planProbes(proof, inventory, stateOf, notes);
  let done = 0;
  const tell = (): void => {
    done += 1;
    onProbe?.(done, planned.length);
  };
  const outcomes = await probeAll(
    planned.map(({ probe }) => probe),
    (index) => planned[index]?.probe.expected !== 'closed',
    { most: probesAtOnce, timeoutsMs, signal: stopping, onProbe: tell },
  );
  const results = new Map<Subject, ProbeResult[]>();
  for (const [index, { subject, probe }] of planned.entries()) {
    const result = { ...probe, outcome: outcomes[index] ?? 'not_sent' };
    const others = results.get(subject);
    if (others === undefined) results.set(subject, [result]);
    else others.push(result);
    if (result.outcome === 'not_sent' && !stopping.aborted) {
      notes.add(couldNotBegin, subject);
    }
  }

  const verdicts = proof.verdicts(stateOf, (subject) => results.get(subject) ?? []);
  const asked = hosts.map((host) => askedHost(host, surveyed.get(host.name), verdicts, proof));
  const statuses = [
    ...asked.map(({ status }) => status),
    ...(verdicts.some(({ problems }) => problems.length > 0) ? (['failed'] as const) : []),
  ];
  const interrupted = stopping.aborted;
  return {
    ...{ verdicts, hosts: asked, notes: notes.byText, statuses },
    exit: exitCode(statuses, { interrupted, pendingAsExit: false }),
  };
}

const couldNotBegin =
  'this machine could not begin some connections: the source port is taken, or too much is open';

/** Sentences, and the addresses that each is about. */
class Notes {
  readonly byText = new Map<string, Subject[]>();

  add(text: string, subject: Subject): void {
    const known = this.byText.get(text);
    if (known === undefined) this.byText.set(text, [subject]);
    else if (known.at(-1) !== subject) known.push(subject);
  }
}

interface Planned {
  readonly subject: Subject;
  readonly probe: PlannedProbe;
}

/** The probes of all addresses, and notes on what can't be tried from here. */
async function planProbes(
  { subjects }: Proof,
  inventory: Inventory,
  stateOf: (host: Host) => HostState | null,
  notes: Notes,
): Promise<readonly Planned[]> {
  const book = addressBook(inventory);
  const isRoot = process.getuid?.() === 0;
  const planned: Planned[] = [];
  for (const subject of subjects.addresses) {
    const own = await sourceAddress(subject.address);
    const vantage = { own, peer: peerOf(stateOf(subject.guest)), isRoot };
    const prober = proberFor(subject, vantage, book);
    const udp = udpNote(subject.guest);
    if (udp !== null) notes.add(udp, subject);
    if ('reason' in prober) {
      notes.add(prober.reason, subject);
      continue;
    }
    const plan = probePlan(subject, prober);
    for (const text of plan.notes) notes.add(text, subject);
    for (const probe of plan.probes) planned.push({ subject, probe });
  }
  return planned;
}

function askedHost(
  host: Host,
  found: Surveyed | undefined,
  verdicts: readonly Verdict[],
  proof: Proof,
): AskedHost {
  if (found === undefined) return { host, status: 'skipped', error: null };
  if ('unreachable' in found) {
    const { unreachable: message, hint } = found;
    return { host, status: 'unreachable', error: { message, hint } };
  }
  const failure = proof.failureOf(host, found.answers);
  if (failure !== null) return { host, status: 'failed', error: { message: failure, hint: null } };
  const isWrong = verdicts.some(({ problems }) => problems.some((one) => one.host === host.name));
  return { host, status: isWrong ? 'failed' : 'ok', error: null };
}
