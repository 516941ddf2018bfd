import { type CallCommand, callCommand, type RunCommand, runCommand } from './command-change.ts';
import {
  type Effect,
  type MakeLink,
  makeLink,
  type RemoveTree,
  removeTree,
  type SetAttributes,
  setAttributes,
} from './entry-change.ts';
import { hasContent, hasSums } from './file-state.ts';
import { normalParameter } from './names.ts';
import type {
  ChainsState,
  Family,
  FileState,
  Listing,
  NftChain,
  NftState,
  Route,
  Rule,
} from './query.ts';

export type { CallCommand, Prediction, RunCommand } from './command-change.ts';
export type { Environment } from './command-text.ts';
export type { Attributes, MakeLink, Principal, RemoveTree, SetAttributes } from './entry-change.ts';

export type { Effect };

/**
 * What a step may do to a host: a closed set. Each change carries the state that it was planned
 * from (`before`): the host refuses it when that has moved, and displays draw the diff from it.
 */
export type Change =
  | WriteFile
  | SendFile
  | RemoveFile
  | MakeDirectory
  | SetParameter
  | ChangeRouting
  | SwapChains
  | LoadNft
  | MakeLink
  | SetAttributes
  | RemoveTree
  | RunCommand
  | CallCommand;

export interface WriteFile {
  readonly kind: 'write';
  readonly effect: Effect;
  readonly path: string;
  /** Bytes as latin1 text. */
  readonly content: string;
  /** null: as the old file has it, 0644 for a new one. */
  readonly mode: number | null;
  readonly before: FileState;
  /** Whether the content holds a secret, which nothing keeps but this file. Default: false. */
  readonly isSecret?: boolean;
}

/** A file of the controller that is larger than `contentLimit`: it travels beside the programs, never whole in memory. */
export interface SendFile {
  readonly kind: 'send';
  readonly effect: Effect;
  readonly path: string;
  readonly source: SourceFile;
  /** As of `WriteFile`. */
  readonly mode: number | null;
  readonly before: FileState;
}

/** A large file of the controller, as it was when it was read. */
export interface SourceFile {
  /** Absolute, on the controller. */
  readonly path: string;
  readonly size: number;
  /** As in sums.ts; without the CRC where no host was known to need it. Empty: it is not as it was any more. */
  readonly sums: string;
  /** Makes `sums` that are not made yet, beside all else; who reads those first holds all else up. Never rejects. */
  readonly makeSums?: (() => Promise<void>) | undefined;
}

/** The name goes, an empty directory too; what a symbolic link leads to stays. */
export interface RemoveFile {
  readonly kind: 'remove';
  readonly effect: Effect;
  readonly path: string;
  readonly before: FileState;
}

/** A directory of root's, and those above it that are missing. */
export interface MakeDirectory {
  readonly kind: 'directory';
  readonly effect: Effect;
  readonly path: string;
  readonly mode: number;
}

export interface SetParameter {
  readonly kind: 'parameter';
  readonly effect: 'live';
  readonly name: string;
  readonly value: string;
  readonly before: string;
}

/** One operation of iproute2; applied in order, none twice. */
export type RoutingOperation =
  | {
      readonly verb: 'add' | 'delete';
      readonly object: 'address';
      readonly iface: string;
      readonly ip: string;
      readonly prefix: number;
    }
  | { readonly verb: 'replace' | 'delete'; readonly object: 'route'; readonly route: Route }
  | { readonly verb: 'add' | 'delete'; readonly object: 'rule'; readonly rule: Rule }
  | {
      /** A proxy neighbour (IPv6). */
      readonly verb: 'add' | 'delete';
      readonly object: 'proxy';
      readonly ip: string;
      readonly iface: string;
    };

export interface ChangeRouting {
  readonly kind: 'routing';
  readonly effect: 'live';
  readonly family: Family;
  readonly operations: readonly RoutingOperation[];
  readonly before: { readonly rules: Listing<Rule>; readonly routes: Listing<Route> };
}

