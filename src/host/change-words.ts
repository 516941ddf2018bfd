import { swapWords } from './chains-words.ts';
import {
  type CallCommand,
  type Change,
  isCommand,
  mustTravel,
  type RunCommand,
  type SendFile,
  type WriteFile,
} from './change.ts';
import { commandText } from './command-text.ts';
import { attributeWords, linkWords, treeWords } from './entry-words.ts';
import { fileFingerprint, fingerprintAfter } from './file-state.ts';
import { checkedPath, normalParameter, parameterPath, trimmedPath } from './names.ts';
import { nftWords } from './nft-words.ts';
import { isPlainText } from './quote.ts';
import { routingWords } from './routing-words.ts';
import type { RuntimeFile } from './runtime.ts';
import { sums } from './sums.ts';

/** Runtime files that a kind of change needs besides look.sh and act.sh; functions that look come first. */
const needed: Partial<Record<Change['kind'], readonly RuntimeFile[]>> = {
  send: ['act-send.sh'],
  link: ['act-entries.sh'],
  attributes: ['act-entries.sh'],
  tree: ['act-entries.sh'],
  parameter: ['act-parameter.sh'],
  routing: ['act-parameter.sh', 'act-routing.sh'],
  chains: ['chains.sh', 'act-chains.sh'],
  nft: ['nft.sh', 'act-nft.sh'],
  command: ['run.sh', 'act-command.sh'],
  call: ['run.sh', 'act-command.sh'],
};

/** Runtime files that make these changes. */
export function runtimeOf(changes: readonly Change[]): readonly RuntimeFile[] {
  return ['act.sh', 'act-files.sh', ...changes.flatMap(({ kind }) => needed[kind] ?? [])];
}

/**
 * A call of the runtime (runtime/act.sh), word by word; `stage`: what a file that was sent is found by.
 * Throws for what no step may name.
 */
export function wordsOf(change: Change, stage: string | null = null): readonly string[] {
  switch (change.kind) {
    case 'write':
      return ['xp_write', ...writeWords(change)];
    case 'send':
      return sendWords(change, stage);
    case 'remove':
      return ['xp_remove', ...removeWords(change)];
    case 'directory':
      return ['xp_make_directory', trimmedPath(change.path), change.mode.toString(8)];
    case 'nft':
      return nftWords(change);
    case 'parameter': {
      const { name, before, value } = change;
      return ['xp_parameter', parameterPath(name), before, value, normalParameter(value)];
    }
    case 'routing': {
      const { rules, routes } = change.before;
      const operations = change.operations.map(routingWords);
      return [
        ...['xp_routing', `${change.family}`],
        ...[rules.fingerprint ?? '', routes.fingerprint ?? '', ...operations],
      ];
    }
    case 'chains':
      return swapWords(change);
    case 'link':
      return linkWords(change);
    case 'attributes':
      return attributeWords(change);
    case 'tree':
      return treeWords(change);
    case 'command':
      return ['xp_command', ...commandWords(change)];
    case 'call':
      return [change.isBrief ? 'xp_brief' : 'xp_command', ...commandWords(change)];
  }
}

/** `PATH BEFORE AFTER MODE ENCODING CONTENT`. */
export function writeWords({ path, content, mode, before }: WriteFile): readonly string[] {
  return [...replacingWords({ path, mode, before }, sums(content)), ...encoded(content)];
}

/** `PATH BEFORE AFTER MODE`. */
function replacingWords(
  { path, mode, before }: Pick<WriteFile, 'path' | 'mode' | 'before'>,
  contentSums: string,
): readonly [string, string, string, string] {
  const newMode = mode ?? (before.type === 'absent' ? 0o644 : null);
  return [
    checkedPath(path),
    fileFingerprint(before),
    fingerprintAfter(before, newMode, contentSums),
    newMode === null ? '' : newMode.toString(8).padStart(4, '0'),
  ];
}

function sendWords(change: SendFile, stage: string | null): readonly string[] {
  const [path, before, after, mode] = replacingWords(change, change.source.sums);
  if (!mustTravel(change)) return ['xp_mode', path, before, mode];
  if (stage === null) throw new Error(`${path} was not sent before`);
  return ['xp_send', path, before, after, mode, `${change.source.size}`, stage];
}

/** `PATH BEFORE`. */
export function removeWords({
  path,
  before,
}: Extract<Change, { kind: 'remove' }>): readonly string[] {
  return [checkedPath(path), fileFingerprint(before)];
}

/** Whether something that it writes or says needs a decoder on the host. */
export function travelsEncoded(change: Change): boolean {
  if (change.kind === 'write') return !isPlainText(change.content);
  return isCommand(change) && inputWords(change)[0] === 'base64';
}

/** Bytes as act.sh takes them, `ENCODING CONTENT`: readable where they can be. */
export function encoded(bytes: string): readonly [string, string] {
  return isPlainText(bytes) ? ['text', bytes] : ['base64', base64Lines(bytes)];
}

/** `SECONDS STATUSES ENCODING INPUT TEXT`. */
function commandWords(change: RunCommand | CallCommand): readonly string[] {
  const { timeoutSeconds, okStatuses } = change;
  return [
    timeoutSeconds === null ? '' : `${Math.max(1, Math.ceil(timeoutSeconds))}`,
    okStatuses.join(' '),
    ...inputWords(change),
    commandText(change, change.kind === 'command' ? change.umask : null),
  ];
}

/** How standard input travels, and as what; no encoding: it is empty. */
function inputWords({ stdin }: Pick<RunCommand, 'stdin'>): readonly [string, string] {
  if (stdin === null) return ['', ''];
  return encoded(asBytes(typeof stdin === 'string' ? stdin : stdin.reveal()));
}

/** The UTF-8 bytes of a text, as latin1 text. */
export function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function base64Lines(bytes: string): string {
  const encodedBytes = Buffer.from(bytes, 'latin1').toString('base64');
  return (encodedBytes.match(/.{1,64}/g) ?? []).map((line) => `${line}\n`).join('');
}
