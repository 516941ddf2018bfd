import type { DesiredFirewall } from './firewall.ts';
import { chains } from './firewall.ts';

/** Where ifupdown runs it before it configures an interface (interfaces(5)); mode 0755. */
export const firewallHookPath = '/etc/network/if-pre-up.d/xpush-firewall';

/**
 * The rules as a file for `iptables-restore --noflush`, which replaces our chains whole and leaves
 * all others alone, XPUSH-KEEP too. The jump from FORWARD is not in it.
 */
export function restoreFile({ chains, policies }: DesiredFirewall): string {
  return [
    '*filter',
    ...[...policies].map(([name, policy]) => `:${name} ${policy} [0:0]`),
    ...[...chains.keys()].map((name) => `:${name} - [0:0]`),
    ...[...chains].flatMap(([name, rules]) => rules.map((rule) => `-A ${name} ${rule}`)),
    'COMMIT',
    '',
  ].join('\n');
}

/**
 * A hook that gives dom0 its rules at boot, whatever something else has restored of ours, and adds a
 * missing jump. It never fails, so that ifup goes on. What live sessions put into XPUSH-KEEP is not
 * written down: at boot it is empty, and the next push fills it.
 */
export function firewallHook(firewall: DesiredFirewall): string {
  const keep = firewall.needsKeep ? `iptables -N ${chains.keep} 2>/dev/null\n` : '';
  const jumps = firewall.jumps.map(
    ({ from, to }) =>
      `iptables-save -t filter | grep -q '^-A ${from} -j ${to}$' || iptables -I ${from} 1 -j ${to}\n`,
  );
  return `#!/bin/sh
# Written by xpush: what this dom0 forwards for its guests. Changes here are overwritten.
PATH=/usr/sbin:/sbin:/usr/bin:/bin
${keep}iptables-restore --noflush <<'RULES'
${restoreFile(firewall)}RULES
${jumps.join('')}exit 0
`;
}
