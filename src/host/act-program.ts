import { swapWords } from './chains-words.ts';
import type { Change, RunCommand, WriteFile } from './change.ts';
import { fileFingerprint, fingerprintAfter } from './file-state.ts';
import { lookOf } from './look-program.ts';
import { checkedPath, normalParameter, parameterPath, trimmedPath } from './names.ts';
import { nftWords } from './nft-words.ts';
import { compound, type Program } from './program.ts';
import type { Query } from './query.ts';
import { isPlainText, quote, quoteAll } from './quote.ts';
import { routingWords } from './routing-words.ts';
import type { RuntimeFile } from './runtime.ts';
import type { Holder } from './window.ts';

/** Status of a section whose change was refused since the state is not the one planned from. */
export const staleStatus = 75;

/** A change with the id of the section that will tell how it went. */
export interface Act {
  readonly id: string;
  readonly change: Change;
}

/** Runtime files that changes need besides look.sh and act.sh; functions that look come first. */
const filesOf: Partial<Record<Change['kind'], readonly RuntimeFile[]>> = {
  routing: ['act-routing.sh'],
  chains: ['chains.sh', 'act-chains.sh'],
  nft: ['nft.sh', 'act-nft.sh'],
};

/**
 * A program that makes these changes in order, stops at the first that fails, and then asks these
 * queries. It goes to the shell that ran the look program, once that was answered; nothing may
 * follow it before it has answered. It stops before its next change when its input ends.
 * `known`: what the shell has seen.
 */
export function compileAct(
  acts: readonly Act[],
  known: ReadonlySet<RuntimeFile>,
  thenLook: readonly Query[] = [],
  _holder: Holder | null = null,
): Program {
  const calls = acts.map(
    ({ id, change }) => `xp_do ${quote(id)} ${quoteAll(wordsOf(change))} || return`,
  );
  const look = lookOf(thenLook);
  const files = [
    ...look.files,
    'act.sh' as const,
    ...acts.flatMap(({ change }) => filesOf[change.kind] ?? []),
  ];
  return compound(files, known, [
    ...['xp_changes() {', ':', ...calls, '}'],
    ...['xp_watch', 'xp_changes', 'xp_unwatch', 'xp_done'],
    ...(thenLook.length > 0 ? look.lines : []),
  ]);
}

/** A call of the runtime (runtime/act.sh). */
function wordsOf(change: Change): readonly string[] {
  switch (change.kind) {
    case 'write':
      return writeWords(change);
    case 'remove':
      return ['xp_remove', checkedPath(change.path), fileFingerprint(change.before)];
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
    case 'command':
      return ['xp_command', change.directory ?? '', ...inputWords(change), ...change.argv];
  }
}

function writeWords({ path, content, mode, before }: WriteFile): readonly string[] {
  const isNew = before.type === 'absent';
  const newMode = mode ?? (isNew ? 0o644 : null);
  return [
    'xp_write',
    checkedPath(path),
    fileFingerprint(before),
    fingerprintAfter(before, newMode, content),
    newMode === null ? '' : newMode.toString(8).padStart(4, '0'),
    ...encoded(content),
  ];
}

/** How standard input travels, and as what; no encoding: it is empty. */
function inputWords({ stdin }: RunCommand): readonly [string, string] {
  if (stdin === null) return ['', ''];
  const text = typeof stdin === 'string' ? stdin : stdin.reveal();
  return encoded(Buffer.from(text).toString('latin1'));
}

/** Bytes as act.sh takes them: readable where they can be. */
function encoded(bytes: string): readonly [string, string] {
  return isPlainText(bytes) ? ['text', bytes] : ['base64', base64Lines(bytes)];
}

function base64Lines(bytes: string): string {
  const encoded = Buffer.from(bytes, 'latin1').toString('base64');
  return (encoded.match(/.{1,64}/g) ?? []).map((line) => `${line}\n`).join('');
}
