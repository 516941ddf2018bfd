import { type KnownHosts, type KnownHostsEntry, knownHostsName } from './known-hosts.ts';
import { type PublicKey, rsaBits } from './public-key.ts';
import { type RevokedKeys, revocationOf } from './revoked-keys.ts';
import type { HostKeyPolicy } from './target.ts';

/** A key that a host has shown, and what is known of it here. */
export interface ScannedKey {
  readonly key: PublicKey;
  /** `short`: an RSA key that is refused for its size. */
  readonly standing: 'known' | 'pinned' | 'new' | 'changed' | 'revoked' | 'short';
  /** `FILE:LINE` of what says so: for `changed`, of the key that was known before. */
  readonly at: string | null;
}

/**
 * What is known of all keys that a host has shown. A type that is not known yet is `new` if another
 * of them is known, or none is: a host that shows no known key at all, and had some, has `changed`.
 */
export function judgeHostKeys(
  keys: readonly PublicKey[],
  policy: HostKeyPolicy,
  known: KnownHosts,
  revoked: RevokedKeys,
): readonly ScannedKey[] {
  const before = policy.pin === null ? linesOf(policy, known) : [];
  const isSame = (key: PublicKey, other: PublicKey): boolean => key.blob.equals(other.blob);
  const isVouched = keys.some(
    (key) =>
      (policy.pin !== null && isSame(key, policy.pin)) ||
      (policy.pin === null && known.check(policy.name, key).kind === 'known'),
  );
  const judge = (key: PublicKey): ScannedKey => {
    const revocation = revocationOf(revoked, key) ?? revokedLine(key, policy, known);
    if (revocation !== null) return { key, standing: 'revoked', at: revocation };
    if (rsaBits(key) < policy.leastRsaBits) return { key, standing: 'short', at: null };
    if (policy.pin !== null) {
      if (isSame(key, policy.pin)) return { key, standing: 'pinned', at: null };
      const isOther = key.type === policy.pin.type || !isVouched;
      return { key, standing: isOther ? 'changed' : 'new', at: null };
    }
    const verdict = known.check(policy.name, key);
    if (verdict.kind === 'known') return { key, standing: 'known', at: placeOf(verdict.entry) };
    const other =
      before.find((line) => line.key.type === key.type) ?? (isVouched ? undefined : before[0]);
    return other === undefined
      ? { key, standing: 'new', at: null }
      : { key, standing: 'changed', at: placeOf(other) };
  };
  return keys.map(judge);
}

/** Keys of the host itself. */
function linesOf({ name }: HostKeyPolicy, known: KnownHosts): readonly KnownHostsEntry[] {
  const plain = (lines: readonly KnownHostsEntry[]) =>
    lines.filter(({ marker }) => marker === null);
  return plain(known.linesOf(knownHostsName(name)));
}

function revokedLine(key: PublicKey, { name }: HostKeyPolicy, known: KnownHosts): string | null {
  const verdict = known.check(name, key);
  return verdict.kind === 'revoked' ? placeOf(verdict.entry) : null;
}

function placeOf({ file, line }: KnownHostsEntry): string {
  return `${file}:${line}`;
}
