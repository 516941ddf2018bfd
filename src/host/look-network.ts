import { parseInterfaces } from './interfaces-text.ts';
import { batchLine, unbatched } from './ip-batch.ts';
import { isIpv6 } from './ip-words.ts';
import { type Asked, asText, type LookPart, type Observation, type Section } from './look-part.ts';
import { checkedAddress, checkedInterface, checkedPath } from './names.ts';
import { parsePath } from './path-text.ts';
import { parseProxies } from './proxies-text.ts';
import { type Answers, type Family, type Query, type QueryOf, queryKey } from './query.ts';
import { quote } from './quote.ts';
import { parseRoutes, settledRoutes } from './routes-text.ts';
import { parseRules } from './rules-text.ts';
import { sums } from './sums.ts';

/** Links, rules, routes, proxy neighbours and the ways of packets, from `ip`. */
export const lookNetwork: LookPart = {
  runtime: [],
  lines: (asked) => {
    const { always, paths: places, ifThere } = conditions(asked);
    const paths = asked('path').map(
      (one, index) => `xp_section path${index} xp_path ${pathWords(one)}`,
    );
    const further = listings(ifThere);
    return [
      ...listings(always),
      ...(further.length === 0
        ? []
        : [
            `if ${places.map((path) => `[ -e ${quote(path)} ]`).join(' || ')}; then`,
            ...further,
            'fi',
          ]),
      ...paths,
    ];
  },
  read: (asked, found) => {
    const sections = unbatched(found);
    const isLeftOut = (one: Conditional, id: string) =>
      one.ifThere !== undefined && !sections.has(id);
    return [
      ...asked('interfaces').map((one) => {
        if (isLeftOut(one, one.kind)) return [one, { answer: [] }] as const;
        return [one, listing('interfaces', sections.get(one.kind), parseInterfaces)] as const;
      }),
      ...asked('rules').map((one) => {
        const section = sections.get(`rules${one.family}`);
        return [one, listing('rules', section, entriesBy(parseRules))] as const;
      }),
      ...asked('routes').map((one) => {
        const id = `routes${one.family}`;
        if (isLeftOut(one, id))
          return [one, { answer: { entries: [], fingerprint: null } }] as const;
        const parse = (text: string) => parseRoutes(text, one.family);
        const section = settled(sections.get(id), one.family);
        return [one, listing('routes', section, entriesBy(parse))] as const;
      }),
      ...asked('proxies').map((one) => {
        if (isLeftOut(one, one.kind)) return [one, { answer: [] }] as const;
        return [one, proxies(sections.get(one.kind))] as const;
      }),
      ...asked('path').map((one, index) => [one, path(sections.get(`path${index}`))] as const),
    ];
  },
};

type Conditional = QueryOf<'interfaces' | 'routes' | 'proxies'>;

/** What is asked in any case, and what is asked only where there is something at one of these paths. */
function conditions(asked: Asked): {
  readonly always: Asked;
  readonly paths: readonly string[];
  readonly ifThere: Asked;
} {
  const all: readonly Conditional[] = [
    ...asked('interfaces'),
    ...asked('routes'),
    ...asked('proxies'),
  ];
  const keyOf = ({ ifThere: _, ...one }: Conditional) => queryKey(one);
  const always = all.filter(({ ifThere }) => ifThere === undefined);
  const others = all.filter(
    (one) => one.ifThere !== undefined && !always.some((each) => queryKey(each) === keyOf(one)),
  );
  const unique = [...new Map(others.map((one) => [keyOf(one), one])).values()];
  const only =
    (chosen: readonly Query[]): Asked =>
    <K extends Query['kind']>(kind: K) =>
      chosen.filter((one): one is QueryOf<K> => one.kind === kind);
  return {
    always: only([...always, ...asked('rules')]),
    paths: [...new Set(others.flatMap(({ ifThere }) => ifThere ?? []))].map(checkedPath),
    ifThere: only(unique),
  };
}

/** All in one `ip`, if that can. */
function listings(asked: Asked): readonly string[] {
  const lines = [
    ...asked('interfaces').map(() => 'xp_section interfaces ip addr show'),
    ...asked('rules').map(listRules),
    ...asked('routes').map(({ family }) => `xp_section routes${family} xp_list_routes ${family}`),
    ...asked('proxies').map(() => 'xp_section proxies xp_list_proxies'),
  ];
  const batch = batchLine(asked);
  if (batch === null) return lines;
  const others = asked('rules').filter(({ family }) => family === 6);
  const alone = others.map(listRules);
  const batched = lines.filter((line) => !alone.includes(line));
  return [`${batch} || {`, ...batched, '}', ...alone];
}

function listRules({ family }: QueryOf<'rules'>): string {
  return `xp_section rules${family} xp_list_rules ${family}`;
}

function entriesBy<Entry>(parse: (text: string) => readonly Entry[]) {
  return (text: string, bytes: string) => ({
    entries: parse(text),
    get fingerprint() {
      return sums(bytes); // of no use where nothing is to be done
    },
  });
}

function settled(section: Section | undefined, family: Family): Section | undefined {
  return section === undefined || family === 4
    ? section
    : { ...section, body: settledRoutes(section.body) };
}

function listing(
  subject: string,
  section: Section | undefined,
  read: (text: string, bytes: string) => Answers['interfaces' | 'rules' | 'routes' | 'proxies'],
): Observation {
  if (section?.status === 0) return { answer: read(asText(section.body), section.body) };
  return {
    failure: `'ip' could not list the ${subject} (status ${section?.status ?? 'unknown'})`,
  };
}

/** Status of `xp_list_proxies` for an `ip` that has no such listing. */
const unknownListing = 3;

function proxies(section: Section | undefined): Observation {
  return section?.status === unknownListing
    ? { answer: null }
    : listing('proxy neighbours', section, parseProxies);
}

/** That there is no way is an answer too. */
function path(section: Section | undefined): Observation {
  if (section === undefined || section.status === 127) {
    return { failure: "'ip' could not be asked for a path" };
  }
  return { answer: parsePath(asText(section.body)) };
}

function pathWords({ from, iif, to }: QueryOf<'path'>): string {
  return [
    ...[isIpv6(to) ? '6' : '4', 'route', 'get', checkedAddress(to)],
    ...(from === null ? [] : ['from', checkedAddress(from)]),
    ...(iif === null ? [] : ['iif', checkedInterface(iif)]),
  ].join(' ');
}
