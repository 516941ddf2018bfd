import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type ConfigLine, configError } from './openssh-config-lines.ts';
import { matchesPatternList, matchesPatterns } from './pattern.ts';

/** What a `Match` line asks about: the configuration as far as it was read. */
export interface MatchState {
  /** Where the host is, as far as that is known. */
  readonly host: string;
  readonly originalHost: string;
  readonly user: string;
  readonly localUser: string;
  readonly tag: string;
  readonly isFinal: boolean;
  /** Whether a command of the user's exits with 0; asked only when all before it has matched. */
  exec(command: string): Promise<boolean>;
}

/** Whether a `Match` line matches, and whether it asks for the files to be read once more. */
export interface MatchResult {
  readonly isMatch: boolean;
  readonly wantsFinal: boolean;
}

/** Attributes that have a value; of these, `attribute=value` is one word. */
const withValue =
  /^(!?(?:host|originalhost|user|localuser|localnetwork|version|tagged|command|sessiontype|exec))=(.*)$/i;

/**
 * Judges a `Match` line (ssh_config(5), Match). A host is always worked on by a command without a name: `command`
 * is empty, `sessiontype` is exec. Throws `ConnectionError` (`config`) for what ssh would refuse.
 */
export async function judgeMatch(line: ConfigLine, state: MatchState): Promise<MatchResult> {
  const words = line.args.flatMap((word) => {
    const pair = withValue.exec(word);
    return pair === null ? [word] : [pair[1] ?? '', pair[2] ?? ''];
  });
  let isMatch = true;
  let wantsFinal = false;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    const isNegated = word.startsWith('!');
    const attribute = word.slice(isNegated ? 1 : 0).toLowerCase();
    if (attribute === 'all') {
      if (i !== words.length - 1 || !isAllAllowed(words)) {
        throw configError(line.at, 'Match all stands alone');
      }
      if (isNegated) isMatch = false;
    } else if (attribute === 'canonical' || attribute === 'final') {
      if (attribute === 'final' && !isNegated) wantsFinal = true;
      if (state.isFinal === isNegated) isMatch = false;
    } else {
      i += 1;
      const wanted = words[i];
      if (wanted === undefined || (wanted === '' && !mayBeEmpty.includes(attribute))) {
        throw configError(line.at, `Match ${attribute} wants a value`);
      }
      const mayAsk = isMatch || attribute !== 'exec';
      if (mayAsk && (await test(attribute, wanted, line, state)) === isNegated) isMatch = false;
    }
  }
  return { isMatch, wantsFinal };
}

const mayBeEmpty: readonly string[] = ['tagged', 'command'];

async function test(
  attribute: string,
  wanted: string,
  line: ConfigLine,
  state: MatchState,
): Promise<boolean> {
  switch (attribute) {
    case 'host':
      return matchesPatternList(wanted, state.host.toLowerCase());
    case 'originalhost':
      return matchesPatternList(wanted, state.originalHost.toLowerCase());
    case 'user':
      return matchesPatterns(wanted.split(','), state.user);
    case 'localuser':
      return matchesPatterns(wanted.split(','), state.localUser);
    case 'tagged':
      return matchesText(wanted, state.tag);
    case 'command':
      return matchesText(wanted, '');
    case 'sessiontype':
      return matchesPatterns(wanted.split(','), 'exec');
    case 'localnetwork':
      return isOnNetwork(wanted, line);
    case 'exec':
      return state.exec(wanted);
    case 'version':
      throw configError(
        line.at,
        'Match version asks for a version of ssh, which xpush has none of',
      );
    default:
      throw configError(line.at, `Match ${attribute} is not understood here`);
  }
}

/** An empty text is matched by an empty pattern only. */
function matchesText(wanted: string, text: string): boolean {
  return text === '' ? wanted === '' : matchesPatterns(wanted.split(','), text);
}

function isAllAllowed(words: readonly string[]): boolean {
  return words.slice(0, -1).every((word) => /^!?(canonical|final)$/i.test(word));
}

/** Whether this machine has an address in one of the networks `10.0.0.0/8,...`. */
function isOnNetwork(list: string, line: ConfigLine): boolean {
  const networks = new BlockList();
  for (const entry of list.split(',')) {
    const [address = '', bits, more] = entry.split('/');
    const version = isIP(address);
    const prefix = Number(bits ?? (version === 4 ? 32 : 128));
    if (
      version === 0 ||
      more !== undefined ||
      bits === '' ||
      !(prefix <= (version === 4 ? 32 : 128))
    ) {
      throw configError(line.at, `Match localnetwork wants networks, not "${entry}"`);
    }
    networks.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6');
  }
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some(({ address, family }) => networks.check(address, family === 'IPv4' ? 'ipv4' : 'ipv6'));
}