/** Whole chains of the filter table, a first jump and a policy, in one iptables-restore. */
export interface SwapChains {
  readonly kind: 'chains';
  readonly effect: 'live';
  readonly family: Family;
  /** Chain -> all its rules, without `-A CHAIN `. Built-in chains cannot be named here. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Chains of ours that go, and with them the plain jumps to them from the chains in `before`. */
  readonly removed: readonly string[];
  /** Chains that come to be the first rule of a built-in chain. */
  readonly jumps: readonly { readonly from: string; readonly to: string }[];
  readonly policies: ReadonlyMap<string, 'ACCEPT' | 'DROP'>;
  readonly before: ChainsState;
}

/** One transaction of native nftables. */
export interface LoadNft {
  readonly kind: 'nft';
  readonly effect: 'live';
  /** For `nft -f`, without the removal of these rules. */
  readonly script: string;
  /** Rules of ours in chains of others, which go before the script runs; all that read the same. */
  readonly removed: readonly NftRule[];
  /** What `before` becomes. */
  readonly after: NftState;
  /** The chains that `before` was asked for. */
  readonly listed: readonly string[];
  readonly before: NftState;
}

/** A rule of a chain, as it is listed. */
export interface NftRule {
  readonly chain: Pick<NftChain, 'family' | 'table' | 'chain'>;
  readonly rule: string;
}

/** Whether the state after the change can't be told without looking. */
export function isOpaque(change: Change): boolean {
  return change.kind === 'command' || (change.kind === 'call' && change.predicts === null);
}

/** Whether it is a command, which has a status of its own. */
export function isCommand(change: Change): change is RunCommand | CallCommand {
  return change.kind === 'command' || change.kind === 'call';
}

/** Whether the content itself must go to the host: it is not there already. */
export function mustTravel({ before, source }: Pick<SendFile, 'before' | 'source'>): boolean {
  return before.type !== 'file' || !hasSums(before, source);
}

/** Constructors, so that steps read `change.writeFile(...)`; those that find nothing to do give none. */
export const change = {
  /** The file gets this content (and mode); nothing when it already has. Throws for text that is no latin1. */
  writeFile: (
    path: string,
    content: string,
    before: FileState,
    options: { readonly effect: Effect; readonly mode?: number; readonly isSecret?: boolean },
  ): readonly WriteFile[] => {
    if (/[^\0-\xff]/.test(content)) throw new Error(`${path}: a content is bytes, as latin1 text`);
    const mode = options.mode ?? null;
    const isSame =
      before.type === 'file' &&
      hasContent(before, content) &&
      (mode === null || before.mode === mode);
    const secret = options.isSecret === true ? { isSecret: true } : {};
    return isSame
      ? []
      : [{ kind: 'write', effect: options.effect, path, content, mode, before, ...secret }];
  },

  /** The file gets the content of a large one here (and mode); nothing when it already has. */
  sendFile: (
    path: string,
    source: SourceFile,
    before: FileState,
    options: { readonly effect: Effect; readonly mode?: number },
  ): readonly SendFile[] => {
    const mode = options.mode ?? null;
    const sent: SendFile = { kind: 'send', effect: options.effect, path, source, mode, before };
    const hasMode = mode === null || (before.type === 'file' && before.mode === mode);
    return hasMode && !mustTravel(sent) ? [] : [sent];
  },

  /** The directory is made; nothing when there is one. */
  makeDirectory: (path: string, before: FileState, mode = 0o755): readonly MakeDirectory[] =>
    before.type === 'directory' ? [] : [{ kind: 'directory', effect: 'boot', path, mode }],

  /** The file goes; nothing when there is none. */
  removeFile: (path: string, before: FileState, effect: Effect): readonly RemoveFile[] =>
    before.type === 'absent' ? [] : [{ kind: 'remove', effect, path, before }],

  /** The kernel parameter gets this value now; nothing when it already has. */
  setParameter: (name: string, value: string, before: string): readonly SetParameter[] =>
    normalParameter(before) === normalParameter(value)
      ? []
      : [{ kind: 'parameter', effect: 'live', name, value, before }],

  /** Routes, rules and addresses by difference; nothing when there is none. */
  routing: (
    family: Family,
    operations: readonly RoutingOperation[],
    before: ChangeRouting['before'],
  ): readonly ChangeRouting[] =>
    operations.length === 0
      ? []
      : [{ kind: 'routing', effect: 'live', family, operations, before }],

  makeLink,
  setAttributes,
  removeTree,

  command: runCommand,

  call: callCommand,
};
