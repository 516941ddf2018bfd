import { factKeys } from '../playbook/facts.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import type { VariableUse } from '../template/template.ts';
import type { Finding } from './finding.ts';
import type { Subject } from './subject.ts';
import { needsOf, usesOfVariables } from './uses.ts';

const known: ReadonlySet<string> = new Set(factKeys);

/** What the way out of a host has. */
const ofDefault = ['address', 'gateway', 'interface', 'macaddress', 'prefix'] as const;

/** Ansible's, and not here; a link is hardly ever called so. */
const missing: ReadonlySet<string> = new Set(
  `apparmor bios_date bios_version cmdline date_time device_links devices distribution_file_path dns domain
  effective_user_id env fips form_factor fqdn is_chroot kernel_version loadavg local locally_reachable_ips lsb lvm
  memfree_mb memory_mb mounts os_version processor processor_cores processor_count processor_nproc
  processor_threads_per_core product_name product_uuid product_version python python_version real_user_id selinux
  swapfree_mb swaptotal_mb system_vendor uptime_seconds user_dir user_gid user_id user_shell user_uid
  userspace_architecture userspace_bits virtualization_role virtualization_tech_guest virtualization_type`.split(
    /\s+/,
  ),
);

/**
 * Facts that no host has. Besides the known ones a host has one by the name of each of its links, so that of
 * the others only those are told that are near to a known one, or Ansible's.
 */
export function unknownFacts({ plays, inventory }: Subject): readonly Finding[] {
  const needs = plays.flatMap(({ tasks }) => tasks.flatMap(needsOf));
  const ofVariables = usesOfVariables(plays, inventory).filter((use) => !use.mayBeMissing);
  return [...needs, ...ofVariables].flatMap(findingsOf);
}

function findingsOf({ keys, place }: VariableUse): readonly Finding[] {
  const [root] = keys;
  const isMap = root === 'facts' || root === 'ansible_facts';
  const [fact, key] = isMap ? keys.slice(1) : [root.replace(/^ansible_/, ''), keys[1]];
  if (typeof fact !== 'string' || (!isMap && root === fact)) return [];
  const hint = didYouMean(fact, factKeys);
  if (isMap && !known.has(fact) && (hint !== null || missing.has(fact))) {
    const instead = 'write it as a variable of the inventory, or ask with a command';
    return [finding(place, `no host has a fact ${quoted(fact)}`, hint ?? instead)];
  }
  const isDefault = fact === 'default_ipv4' || fact === 'default_ipv6';
  if (!isDefault || typeof key !== 'string' || ofDefault.some((one) => one === key)) return [];
  const there = `there are ${ofDefault.join(', ')}`;
  return [finding(place, `${fact} has no ${quoted(key)}`, didYouMean(key, ofDefault) ?? there)];
}

function finding(place: Finding['place'], message: string, hint: string): Finding {
  return { rule: 'unknown-fact', severity: 'error', place, message, hint };
}
