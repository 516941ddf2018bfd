import { parseFirewalls } from './facts-firewalls.ts';
import { parseLines } from './facts-lines.ts';
import { parseNetwork } from './facts-network.ts';
import { parseSystem } from './facts-system.ts';
import { parseXen } from './facts-xen.ts';
import { asText, type LookPart, type Observation } from './look-part.ts';
import type { Query } from './query.ts';

const kinds = ['system', 'network', 'firewalls', 'xen'] as const;

const parsers = {
  system: parseSystem,
  network: parseNetwork,
  firewalls: parseFirewalls,
  xen: parseXen,
};

/** Facts: what a host is and has, from facts.sh. */
export const lookFacts: LookPart = {
  runtime: 'facts.sh',
  lines: (asked) =>
    kinds.flatMap((kind) => (asked(kind).length === 0 ? [] : [`xp_section ${kind} xp_${kind}`])),
  read: (asked, sections) =>
    kinds.flatMap((kind) =>
      asked(kind).map((one): readonly [Query, Observation] => {
        const section = sections.get(kind);
        return [
          one,
          section === undefined
            ? { failure: `the host did not tell its ${kind} facts` }
            : { answer: parsers[kind](parseLines(asText(section.body))) },
        ];
      }),
    ),
};
