import { exitCodes } from '../engine/exit-code.ts';
import type { Surveyed } from '../engine/survey.ts';
import {
  describeFleet,
  type FoundGuest,
  findGuests,
  nameDom0s,
  type Visit,
} from '../import/describe-fleet.ts';
import { dom0Queries, isDom0, readDom0 } from '../import/dom0.ts';
import { guestQueries } from '../import/inside.ts';
import { loadDraft } from '../import/load-draft.ts';
import { proveFirewalls } from '../import/prove-firewall.ts';
import { remarksOf } from '../import/remarks.ts';
import { type DraftBecome, writeDraft } from '../import/write-draft.ts';
import type { Host } from '../inventory/model.ts';
import { namedHosts } from '../inventory/named-hosts.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { hostsOfArguments } from './host-arguments.ts';
import type { ImportOptions } from './import.ts';
import { differencesFrom } from './import-check.ts';
import { checkOutFile, writeOutFile } from './out-file.ts';
import { type Surveyor, withSurveyor } from './survey-hosts.ts';

/** Does what `xpush import` is for, and gives the exit code. */
export async function runImport(options: ImportOptions): Promise<number> {
  const inventory = hostsOfArguments(options.host);
  const { out, force } = options;
  if (out !== undefined) await checkOutFile(out, force);
  const hosts = [...inventory.hosts.values()];
  const found = await withSurveyor(options, inventory, hosts, (surveyor) =>
    importFrom(hosts, surveyor, options),
  );
  for (const line of found.said) process.stderr.write(`${line}\n`);
  if (found.text === null) return found.exit;
  const failure = out === undefined ? null : await writeOutFile(out, found.text, force);
  // what was found is not lost for want of a file
  if (out === undefined || failure !== null) process.stdout.write(found.text);
  if (failure === null) return found.exit;
  process.stderr.write(`${escapeControls(failure)}: written to standard output\n`);
  return exitCodes.failed;
}

interface Imported {
  /** null: there is nothing to describe. */
  readonly text: string | null;
  /** For people, safe to print. */
  readonly said: readonly string[];
  readonly exit: number;
}

async function importFrom(
  hosts: readonly Host[],
  surveyor: Surveyor,
  options: ImportOptions,
): Promise<Imported> {
  const surveyed = await surveyor.look(hosts, () => dom0Queries);
  const unreachable = hosts.flatMap(({ name }) => sayUnreachable(name, surveyed.get(name)));
  const seen = hosts.flatMap(({ name }) => {
    const one = surveyed.get(name);
    if (one === undefined || !('answers' in one)) return [];
    const dom0 = readDom0(name, one.answers);
    return [{ dom0, isRight: isDom0(one.answers, dom0) }];
  });
  const dom0s = seen.flatMap(({ dom0, isRight }) => (isRight ? [dom0] : []));
  const others = seen.flatMap(({ dom0, isRight }) =>
    isRight ? [] : [`${dom0.argument}: no dom0: nothing of Xen is there; it is left out`],
  );
  const told = [...unreachable, ...others];
  const exit = exitOf(unreachable, others);
  const interrupted = () => surveyor.stopping.aborted;
  if (dom0s.length === 0) {
    return { text: null, said: told, exit: interrupted() ? exitCodes.interrupted : exit };
  }
  const names = nameDom0s(dom0s);
  const guests = findGuests(names);
  const visits = await visit(guests, surveyor);
  const described = await loadDraft(describeFleet(names, guests, visits));
  const loaded = await proveFirewalls(described, names);
  const differences = await differencesFrom(loaded, visits, surveyor, options.forks);
  if (interrupted()) return { text: null, said: told, exit: exitCodes.interrupted };
  const expected = expectations(differences);
  return {
    text: writeDraft(
      loaded.draft,
      [
        `Written by xpush import ${hosts.map(({ name }) => name).join(' ')}`,
        ...loaded.draft.remarks,
        ...expected,
      ],
      becomeOf(options),
    ),
    said: [...told, ...[...remarksOf(loaded.draft), ...expected].map(escapeControls)],
    exit,
  };
}

function becomeOf(options: ImportOptions): DraftBecome | null {
  const { become, 'become-method': method = 'sudo', 'become-user': user = 'root' } = options;
  return become ? { method, user } : null;
}

/** As the worst host has it. */
function exitOf(unreachable: readonly string[], others: readonly string[]): number {
  if (others.length > 0) return exitCodes.failed;
  return unreachable.length > 0 ? exitCodes.unreachable : exitCodes.done;
}

/** Looks into guests: as this machine reaches them, else through their dom0. */
async function visit(
  guests: readonly FoundGuest[],
  { look }: Surveyor,
): Promise<ReadonlyMap<string, Visit>> {
  const wanted = guests.flatMap((guest) => {
    const { address, name, dom0 } = guest;
    const [host] = namedHosts([name]).hosts.values();
    return address === null || host === undefined
      ? []
      : [{ ...host, address, ssh: { ...host.ssh, jump: dom0.argument } }];
  });
  const direct = wanted.map((host) => ({ ...host, ssh: { ...host.ssh, jump: null } }));
  const first = await look(direct, () => guestQueries);
  const silent = wanted.filter(({ name }) => 'unreachable' in (first.get(name) ?? {}));
  const second = await look(silent, () => guestQueries);
  return new Map(
    wanted.flatMap(({ name }): [string, Visit][] => {
      const [one, other] = [first.get(name), second.get(name)];
      if (one === undefined) return [];
      if ('answers' in one) return [[name, { state: one.answers, isBehindDom0: false }]];
      return other !== undefined && 'answers' in other
        ? [[name, { state: other.answers, isBehindDom0: true }]]
        : [[name, { unreachable: one.unreachable }]];
    }),
  );
}

function sayUnreachable(name: string, surveyed: Surveyed | undefined): readonly string[] {
  if (surveyed === undefined || 'answers' in surveyed) return [];
  const hint = surveyed.hint === null ? '' : `\n  hint: ${surveyed.hint}`;
  return [escapeControls(`${name}: unreachable: ${surveyed.unreachable}${hint}`)];
}

function expectations(differences: readonly string[]): readonly string[] {
  return differences.length === 0
    ? ['xpush apply would change nothing.']
    : ['xpush apply would change:', ...differences.map((line) => `  ${line}`)];
}
