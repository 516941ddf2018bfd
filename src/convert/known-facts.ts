import { factKeys } from '../playbook/facts.ts';

/** Ansible's facts and special variables: what to write for them, or why there is nothing. */
export type KnownFact = { readonly as: string } | { readonly instead: string };

const inventoryVariable = 'write it as a variable of the inventory';
const noClock = 'a check must predict what an apply does: write it in vars';

/** Variables of Ansible's that are no facts, and facts that are not here; by the name without `ansible_`. */
const otherNames: ReadonlyMap<string, KnownFact> = new Map(
  Object.entries<KnownFact>({
    host: { as: 'host.address' },
    ssh_host: { as: 'host.address' },
    managed: { as: "'Ansible managed'" },
    role_name: { as: 'role_name' },
    failed_task: { as: 'ansible_failed_task' },
    failed_result: { as: 'ansible_failed_result' },
    loop: { as: 'ansible_loop' },
    lsb: { instead: 'use facts.distribution_release and its kind' },
    fqdn: { instead: inventoryVariable },
    domain: { instead: inventoryVariable },
    env: { instead: 'ask with a command task, or write it in vars' },
    date_time: { instead: noClock },
    user: { instead: "write the name: who logs in is the inventory's ssh.user" },
    ssh_user: { instead: "write the name: who logs in is the inventory's ssh.user" },
    check_mode: { instead: 'a check makes the same plan as an apply: leave it out' },
    play_hosts: { instead: 'use groups["all"] or another group' },
    play_batch: { instead: 'use groups["all"] or another group' },
    version: { instead: 'leave it out' },
    python: { instead: 'no Python runs on a host' },
    python_interpreter: { instead: 'no Python runs on a host' },
  }),
);

/** A fact or special variable of Ansible's; undefined: nobody knows it. */
export function knownName(name: string): KnownFact {
  if (factKeys.some((key) => key === name)) return { as: `facts.${name}` };
  if (/^(?:eth|en[ospx]|wl|br|bond|lo$|docker|wg|tun|tap|vif)\w*$/.test(name)) {
    return { as: `facts.${name}` };
  }
  return otherNames.get(name) ?? { instead: inventoryVariable };
}

/** Special variables without `ansible_`. */
export const specialNames: ReadonlyMap<string, KnownFact> = new Map(
  Object.entries<KnownFact>({
    play_hosts: { instead: 'use groups["all"] or another group' },
    playbook_dir: { instead: 'paths of the controller are relative to the playbook or the role' },
    inventory_dir: { instead: 'paths of the controller are relative to the playbook or the role' },
    inventory_file: { instead: 'leave it out' },
  }),
);
