import { lookCondition } from './condition.ts';
import { lookFacts } from './facts.ts';
import { lookChains } from './look-chains.ts';
import { lookFiles } from './look-files.ts';
import { lookParameters, lookSession, lookTools } from './look-host.ts';
import { lookNetwork } from './look-network.ts';
import { lookNft } from './look-nft.ts';
import type { Asked, LookPart, Observation, Sections } from './look-part.ts';
import { lookWindows } from './look-windows.ts';
import { compound, type Program } from './program.ts';
import { type Query, type QueryOf, queryKey } from './query.ts';
import { quote } from './quote.ts';
import type { RuntimeFile } from './runtime.ts';

export type { Observation, Sections } from './look-part.ts';

/** In the order in which they are asked. */
const parts: readonly LookPart[] = [
  lookFiles,
  lookParameters,
  lookTools,
  lookNetwork,
  lookChains,
  lookNft,
  lookSession,
  lookWindows,
  lookFacts,
  lookCondition,
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
  return {
    files: [
      'look.sh',
      ...sections.flatMap(({ runtime, lines }) =>
        runtime === null || lines.length === 0 ? [] : [runtime],
      ),
    ],
    lines: [
      'xp_look() {',
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
  const asked = groupByKind(queries);
  const answers = new Map<string, Observation>();
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

/** Without repetitions. */
function groupByKind(queries: readonly Query[]): Asked {
  const unique = [...new Map(queries.map((asked) => [queryKey(asked), asked])).values()];
  return <K extends Query['kind']>(kind: K): QueryOf<K>[] =>
    unique.filter((asked): asked is QueryOf<K> => asked.kind === kind);
}
