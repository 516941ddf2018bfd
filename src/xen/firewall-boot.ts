import { byTable } from '../host/chains-text.ts';
import type { DesiredFirewall } from './firewall.ts';
import { chains } from './firewall-model.ts';

/**
 * The rules as a file for `iptables-restore --noflush`, which replaces our chains whole and leaves
 * all others alone, XPUSH-KEEP too. The jumps to them are not in it.
 */
export function restoreFile({ chains: wanted, policies }: DesiredFirewall): string {
  return byTable([...policies.keys(), ...wanted.keys()])
    .flatMap(({ table, chains: own }) => [
      `*${table}`,
      ...own.map(({ name, chain }) => `:${chain} ${policies.get(name) ?? '-'} [0:0]`),
      ...own.flatMap(({ name, chain }) =>
        (wanted.get(name) ?? []).map((rule) => `-A ${chain} ${rule}`),
      ),
      ...['COMMIT', ''],
    ])
    .join('\n')
    .replaceAll('\n\n', '\n');
}

/**
 * A script that gives dom0 its rules at boot, whatever something else has restored of ours, and adds
 * missing jumps; it may run as often as one likes. It never fails, so that what runs it goes on. What
 * live sessions put into XPUSH-KEEP is not written down: at boot it is empty, and the next push fills it.
 */
export function bootScript(firewalls: readonly DesiredFirewall[]): string {
  return `${scriptHead}load() { # TOOL
  rules=$(cat)
  printf '%s\\n' "$rules" | "$1-restore" --noflush --wait 5 2>/dev/null ||
    printf '%s\\n' "$rules" | "$1-restore" --noflush
}
jump() { # TOOL TABLE FROM TO
  "$1-save" -t "$2" | grep -q "^-A $3 -j $4\\$" || "$1" -t "$2" -I "$3" 1 -j "$4"
}
${firewalls.map(loadLines).join('')}exit 0
`;
}

/** The second line tells whose it is. */
const scriptHead = `#!/bin/sh
# Written by xpush: what this dom0 forwards for its guests. Changes here are overwritten.
PATH=/usr/sbin:/sbin:/usr/bin:/bin
`;

function loadLines(firewall: DesiredFirewall): string {
  const tool = firewall.family === 4 ? 'iptables' : 'ip6tables';
  const keep = firewall.needsKeep ? `${tool} -N ${chains.keep} 2>/dev/null\n` : '';
  const jumps = firewall.jumps.map(({ from, to }) => {
    const [origin] = byTable([from]);
    const [target] = byTable([to]);
    return `jump ${tool} ${origin?.table} ${origin?.chains[0]?.chain} ${target?.chains[0]?.chain}\n`;
  });
  return `${keep}load ${tool} <<'RULES'
${restoreFile(firewall)}RULES
${jumps.join('')}`;
}
