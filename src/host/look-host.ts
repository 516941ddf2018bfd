import { splitHeaded } from './headed.ts';
import type { LookPart } from './look-part.ts';
import { checkedTool, normalParameter, parameterPath } from './names.ts';
import { quote, quoteAll } from './quote.ts';

const release = 'kernel.osrelease';

/** Kernel parameters: with the files, where there are any; their release without a program. */
export const lookParameters: LookPart = {
  runtime: ['look-files.sh'],
  lines: (asked) => {
    const names = asked('parameter').map(({ name }) => name);
    if (names.length === 0) return [];
    if (names.length === 1 && names[0] === release) return ['xp_section release xp_tell_release'];
    const hasFiles = asked('file').length + asked('directory').length > 0;
    const named = `XP_PARAMETERS=${quote(names.map(parameterPath).join(' '))}`;
    return [named, ...(hasFiles ? [] : ['xp_parameters'])];
  },
  read: (asked, sections) => {
    const told = sections.get('release')?.body;
    const found = splitHeaded(
      sections.get('headed')?.body ?? '',
      asked('parameter').map(({ name }) => parameterPath(name)),
    ).values;
    return asked('parameter').map((one) => {
      const text = found.get(parameterPath(one.name)) ?? (one.name === release ? told : undefined);
      return [one, { answer: text === undefined ? null : normalParameter(text) }];
    });
  },
};

/** Which commands there are. */
export const lookTools: LookPart = {
  runtime: [],
  lines: (asked) => {
    const names = asked('tool').map(({ name }) => checkedTool(name));
    return names.length === 0 ? [] : [`xp_collect tools xp_tools ${quoteAll(names)}`];
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
  runtime: [],
  lines: (asked) => (asked('session').length === 0 ? [] : ['xp_collect session xp_session']),
  read: (asked, sections) => {
    // `SSH_CONNECTION` is "client-ip client-port server-ip server-port" (ssh(1))
    const [peer = '', , address = ''] = (sections.get('session')?.body ?? '').split(' ');
    const answer = { peer: plainAddress(peer), address: plainAddress(address) };
    return asked('session').map((one) => [one, { answer }]);
  },
};

/** null for what is no address, and for one with a zone, which only its own host understands. */
function plainAddress(word: string): string | null {
  return /^[\da-f.:]+$/.test(word) ? word : null;
}
