import type { Host, Inventory } from '../inventory/model.ts';
import type { Data } from '../source/data.ts';
import type { Target } from '../steps/step.ts';
import { LazyMap } from '../template/value.ts';
import { factCalled, factNames } from './facts.ts';
import type { Keywords, Variables } from './keywords.ts';
import { type Knowledge, nothingTold, type Told, untold } from './knowledge.ts';
import { omit } from './render-node.ts';
import { type Level, Scope } from './scope.ts';

/** What a task sees on a host: by the precedence of docs/variables.md, the first level decides. */
export function scopeOf(
  { vars, defaults, extraVars }: Pick<Keywords, 'vars' | 'defaults' | 'extraVars'>,
  target: Target,
  known: Knowledge,
): Scope {
  return new Scope([
    magicLevel(target, known),
    levelOf(extraVars),
    { names: () => known.variables.keys(), get: (name) => known.variables.get(name) },
    ...vars.toReversed().map(levelOf),
    levelOf(target.host.vars),
    ...defaults.toReversed().map(levelOf),
    levelOf({ host: describe(target.host) }),
  ]);
}

/** Names that mean the same in every playbook; no variable of the user's has them. */
const magic: Readonly<Record<string, (target: Target, known: Knowledge) => Told | LazyMap>> = {
  inventory_hostname: ({ host }) => host.name,
  inventory_hostname_short: ({ host }) => host.name.split('.')[0] ?? host.name,
  group_names: ({ host }) => host.groups.filter((name) => name !== 'all' && !name.includes('@')),
  groups: ({ inventory }) => groupsOf(inventory),
  hostvars: ({ inventory }) => hostvarsOf(inventory),
  omit: () => omit,
  ...Object.fromEntries(
    factNames.map((name) => [
      name,
      (_target: Target, { facts }: Knowledge) =>
        facts === null ? untold : factCalled(name, facts),
    ]),
  ),
};

/** The names of `magic`. */
export const magicNames: readonly string[] = Object.keys(magic);

function magicLevel(target: Target, known: Knowledge): Level {
  return {
    names: () => magicNames,
    get: (name) => (Object.hasOwn(magic, name) ? magic[name]?.(target, known) : undefined),
  };
}

function levelOf(vars: Variables): Level {
  return {
    names: () => Object.keys(vars),
    get: (name) => (Object.hasOwn(vars, name) ? vars[name] : undefined),
  };
}

const groupsKnown = new WeakMap<Inventory, Data>();
const hostvarsKnown = new WeakMap<Inventory, LazyMap>();

function groupsOf(inventory: Inventory): Data {
  const known = groupsKnown.get(inventory);
  if (known !== undefined) return known;
  const groups: Record<string, Data> = Object.create(null);
  for (const { name, hosts } of inventory.groups.values()) groups[name] = hosts;
  groupsKnown.set(inventory, groups);
  return groups;
}

/** Each host as the inventory has it: what tasks have told of it is not among these. */
function hostvarsOf(inventory: Inventory): LazyMap {
  const known = hostvarsKnown.get(inventory);
  if (known !== undefined) return known;
  const hosts = new Map<string, LazyMap>();
  const all = new LazyMap({
    names: () => inventory.hosts.keys(),
    get: (name) => {
      const host = inventory.hosts.get(name);
      if (host === undefined) return undefined;
      const own = hosts.get(name) ?? new LazyMap(scopeOfHost({ host, inventory }));
      hosts.set(name, own);
      return { ok: true, value: own };
    },
  });
  hostvarsKnown.set(inventory, all);
  return all;
}

/** The names of a host that no task is about. */
function scopeOfHost(target: Target): Scope {
  const { host } = target;
  return new Scope([
    levelOf({ ...describe(host), inventory_hostname: host.name }),
    levelOf(host.vars),
    magicLevel(target, nothingTold),
  ]);
}

/** What the inventory says of a host besides its variables. */
function describe(host: Host): Readonly<Record<string, Data>> {
  const { name, kind, address } = host;
  const common = { name, kind, address };
  switch (host.kind) {
    case 'host':
      return common;
    case 'dom0':
      return { ...common, uplink: host.uplink, domUs: host.domUs };
    case 'domU':
      return {
        ...common,
        dom0: host.dom0,
        vifs: host.vifs.map(({ iface, mac, ips, table }) => ({
          iface,
          mac,
          ips,
          table: { ...table },
        })),
      };
  }
}
