import { chainsScript, parseChains } from './chains-text.ts';
import { parseFiles } from './file-state.ts';
import { parseInterfaces } from './interfaces-text.ts';
import { checkedPath, checkedTool, normalParameter, parameterPath } from './names.ts';
import { compound } from './program.ts';
import { type Answers, type Query, type QueryOf, queryKey } from './query.ts';
import { quote, quoteAll } from './quote.ts';
import { parseRoutes } from './routes-text.ts';
import { parseRules } from './rules-text.ts';
import { sums } from './sums.ts';

/** The answer to one query, or why the host could not give it. */
export type Observation =
  | { readonly answer: Answers[Query['kind']] }
  | { readonly failure: string };

interface Section {
  readonly status: number;
  /** Bytes as latin1 text. */
  readonly body: string;
}

/** What the host printed, by section id. */
export type Sections = ReadonlyMap<string, Section>;

/**
 * A program that asks all of these at once and cannot write. Send it to `sh -s` and keep the input
 * open. `isFirst`: the shell has not run one before, so the runtime goes along.
 * Throws for a path, parameter, tool or chain that no step may name.
 */
export function compileLook(queries: readonly Query[], nonce: string, isFirst: boolean): string {
  const setup = isFirst ? [`xp_setup ${quote(nonce)}`] : [];
  return compound(isFirst ? 'look.sh' : null, [...setup, ...lookLines(queries)]);
}

/** The lines that ask all of these, for a program that goes to a shell with the runtime. */
export function lookLines(queries: readonly Query[]): string[] {
  const asked = groupByKind(queries);
  const lines: string[] = [];
  const files = asked('file');
  if (files.length > 0) {
    lines.push(`xp_files ${quoteAll(files.map(({ path }) => checkedPath(path)))}`);
  }
  const parameters = asked('parameter');
  if (parameters.length > 0) {
    lines.push(`xp_parameters ${quoteAll(parameters.map(({ name }) => parameterPath(name)))}`);
  }
  const tools = asked('tool');
  if (tools.length > 0) {
    lines.push(`xp_section tools xp_tools ${quoteAll(tools.map(({ name }) => checkedTool(name)))}`);
  }
  if (asked('interfaces').length > 0) lines.push('xp_section interfaces ip addr show');
  for (const { family } of asked('rules')) {
    lines.push(`xp_section rules${family} xp_list_rules ${family}`);
  }
  for (const { family } of asked('routes')) {
    lines.push(`xp_section routes${family} xp_list_routes ${family}`);
  }
  for (const [index, { family, chains }] of asked('chains').entries()) {
    lines.push(`xp_section chains${index} xp_list_chains ${family} ${quote(chainsScript(chains))}`);
  }
  if (asked('session').length > 0) lines.push('xp_section session xp_session');
  return ['xp_look() {', ...lines, 'xp_done', '}', 'xp_look </dev/null'];
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
  const body = (id: string) => sections.get(id)?.body ?? '';
  const files = parseFiles(
    asked('file').map(({ path }) => path),
    { types: body('files'), contents: body('contents'), sumLines: body('sums') },
  );
  const toolNames = asked('tool').map(({ name }) => name);
  const tools = parseTools(toolNames, body('tools'));
  if (files === null || tools === null) return null;
  const parameters = parseParameters(body('parameters'));

  const observe = (one: Query): Observation => {
    switch (one.kind) {
      case 'file':
        return { answer: files.get(one.path) ?? { type: 'absent' } };
      case 'tool':
        return { answer: tools.get(one.name) ?? false };
      case 'parameter':
        return { answer: parameters.get(parameterPath(one.name)) ?? null };
      case 'chains':
        return observeChains(one.chains, sections.get(`chains${asked('chains').indexOf(one)}`));
      case 'interfaces':
        return observeListing(one.kind, sections.get(one.kind), parseInterfaces);
      case 'rules':
        return observeListing(
          one.kind,
          sections.get(`${one.kind}${one.family}`),
          (text, fingerprint) => ({
            entries: parseRules(text),
            fingerprint,
          }),
        );
      case 'routes':
        return observeListing(
          one.kind,
          sections.get(`${one.kind}${one.family}`),
          (text, fingerprint) => ({
            entries: parseRoutes(text),
            fingerprint,
          }),
        );
      case 'directory':
      case 'proxies':
      case 'path':
      case 'nft':
      case 'system':
      case 'network':
      case 'firewalls':
      case 'xen':
        return { failure: `${one.kind} can't be looked at yet` };
      case 'session':
        return { answer: { peer: peerOf(body('session')) } };
    }
  };
  return new Map(kinds.flatMap(asked).map((one) => [queryKey(one), observe(one)]));
}

/** In the order in which they are asked. */
const kinds = [
  ...(['file', 'parameter', 'tool', 'interfaces', 'rules', 'routes'] as const),
  ...(['chains', 'session'] as const),
];

/** Without repetitions. */
function groupByKind(queries: readonly Query[]) {
  const unique = [...new Map(queries.map((asked) => [queryKey(asked), asked])).values()];
  return <K extends Query['kind']>(kind: K): QueryOf<K>[] =>
    unique.filter((asked): asked is QueryOf<K> => asked.kind === kind);
}

function parseTools(names: readonly string[], text: string): ReadonlyMap<string, boolean> | null {
  const found = text.split('\n').filter((line) => line === 'yes' || line === 'no');
  if (found.length !== names.length) return null;
  return new Map(names.map((name, index) => [name, found[index] === 'yes']));
}

/** Lines `PATH:TEXT` of grep, several for a value of several lines. */
function parseParameters(text: string): ReadonlyMap<string, string> {
  const lines = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const path = line.slice(0, colon);
    const found = lines.get(path) ?? [];
    found.push(line.slice(colon + 1));
    lines.set(path, found);
  }
  return new Map([...lines].map(([path, found]) => [path, normalParameter(found.join(' '))]));
}

function observeChains(listed: readonly string[], section: Section | undefined): Observation {
  if (section?.status !== 0) return { failure: 'the chains of the firewall could not be listed' };
  const parsed = parseChains(asText(section.body), listed, sums(section.body));
  return 'state' in parsed ? { answer: parsed.state } : parsed;
}

function observeListing(
  kind: 'interfaces' | 'rules' | 'routes',
  section: Section | undefined,
  read: (text: string, fingerprint: string) => Answers[typeof kind],
): Observation {
  if (section?.status === 0) return { answer: read(asText(section.body), sums(section.body)) };
  return {
    failure:
      section?.status === 127
        ? "iproute2 is not installed (looked for 'ip')"
        : `'ip' could not list the ${kind} (status ${section?.status ?? 'unknown'})`,
  };
}

/** Names are bytes to the kernel; what is no UTF-8 among them matches nothing of ours. */
function asText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** `SSH_CONNECTION` is "client-ip client-port server-ip server-port" (ssh(1)). */
function peerOf(connection: string): string | null {
  const peer = connection.split(' ')[0] ?? '';
  return /^[\d.]+$/.test(peer) ? peer : null;
}
