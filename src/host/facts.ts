import { parseFirewalls } from './facts-firewalls.ts';
import { type Lines, parseLines } from './facts-lines.ts';
import { parseNetwork } from './facts-network.ts';
import { parseSystem } from './facts-system.ts';
import { parseDomains, parseXen } from './facts-xen.ts';
import { asText, type LookPart, type Observation, type Sections } from './look-part.ts';
import type { Answers } from './query.ts';
import type { RuntimeFile } from './runtime.ts';

/** Distribution, kernel, init, iproute2. */
export const lookSystem = lookFact('system', 'facts-system.sh', parseSystem);

/** What configures the network. */
export const lookManagers = lookFact('network', 'facts-network.sh', parseNetwork);

/** Firewall back ends; the listings that a look has told whole are read here. */
export const lookFirewalls = lookFact('firewalls', 'facts-firewalls.sh', (lines, sections) =>
  parseFirewalls(lines, {
    ruleset: textOf(sections, 'ruleset'),
    saved: [textOf(sections, 'saved4'), textOf(sections, 'saved6')],
  }),
);

/** Xen and its domains, from facts-xen.sh. */
export const lookXen: LookPart = {
  runtime: ['facts.sh', 'facts-xen.sh'],
  lines: (asked) => [
    ...(asked('xen').length + asked('domains').length > 0 ? ['xp_look_domains'] : []),
    ...(asked('xen').length > 0 ? ['xp_collect xen xp_xen'] : []),
  ],
  read: (asked, sections) => {
    if (asked('xen').length + asked('domains').length === 0) return [];
    const toolstack = toolstackOf(sections);
    const domains = parseDomains({
      ...toolstack,
      vifs: textOf(sections, 'vifs'),
      whole: parseLines(textOf(sections, 'whole')),
    });
    const untold: Observation = { failure: 'the host did not tell its xen facts' };
    return [
      ...asked('domains').map((one) => [one, { answer: domains }] as const),
      ...asked('xen').map((one) => {
        const answer = parseXen(parseLines(textOf(sections, 'xen')), domains);
        return [one, sections.has('xen') ? { answer } : untold] as const;
      }),
    ];
  },
};

type Kind = 'system' | 'network' | 'firewalls';

/** Facts of one section, which has the name of their query. */
function lookFact<K extends Kind>(
  kind: K,
  runtime: RuntimeFile,
  parse: (lines: Lines, sections: Sections) => Answers[K],
): LookPart {
  return {
    runtime: ['facts.sh', runtime],
    lines: (asked) => (asked(kind).length === 0 ? [] : [`xp_collect ${kind} xp_${kind}`]),
    read: (asked, sections) =>
      asked(kind).map((one) => [
        one,
        sections.has(kind)
          ? { answer: parse(parseLines(textOf(sections, kind)), sections) }
          : { failure: `the host did not tell its ${kind} facts` },
      ]),
  };
}

/** The toolstack that answered, else the first that is installed. */
function toolstackOf(sections: Sections): {
  readonly toolstack: 'xl' | 'xm' | null;
  readonly domains: string | null;
} {
  const tools = (['xl', 'xm'] as const).filter((tool) => sections.has(`domains.${tool}`));
  const answering = tools.find((tool) => sections.get(`domains.${tool}`)?.status === 0);
  return {
    toolstack: answering ?? tools[0] ?? null,
    domains: answering === undefined ? null : textOf(sections, `domains.${answering}`),
  };
}

function textOf(sections: Sections, id: string): string {
  return asText(sections.get(id)?.body ?? '');
}
