import { byTable } from '../host/chains-text.ts';
import type { Change, RoutingOperation } from '../host/change.ts';
import { withAttributes } from '../host/entries-after.ts';
import type {
  ChainsState,
  Entry,
  Family,
  FileState,
  FoundEntry,
  NftChain,
  NftState,
} from '../host/query.ts';
import { routingWords } from '../host/routing-words.ts';
import { chainsAfter } from '../host/state.ts';
import { sums } from '../host/sums.ts';
import type { ChangeRecord } from './events.ts';

/** A change as the views show it: what it is about, and the texts of a diff. */
export function recordOf(change: Change): ChangeRecord {
  switch (change.kind) {
    case 'write':
      return record(
        'write',
        change.path,
        change.path,
        fileText(change.before),
        decode(change.content),
      );
    case 'send': {
      const { path, source, mode } = change;
      const kept = change.before.type === 'file' ? change.before.mode : 0o644;
      const after = contentText(source.size, source.sums, mode ?? kept);
      return record('send', path, path, stateText(change.before), after);
    }
    case 'remove':
      return record('remove', change.path, change.path, fileText(change.before), '');
    case 'directory':
      return record(change.kind, change.path, change.path, '', `${change.path}/\n`);
    case 'nft':
      return record('nft', 'nftables ruleset', null, nftText(change.before), nftText(change.after));
    case 'parameter': {
      const { name, before, value } = change;
      return record(change.kind, name, null, `${name} = ${before}\n`, `${name} = ${value}\n`);
    }
    case 'routing': {
      const lines = (verb: 'delete' | 'other') =>
        change.operations
          .filter((operation) => (operation.verb === 'delete') === (verb === 'delete'))
          .map((operation) => `${routingLine(operation, change.family)}\n`)
          .join('');
      return record(
        'routing',
        `${change.family === 6 ? 'IPv6 ' : ''}addresses, routes and rules`,
        null,
        lines('delete'),
        lines('other'),
      );
    }
    case 'chains':
      return record(
        'chains',
        change.family === 4 ? 'iptables' : 'ip6tables',
        null,
        chainsText(change.before),
        chainsText(chainsAfter(change, change.before)),
      );
    case 'link': {
      const { path, target, before } = change;
      return record('link', path, path, linkText(before), `-> ${target}\n`);
    }
    case 'attributes': {
      const { path, before } = change;
      return record(
        'attributes',
        path,
        path,
        ownText(before),
        ownText(withAttributes(before, change)),
      );
    }
    case 'tree': {
      const names = [...change.before.entries.keys()].map((name) => `${name}\n`).join('');
      return record('tree', change.path, change.path, names, '');
    }
    case 'call':
      return record('call', change.subject, null, `${change.before}\n`, `${change.after}\n`);
    case 'command':
      return record('command', commandLine(change), null, null, null);
  }
}

/** `route DESTINATION ...`; as of `ip`, lines of IPv6 begin with `-6`. */
function routingLine(operation: RoutingOperation, family: Family): string {
  const words = routingWords(operation).replace(/^(\w+) \w+/, '$1');
  return family === 4 ? words : `-6 ${words}`;
}

/** A command as its author wrote it. */
export function commandLine({ argv }: Pick<Extract<Change, { kind: 'command' }>, 'argv'>): string {
  const [program, option, line] = argv;
  return program === '/bin/sh' && option === '-c' && line !== undefined ? line : argv.join(' ');
}

function nftText({ bases, chains }: NftState): string {
  const text = ({ family, table, chain, rules }: NftChain, ending: string): string =>
    [`chain ${family} ${table} ${chain}${ending}`, ...rules.map((rule) => `  ${rule}`), ''].join(
      '\n',
    );
  return [
    ...bases.map((one) => text(one, ` policy ${one.policy}`)),
    ...chains.map((one) => text(one, '')),
  ].join('');
}

function record(
  kind: ChangeRecord['kind'],
  subject: string,
  path: string | null,
  before: string | null,
  after: string | null,
): ChangeRecord {
  return { kind, subject, path, before, after };
}

/** The text of a file; null when it is too large or no text. */
function fileText(state: FileState): string | null {
  if (state.type === 'absent') return '';
  return state.type === 'file' && state.content !== null ? decode(state.content) : null;
}

/** What a diff shows of a large file. */
function contentText(size: number, contentSums: string, mode: number): string {
  const [sha256 = '*', crc = '*'] = contentSums.split(' ');
  const sum = sha256 === '*' ? `cksum ${crc}` : `sha256 ${sha256}`;
  return `${size} bytes\n${sum}\nmode ${mode.toString(8).padStart(4, '0')}\n`;
}

function stateText(state: FileState): string {
  if (state.type !== 'file') return '';
  const { size, mode, content } = state;
  return contentText(size, content === null ? state.sums : sums(content), mode);
}

/** As commands would say it. */
function chainsText({ chains, policies }: ChainsState): string {
  return byTable([...chains.keys()])
    .flatMap(({ table, chains: listed }) => {
      const isFilter = table === 'filter';
      return listed.flatMap(({ name, chain }) => {
        const policy = policies.get(name);
        return [
          ...(isFilter && policy !== undefined ? [`-P ${chain} ${policy}\n`] : []),
          ...(chains.get(name) ?? []).map(
            (rule) => `${isFilter ? '' : `-t ${table} `}-A ${chain} ${rule}\n`,
          ),
        ];
      });
    })
    .join('');
}

function linkText(entry: Entry): string {
  if (entry.type === 'absent') return '';
  return entry.type === 'link' ? `-> ${entry.target ?? '?'}\n` : `${entry.type}\n`;
}

/** Whose it is, and who may do what with it. */
function ownText({ type, mode, owner, uid, group, gid }: FoundEntry): string {
  const bits = type === 'link' ? '' : `mode ${mode.toString(8).padStart(4, '0')}\n`;
  return `owner ${owner ?? uid ?? '?'}\ngroup ${group ?? gid ?? '?'}\n${bits}`;
}

/** Bytes as text, when they are UTF-8. */
function decode(bytes: string): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return null;
  }
}
