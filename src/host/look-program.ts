import { lookAliases } from './aliases.ts';
import { neededCommands } from './change-needs.ts';
import { lookCondition } from './condition.ts';
import { lookFirewalls, lookManagers, lookSystem, lookXen } from './facts.ts';
import { lookChains } from './look-chains.ts';
import { lookEntries } from './look-entries.ts';
import { lookFiles } from './look-files.ts';
import { lookParameters, lookSession, lookTools } from './look-host.ts';
import { lookNetwork } from './look-network.ts';
import { lookNft, lookRuleset } from './look-nft.ts';
import { lookOutput } from './look-output.ts';
import type { Asked, LookPart, Observation, Sections } from './look-part.ts';
import { lookWindows } from './look-windows.ts';
import { commandsOf, lackText, lookNeeds, type Need, unmet } from './needs.ts';
import { compound, type Program } from './program.ts';
import { type Query, type QueryOf, queryKey } from './query.ts';
import { quote, quoteAll } from './quote.ts';
import type { RuntimeFile } from './runtime.ts';

export type { Observation, Sections } from './look-part.ts';

/** In the order in which they are asked. */
const parts: readonly LookPart[] = [
  lookParameters, // read with the files
  lookFiles,
  lookEntries,
  lookAliases,
  lookTools,
  lookNetwork,
  lookRuleset, // it may tell that iptables has no chains
  lookChains,
  lookNft,
  lookSession,
  lookWindows,
  lookSystem,
  lookManagers,
  lookFirewalls,
  lookXen,
  lookCondition,
  lookOutput,
];

/**
 * A program that asks all of these at once and cannot write. Send it to `sh -s` and keep the input
 * open. `known`: what the shell has seen; its first program sets it up with the nonce.
 * Throws for a path, parameter, tool or chain that no step may name.
 */
export function compileLook(
  queries: readonly Query[],
  nonce: string,
  known: ReadonlySet<RuntimeFile>,
): Program {
  const { files, lines } = lookOf(queries);
  const setup = known.has('look.sh') ? [] : [`xp_setup ${quote(nonce)}`];
  return compound(files, known, [...setup, ...lines]);
}

/** The lines that ask all of these, and the runtime files that they need. */
export function lookOf(queries: readonly Query[]): {
  readonly files: readonly RuntimeFile[];
  readonly lines: readonly string[];
} {
  const asked = groupByKind(queries);
  const sections = parts.map(({ runtime, lines }) => ({ runtime, lines: lines(asked) }));
  const needed = commandsFor(queries);
  return {
    files: [
      'look.sh',
      ...sections.flatMap(({ runtime, lines }) => (lines.length === 0 ? [] : runtime)),
    ],
    lines: [
      'xp_look() {',
      ...(needed.length === 0 ? [] : [`xp_collect lacks xp_lacks ${quoteAll(needed)}`]),
      ...sections.flatMap(({ lines }) => lines),
      ...['xp_done', '}', 'xp_look </dev/null'],
    ],
  };
}

/**
 * The answers by query key; null when they do not hold together because the host changed while it
 * was read: look again.
 */
export function readAnswers(
  queries: readonly Query[],
  sections: Sections,
): ReadonlyMap<string, Observation> | null {
  const lacks = lacksOf(queries, sections);
  const answers = new Map<string, Observation>();
  const able: Query[] = [];
  for (const one of queries) {
    const missing = unmet(needsOf(one), lacks);
    if (one.kind === 'lacks') answers.set(queryKey(one), { answer: lacks });
    else if (missing.length === 0) able.push(one);
    else answers.set(queryKey(one), { failure: lackText(missing, ['xpush']) });
  }
  const asked = groupByKind(able);
  for (const part of parts) {
    const read = part.read(asked, sections);
    if (read === null) return null;
    for (const [one, observation] of read) answers.set(queryKey(one), observation);
  }
  for (const one of queries) {
    const key = queryKey(one);
    if (!answers.has(key)) throw new Error(`no part of a look answers ${one.kind}`);
  }
  return answers;
}

/** What a program that asks these uses, and whatever else is to be known of. */
function commandsFor(queries: readonly Query[]): readonly string[] {
  if (queries.some(({ kind }) => kind === 'lacks')) return neededCommands;
  return commandsOf(queries.flatMap(needsOf));
}

/** What every query of the same kind needs: they share sections. */
function needsOf({ kind }: Query): readonly Need[] {
  return lookNeeds[kind] ?? [];
}

/** What the host says that it lacks, of what it was asked for. */
function lacksOf(queries: readonly Query[], sections: Sections): readonly string[] {
  const said = new Set((sections.get('lacks')?.body ?? '').split('\n'));
  return commandsFor(queries).filter((command) => said.has(command));
}

/** Without repetitions. */
function groupByKind(queries: readonly Query[]): Asked {
  const unique = [...new Map(queries.map((asked) => [queryKey(asked), asked])).values()];
  return <K extends Query['kind']>(kind: K): QueryOf<K>[] =>
    unique.filter((asked): asked is QueryOf<K> => asked.kind === kind);
}
