import { chainsScript, parseChains } from './chains-text.ts';
import { cksum } from './cksum.ts';
import { parseFiles } from './file-state.ts';
import { parseInterfaces, parseRoutes, parseRules } from './ip-text.ts';
import { type Answers, type Query, type QueryOf, queryKey } from './query.ts';
import { quote, quoteAll } from './quote.ts';
import { runtime } from './runtime.ts';

/** The answer to one query, or why the host could not give it. */
export type Observation =
  | { readonly answer: Answers[Query['kind']] }
  | { readonly failure: string };

/** Section id -> status and body, as the host printed them. */
export type Sections = ReadonlyMap<string, { readonly status: number; readonly body: string }>;

/**
 * A program that asks all of these at once and cannot write. Send it to `sh -s` and keep the input
 * open. `isFirst`: the shell has not run one before, so the runtime goes along.
 * Its calling line is a syntax error when cut (safety.md, fact 7), so a cut stream runs nothing.
 */
export function compileLook(queries: readonly Query[], nonce: string, isFirst: boolean): string {
  const asked = groupByKind(queries);
  const lines: string[] = [];
  const files = asked('file');
  if (files.length > 0) lines.push(`xp_files ${quoteAll(files.map(({ path }) => path))}`);
  const parameters = asked('parameter');
  if (parameters.length > 0) {
    lines.push(`xp_parameters ${quoteAll(parameters.map(({ name }) => parameterPath(name)))}`);
  }
  const tools = asked('tool');
  if (tools.length > 0) {
    lines.push(`xp_section tools xp_tools ${quoteAll(tools.map(({ name }) => name))}`);
  }
  if (asked('interfaces').length > 0) lines.push('xp_section interfaces ip addr show');
  if (asked('rules').length > 0) lines.push('xp_section rules xp_list_rules');
  if (asked('routes').length > 0) lines.push('xp_section routes xp_list_routes');
  for (const [index, { chains }] of asked('chains').entries()) {
    lines.push(`xp_section chains${index} xp_list_chains ${quote(chainsScript(chains))}`);
  }
  if (asked('session').length > 0) lines.push('xp_section session xp_session');
  const setup = isFirst ? `xp_setup ${nonce}\n` : '';
  return (
    (isFirst ? runtime('look.sh') : '') +
    `xp_look() {\n${setup}${lines.join('\n')}\nxp_done\n}\n` +
    `case ${nonce} in ${nonce}) xp_look </dev/null ;; esac\n`
  );
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
  const observations = new Map<string, Observation>();
  const body = (id: string) => sections.get(id)?.body ?? '';

  const files = asked('file');
  const states = parseFiles(
    files.map(({ path }) => path),
    body('files'),
    body('contents'),
  );
  if (states === null) return null;
  for (const file of files) {
    const answer = states.get(file.path);
    if (answer !== undefined) observations.set(queryKey(file), { answer });
  }

  const values = parameterValues(body('parameters'));
  for (const parameter of asked('parameter')) {
    const answer = values.get(parameterPath(parameter.name)) ?? null;
    observations.set(queryKey(parameter), { answer });
  }
  const found = body('tools').split('\n');
  for (const [index, tool] of asked('tool').entries()) {
    observations.set(queryKey(tool), { answer: found[index] === 'yes' });
  }
  for (const [index, chains] of asked('chains').entries()) {
    const text = body(`chains${index}`);
    const parsed = parseChains(text, chains.chains, cksum(text));
    const observation = 'state' in parsed ? { answer: parsed.state } : parsed;
    observations.set(queryKey(chains), observation);
  }

  const fromIp = (kind: 'interfaces' | 'rules' | 'routes', read: (text: string) => Observation) => {
    if (asked(kind).length === 0) return;
    const section = sections.get(kind);
    observations.set(
      kind,
      section?.status === 0
        ? read(section.body)
        : { failure: ipFailure(kind, section?.status ?? null) },
    );
  };
  fromIp('interfaces', (text) => ({ answer: parseInterfaces(text) }));
  fromIp('rules', (text) => ({
    answer: { entries: parseRules(text), fingerprint: cksum(text) },
  }));
  fromIp('routes', (text) => ({
    answer: { entries: parseRoutes(text), fingerprint: cksum(text) },
  }));
  if (asked('session').length > 0) {
    observations.set('session', { answer: { peer: peerOf(body('session')) } });
  }
  return observations;
}

/**
 * `/proc/sys` path of a sysctl name; a dot inside an interface name is written as a slash there
 * (sysctl.d(5)). Throws for names that leave /proc/sys.
 */
export function parameterPath(name: string): string {
  if (!/^[\w@-]+([./][\w@-]+)+$/.test(name)) throw new Error(`not a kernel parameter: ${name}`);
  const swapped = name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
  return `/proc/sys/${swapped}`;
}

/** Queries without repetitions, by kind, in order. */
function groupByKind(queries: readonly Query[]) {
  const unique = [...new Map(queries.map((asked) => [queryKey(asked), asked])).values()];
  return <K extends Query['kind']>(kind: K): QueryOf<K>[] =>
    unique.filter((asked): asked is QueryOf<K> => asked.kind === kind);
}

function parameterValues(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const path = line.slice(0, colon);
    const value = line.slice(colon + 1);
    const before = values.get(path);
    values.set(path, before === undefined ? value : `${before}\n${value}`);
  }
  return values;
}

/** `SSH_CONNECTION` is "client-ip client-port server-ip server-port" (ssh(1)). */
function peerOf(connection: string): string | null {
  const peer = connection.split(' ')[0] ?? '';
  return /^[\d.]+$/.test(peer) ? peer : null;
}

function ipFailure(kind: string, status: number | null): string {
  return status === 127
    ? "iproute2 is not installed (looked for 'ip')"
    : `'ip' could not list the ${kind} (status ${status ?? 'unknown'})`;
}
