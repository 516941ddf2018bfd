import { existsSync } from 'node:fs';
import type { HostState } from '../../src/host/state.ts';
import { HostState as State } from '../../src/host/state.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { firewall } from '../../src/steps/firewall.ts';
import type { BoundStep, Plan, Refusal } from '../../src/steps/step.ts';
import { isRoot, RunningShell, type Shell, unshared } from '../host/shells.ts';

/** What `iptables` is on the host; `native`: it has nft alone. */
export type Kind = 'nft' | 'legacy' | 'native';

const tools = ['iptables-nft', 'iptables-legacy', 'nft'];
const missing = tools.filter((tool) => !existsSync(`/usr/sbin/${tool}`));
/** Whether the real tools of all back ends are here; an error where the lab is required. */
export const hasBackEnds = isRoot && missing.length === 0;
if (!hasBackEnds) {
  const { XPUSH_LAB } = process.env;
  const why = `no firewalls (root: ${isRoot}, missing: ${missing.join()})`;
  if (XPUSH_LAB === 'required') throw new Error(`XPUSH_LAB=required, but: ${why}`);
  process.stderr.write(`skipped: ${why}\n`);
}

/** A dom0 with files, a network and a firewall of its own, as its shell sees it. */
export class FirewallHost extends RunningShell {
  constructor(shell: Shell, kind: Kind, script = '') {
    super(shell, { wrapper: unshared('-nm', `${furnish(kind)}\n${script}`) });
  }

  async see(bound: BoundStep): Promise<HostState> {
    return new State(await this.observe(bound.queries));
  }

  async planOf(bound: BoundStep, goal: 'plan' | 'leave' = 'plan'): Promise<Plan | Refusal> {
    const decide = bound[goal];
    if (decide === null) throw new Error('the step leaves no traces');
    return decide(await this.see(bound));
  }

  /** Observes, plans and acts; gives the plan. Throws for a refusal, and where a change fails. */
  async make(bound: BoundStep, goal: 'plan' | 'leave' = 'plan'): Promise<Plan> {
    const plan = await this.planOf(bound, goal);
    if ('refusal' in plan) throw new Error(plan.refusal);
    const results = await this.act(...plan.changes, ...(plan.upkeep ?? []));
    const failed = results.find(({ status }) => status !== 0);
    if (failed !== undefined) throw new Error(`status ${failed.status}: ${failed.body}`);
    return plan;
  }

  /** Standard output of a script of its shell. */
  async say(script: string): Promise<string> {
    return (await this.call(`{\n${script}\n} 2>&1`)).body;
  }

  /** The firewalls of all kinds, without counters, comments and the order of tables. */
  async rules(): Promise<string> {
    const saves = ['iptables', 'ip6tables'].flatMap((tool) =>
      ['nft', 'legacy'].map((kind) => `echo "== ${tool} ${kind}"; ${tool}-${kind}-save`),
    );
    const text = await this.say(saves.join('\n'));
    return text
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .map((line) => line.replace(/ \[\d+:\d+\]$/, ''))
      .join('\n');
  }
}

/** Nothing that is written there reaches the machine. */
function furnish(kind: Kind): string {
  const names = ['iptables', 'ip6tables'].flatMap((tool) =>
    ['', '-save', '-restore'].map((suffix) => [tool, suffix] as const),
  );
  return `
    mount -t tmpfs tmpfs /mnt
    mkdir /mnt/etc && cp -a /etc/. /mnt/etc && mount --bind /mnt/etc /etc
    mount -t tmpfs tmpfs /run
    mount -t tmpfs tmpfs /var/lib
    mkdir -p /etc/network/if-pre-up.d
    printf 'iface eth0 inet dhcp\\n' >/etc/network/interfaces
    ip link set lo up
    ${names
      .map(([tool, suffix]) =>
        kind === 'native'
          ? `rm -f /etc/alternatives/${tool}${suffix}`
          : `ln -sf /usr/sbin/${tool}-${kind}${suffix} /etc/alternatives/${tool}${suffix}`,
      )
      .join('\n')}`;
}

/** The firewall step for the one dom0 of an inventory with these guests and settings. */
export async function firewallOf(guests: string, dom0 = ''): Promise<BoundStep> {
  const inventory = await loadInventory({
    argument: '-',
    stdin: `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  six: { subnet: "2001:db8::/64", gateway: "2001:db8::1" }
dom0:
  xen1: { address: 192.168.0.100, uplink: eth0${dom0} }
domU:
${guests}
`,
  });
  const host = inventory.hosts.get('xen1');
  if (host === undefined) throw new Error('no xen1');
  return firewall.bind({ host, inventory }, {});
}
