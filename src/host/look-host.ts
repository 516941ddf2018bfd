import type { LookPart } from './look-part.ts';
import { checkedTool, normalParameter, parameterPath } from './names.ts';
import { quoteAll } from './quote.ts';

/** Kernel parameters. */
export const lookParameters: LookPart = {
  runtime: null,
  lines: (asked) => {
    const paths = asked('parameter').map(({ name }) => parameterPath(name));
    return paths.length === 0 ? [] : [`xp_parameters ${quoteAll(paths)}`];
  },
  read: (asked, sections) => {
    const found = parseParameters(sections.get('parameters')?.body ?? '');
    return asked('parameter').map((one) => [
      one,
      { answer: found.get(parameterPath(one.name)) ?? null },
    ]);
  },
};

/** Which commands there are. */
export const lookTools: LookPart = {
  runtime: null,
  lines: (asked) => {
    const names = asked('tool').map(({ name }) => checkedTool(name));
    return names.length === 0 ? [] : [`xp_section tools xp_tools ${quoteAll(names)}`];
  },
  read: (asked, sections) => {
    const lines = (sections.get('tools')?.body ?? '').split('\n');
    const found = lines.filter((line) => line === 'yes' || line === 'no');
    if (found.length !== asked('tool').length) return null;
    return asked('tool').map((one, index) => [one, { answer: found[index] === 'yes' }]);
  },
};

/** Who is connected. */
export const lookSession: LookPart = {
  runtime: null,
  lines: (asked) => (asked('session').length === 0 ? [] : ['xp_section session xp_session']),
  read: (asked, sections) => {
    // `SSH_CONNECTION` is "client-ip client-port server-ip server-port" (ssh(1))
    const [peer = '', , address = ''] = (sections.get('session')?.body ?? '').split(' ');
    const answer = { peer: plainAddress(peer), address: plainAddress(address) };
    return asked('session').map((one) => [one, { answer }]);
  },
};

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

/** null for what is no address, and for one with a zone, which only its own host understands. */
function plainAddress(word: string): string | null {
  return /^[\da-f.:]+$/.test(word) ? word : null;
}
