import { parseInterfaces } from './interfaces-text.ts';
import { asText, type LookPart, type Observation, type Section } from './look-part.ts';
import type { Answers } from './query.ts';
import { parseRoutes } from './routes-text.ts';
import { parseRules } from './rules-text.ts';
import { sums } from './sums.ts';

/** Links, rules and routes, from `ip`. */
export const lookNetwork: LookPart = {
  runtime: null,
  lines: (asked) => [
    ...asked('interfaces').map(() => 'xp_section interfaces ip addr show'),
    ...asked('rules').map(({ family }) => `xp_section rules${family} xp_list_rules ${family}`),
    ...asked('routes').map(({ family }) => `xp_section routes${family} xp_list_routes ${family}`),
  ],
  read: (asked, sections) => [
    ...asked('interfaces').map(
      (one) => [one, listing(one.kind, sections.get(one.kind), parseInterfaces)] as const,
    ),
    ...asked('rules').map((one) => {
      const section = sections.get(`rules${one.family}`);
      return [one, listing(one.kind, section, entriesBy(parseRules))] as const;
    }),
    ...asked('routes').map((one) => {
      const section = sections.get(`routes${one.family}`);
      return [one, listing(one.kind, section, entriesBy(parseRoutes))] as const;
    }),
  ],
};

function entriesBy<Entry>(parse: (text: string) => readonly Entry[]) {
  return (text: string, fingerprint: string) => ({ entries: parse(text), fingerprint });
}

function listing<K extends 'interfaces' | 'rules' | 'routes'>(
  kind: K,
  section: Section | undefined,
  read: (text: string, fingerprint: string) => Answers[K],
): Observation {
  if (section?.status === 0) return { answer: read(asText(section.body), sums(section.body)) };
  return {
    failure:
      section?.status === 127
        ? "iproute2 is not installed (looked for 'ip')"
        : `'ip' could not list the ${kind} (status ${section?.status ?? 'unknown'})`,
  };
}
