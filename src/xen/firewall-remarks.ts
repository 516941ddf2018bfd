import type { Dom0, DomU } from '../inventory/model.ts';
import { isBridged } from './firewall-spoof.ts';

interface Known {
  readonly hasReversePath: boolean;
  /** net.bridge.bridge-nf-call-iptables; null: the kernel's br_netfilter is not loaded. */
  readonly bridged: string | null;
}

/** What to know about a dom0's rules, in sentences; null for nothing. */
export function firewallRemarks(
  { firewall, antispoof }: Dom0,
  guests: readonly DomU[],
  { hasReversePath, bridged }: Known,
): string | null {
  const unseen = guests.filter(
    ({ allow, vifs }) => (allow !== null || antispoof) && vifs.some(isBridged),
  );
  const names = unseen.map(({ name }) => name).join(', ');
  const remarks = [
    firewall.policy === 'drop'
      ? 'FORWARD drops: guests that the inventory does not name are closed'
      : null,
    bridged !== '1' && unseen.length > 0
      ? `what crosses a bridge is not filtered without br_netfilter: ${names}`
      : null,
    antispoof && !hasReversePath
      ? 'before Linux 3.3 wrong senders are known only at the uplink, and at vifs with a vifname'
      : null,
  ].filter((remark) => remark !== null);
  return remarks.length === 0 ? null : remarks.join('; ');
}

/** Whether a kernel's iptables has the match rpfilter (Linux 3.3), by `uname -r`; yes where that says nothing. */
export function hasReversePath(release: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  if (major === undefined || minor === undefined) return true;
  return Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 3);
}
