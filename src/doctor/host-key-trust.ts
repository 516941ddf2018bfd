import type { HostKeyScan } from '../connection/host-key-scan.ts';
import type { ScannedKey } from '../connection/host-key-standing.ts';
import type { Host } from '../inventory/model.ts';

/** The host keys of one host, or why they could not be had. */
export type Shown =
  | { readonly scan: HostKeyScan }
  | { readonly message: string; readonly hint: string | null };

/** A host, as it shows itself on each way. */
export interface HostKeysSeen {
  readonly host: Host;
  /** As xpush goes there. */
  readonly direct: Shown;
  /** A guest, from its own dom0; null: it has none here, or the way of `direct` is that one. */
  readonly inside: Shown | null;
  /** Where somebody who is not the guest could stand, as seen from its dom0; null: nowhere. */
  readonly doubt: string | null;
}

/**
 * How far a key can be trusted. `vouched`: a dom0 whose own key is known sees it on the guest's own
 * interface, where nobody else is. `seen`: whoever answered, on the network, has shown it. `contested`:
 * the host shows another key on the other way.
 */
export type Trust = 'known' | 'vouched' | 'seen' | 'contested' | 'changed' | 'revoked' | 'short';

/** A key of a host, and what is to be thought of it. */
export interface JudgedKey extends ScannedKey {
  readonly trust: Trust;
  /** Which ways have shown it. */
  readonly ways: readonly ('direct' | 'inside')[];
}

/** What is to be thought of the keys of one host. */
export interface HostKeysJudged {
  readonly seen: HostKeysSeen;
  readonly keys: readonly JudgedKey[];
  /** Whether the two ways lead to different keys: somebody is in between, or it is another machine. */
  readonly isContested: boolean;
}

/** Compares what a host shows on each way, and with what is known of it. */
export function judgeHost(seen: HostKeysSeen): HostKeysJudged {
  const { direct, inside, doubt } = seen;
  const outer = 'scan' in direct ? direct.scan.keys : [];
  const inner = inside !== null && 'scan' in inside ? inside.scan.keys : [];
  const isContested = outer.length > 0 && inner.length > 0 && !isAlike(outer, inner);
  const isInside = inside === null && isByDom0(seen);
  const keys = [...outer, ...inner.filter((key) => !includes(outer, key))].map((key): JudgedKey => {
    const ways = [
      ...(includes(outer, key) ? (['direct'] as const) : []),
      ...(includes(inner, key) || isInside ? (['inside'] as const) : []),
    ];
    return {
      ...key,
      ways,
      trust: trustOf(key, ways.includes('inside') && doubt === null, isContested),
    };
  });
  return { seen, keys, isContested };
}

/** Whether the usual way to a guest ends at its dom0. */
export function isByDom0({ host }: Pick<HostKeysSeen, 'host'>): boolean {
  return host.kind === 'domU' && (host.ssh.jump === 'dom0' || host.ssh.jump === host.dom0);
}

function trustOf({ standing }: ScannedKey, isVouched: boolean, isContested: boolean): Trust {
  if (standing === 'revoked' || standing === 'short') return standing;
  if (isContested) return 'contested';
  if (standing === 'changed') return standing;
  if (standing === 'known' || standing === 'pinned') return 'known';
  return isVouched ? 'vouched' : 'seen';
}

/** One of the ways may miss a type; of one type there is one key. */
function isAlike(outer: readonly ScannedKey[], inner: readonly ScannedKey[]): boolean {
  const isOther = ({ key }: ScannedKey): boolean =>
    inner.some((other) => other.key.type === key.type && !other.key.blob.equals(key.blob));
  return outer.some((key) => includes(inner, key)) && !outer.some(isOther);
}

function includes(keys: readonly ScannedKey[], { key }: ScannedKey): boolean {
  return keys.some((other) => other.key.blob.equals(key.blob));
}
