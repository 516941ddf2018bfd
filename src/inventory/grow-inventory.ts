import type { Result } from '../source/result.ts';
import type { MapEntry, SourceNode } from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';
import { buildInventory } from './build-inventory.ts';
import { Findings } from './findings.ts';
import type { AddedGroup } from './groups.ts';
import type { Data, Host, Inventory } from './model.ts';

/** Something that a task of a run adds to the fleet. */
export type Addition = AddedHost | Membership;

/** A plain host, or more groups and variables for one that is there. */
export interface AddedHost {
  readonly kind: 'host';
  readonly name: string;
  readonly groups: readonly string[];
  /** Its entry as the section `hosts` of an inventory has it, but for `vars` and `groups`; null: it has none. */
  readonly entry: SourceNode | null;
  readonly vars: Readonly<Record<string, Data>>;
  /** Of the task. */
  readonly place: Place;
}

/** That a host is in a group, which may be a new one. */
export interface Membership {
  readonly kind: 'member';
  readonly host: string;
  readonly group: string;
  /** Groups that the group is part of. */
  readonly parents: readonly string[];
  readonly place: Place;
}

/**
 * The fleet with what a run adds to it, checked as if all of it was written in the inventory: what is
 * wrong is said of the tasks that add it. Hosts that were there keep what was made of them; their groups
 * and variables are new. Those added twice are as they were added last.
 */
export function growInventory(
  inventory: Inventory,
  additions: readonly Addition[],
): Result<Inventory> {
  const findings = new Findings();
  const hosts = additions.filter((one) => one.kind === 'host');
  const vars = new Map<string, Readonly<Record<string, Data>>>();
  for (const one of hosts) vars.set(one.name, { ...vars.get(one.name), ...one.vars });
  const grown = buildInventory(inventory.sources ?? [], findings, {
    hosts: newHosts(hosts, inventory, findings),
    vars,
    groups: groupsOf(additions),
  });
  if (!findings.isEmpty) return { ok: false, diagnostics: findings.sorted([]) };
  const all = [...grown.hosts].map(([name, host]): [string, Host] => {
    const before = inventory.hosts.get(name);
    return [
      name,
      before === undefined ? host : { ...before, groups: host.groups, vars: host.vars },
    ];
  });
  return { ok: true, value: { ...grown, hosts: new Map(all) } };
}

/** Those that the inventory lacks; of the others nothing is said that is written there. */
function newHosts(
  added: readonly AddedHost[],
  { hosts }: Inventory,
  findings: Findings,
): ReadonlyMap<string, MapEntry> {
  const entries = new Map<string, MapEntry>();
  for (const { name, entry, place } of added) {
    const before = hosts.get(name);
    if (before === undefined) {
      const empty = { kind: 'map', entries: new Map(), place } as const;
      const value = entry ?? entries.get(name)?.value ?? empty;
      entries.set(name, { key: place, value });
    } else if (entry !== null) {
      const { file, line } = before.position;
      const message = `the host ${name} is in the inventory, which says how to reach it`;
      findings.add(
        place,
        message,
        `change it there (${file}:${line}), or add groups and vars only`,
      );
    }
  }
  return entries;
}

function groupsOf(additions: readonly Addition[]): ReadonlyMap<string, AddedGroup> {
  const groups = new Map<string, AddedGroup & { hosts: Set<string>; children: Set<string> }>();
  const open = (name: string, place: Place) => {
    const group = groups.get(name) ?? { place, hosts: new Set(), children: new Set() };
    groups.set(name, group);
    return group;
  };
  for (const one of additions) {
    if (one.kind === 'host') {
      for (const name of one.groups) open(name, one.place).hosts.add(one.name);
    } else {
      open(one.group, one.place).hosts.add(one.host);
      for (const parent of one.parents) open(parent, one.place).children.add(one.group);
    }
  }
  return groups;
}
