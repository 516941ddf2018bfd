import type { Contact } from '../connection/contact.ts';
import type { HostCondition } from '../host/condition.ts';
import type { WindowsState } from '../host/window.ts';
import type { Host } from '../inventory/model.ts';

/**
 * How bad a finding is. `broken`: xpush can't do its work there; `weak`: it does, and something is to
 * be mended; `note`: good to know; `ok`: as it should be.
 */
export type Level = 'broken' | 'weak' | 'note' | 'ok';

/** What findings are about, in the order in which a connection comes to it. */
export const topics = [
  'route',
  'host key',
  'algorithms',
  'server',
  'login',
  'first flight',
  'become',
  'shell',
  'clock',
  'disks',
  'tools',
  'boot hook',
  'windows',
  'connections',
] as const;

export type Topic = (typeof topics)[number];

/** One thing that was found on a host. Texts may hold words of the host: escape before showing. */
export interface Finding {
  readonly topic: Topic;
  readonly level: Level;
  /** The same words on all hosts where it is the same. */
  readonly text: string;
  /** What of it is this host's own; null: nothing. */
  readonly detail: string | null;
  /** What to do about it; null: nothing. */
  readonly hint: string | null;
}

/** How a host was reached, or was not. */
export interface Visit {
  readonly host: Host;
  readonly contact: Partial<Contact>;
  /** What the command line or the inventory says of the way: what is not named is OpenSSH's. */
  readonly sources: Sources;
  readonly legacyAlgorithms: boolean;
  /** Whom programs run as, if not as who logs in. */
  readonly become: { readonly method: string; readonly user: string } | null;
  /** Whether its tasks change the network, which root alone may. */
  readonly needsRoot: boolean;
  /** Why there are no answers; null: there are. */
  readonly failure: { readonly message: string; readonly hint: string | null } | null;
  readonly answers: Answered | null;
}

/** Where settings of a connection come from: `inventory`, or `command line`. */
export type Sources = Readonly<
  Partial<Record<'user' | 'port' | 'identity' | 'jump' | 'host_key', string>>
>;

/** What a host told of itself. */
export interface Answered {
  /** null: it did not say. */
  readonly condition: HostCondition | null;
  /** How far its clock is ahead of this machine's; null: not known. */
  readonly skewSeconds: number | null;
  readonly windows: WindowsState | null;
  /** What its tasks need and it does not have, a sentence; null: nothing, or nobody knows. */
  readonly lack: string | null;
}

/** A finding, with what is usual filled in. */
export function finding(
  topic: Topic,
  level: Level,
  text: string,
  more: { readonly detail?: string | null; readonly hint?: string | null } = {},
): Finding {
  return { topic, level, text, detail: more.detail ?? null, hint: more.hint ?? null };
}
