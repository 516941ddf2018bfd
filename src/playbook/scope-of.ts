import type { Host, Inventory } from '../inventory/model.ts';
import type { Data } from '../source/data.ts';
import { quoted } from '../source/quoted.ts';
import type { Target } from '../steps/step.ts';
import { LazyMap, ValueProblem } from '../template/value.ts';
import { factCalled, factNames } from './facts.ts';
import type { Keywords, Variables } from './keywords.ts';
import { type Knowledge, nothingTold, type Told, untold } from './knowledge.ts';
import type { Others } from './others.ts';
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
const magic: Readonly<
  Record<string, (target: Target, known: Knowledge) => Told | LazyMap | undefined>
> = {
  inventory_hostname: ({ host }) => host.name,
  inventory_hostname_short: ({ host }) => host.name.split('.')[0] ?? host.name,
  group_names: ({ host }) => host.groups.filter((name) => name !== 'all' && !name.includes('@')),
  groups: ({ inventory }) => groupsOf(inventory),
  hostvars: hostvarsOf,
  omit: () => omit,
  ansible_failed_task: (_target, { rescued }) => rescued?.task,
  ansible_failed_result: (_target, { rescued }) => rescued?.result,
  ...Object.fromEntries(
    factNames.map((name) => [
      name,
      (_target: Target, { facts }: Knowledge) =>
        facts === null ? untold : factCalled(name, facts),
    ]),
  ),
};

/** Those that only a host has on which a rescue was needed. */
const ofRescues: ReadonlySet<string> = new Set(['ansible_failed_task', 'ansible_failed_result']);

/** The names of `magic`. */
export const magicNames: readonly string[] = Object.keys(magic);

function magicLevel(target: Target, known: Knowledge): Level {
  return {
    names: () =>
      known.rescued === undefined ? magicNames.filter((name) => !ofRescues.has(name)) : magicNames,
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
const hostvarsKnown = new WeakMap<Others, WeakMap<Inventory, LazyMap>>();
const noOthers: Others = { of: () => undefined, pending: new Set() };

function groupsOf(inventory: Inventory): Data {
  const known = groupsKnown.get(inventory);
  if (known !== undefined) return known;
  const groups: Record<string, Data> = Object.create(null);
  for (const { name, hosts } of inventory.groups.values()) groups[name] = hosts;
  groupsKnown.set(inventory, groups);
  return groups;
}

/** Each host as the inventory has it, with what plays before have told of it; the host itself with all it knows. */
function hostvarsOf(target: Target, known: Knowledge): LazyMap {
  const { host: self, inventory } = target;
  const shared = sharedHostvars(inventory, known.others ?? noOthers);
  return new LazyMap({
    names: () => inventory.hosts.keys(),
    get: (name) =>
      name === self.name && inventory.hosts.has(name)
        ? { ok: true, value: ownVars(target, known) }
        : shared.get(name),
  });
}

const ownKnown = new WeakMap<Knowledge, WeakMap<Inventory, Map<string, LazyMap>>>();

/** The same as long as nothing more is known: what needs itself to be worked out is found out by that. */
function ownVars(target: Target, known: Knowledge): LazyMap {
  const { host, inventory } = target;
  const ofInventories = ownKnown.get(known) ?? new WeakMap<Inventory, Map<string, LazyMap>>();
  ownKnown.set(known, ofInventories);
  const hosts = ofInventories.get(inventory) ?? new Map<string, LazyMap>();
  ofInventories.set(inventory, hosts);
  const own = hosts.get(host.name) ?? new LazyMap(scopeOfHost(target, known));
  hosts.set(host.name, own);
  return own;
}

function sharedHostvars(inventory: Inventory, others: Others): LazyMap {
  const ofInventories = hostvarsKnown.get(others) ?? new WeakMap<Inventory, LazyMap>();
  hostvarsKnown.set(others, ofInventories);
  const known = ofInventories.get(inventory);
  if (known !== undefined) return known;
  const hosts = new Map<string, LazyMap>();
  const all = new LazyMap({
    names: () => inventory.hosts.keys(),
    get: (name) => {
      const host = inventory.hosts.get(name);
      if (host === undefined) return undefined;
      const own = hosts.get(name) ?? varsOfOther({ host, inventory }, others);
      hosts.set(name, own);
      return { ok: true, value: own };
    },
  });
  ofInventories.set(inventory, all);
  return all;
}

/** What is not told of another host is an error: it may come to be told at any moment. */
function varsOfOther(target: Target, others: Others): LazyMap {
  const { name: host } = target.host;
  const { of, pending } = others;
  const known = { ...(of(host) ?? nothingTold), others };
  const scope = scopeOfHost(target, known);
  const areFactsUnknown = known.facts === null;
  return new LazyMap({
    names: () => [...scope.names()].filter((name) => !areFactsUnknown || !factNames.includes(name)),
    get: (name) => {
      if (areFactsUnknown && factNames.includes(name)) {
        const hint = 'they are known to plays behind one that asks for them there';
        throw new ValueProblem(`the facts of ${host} are not known here`, hint);
      }
      const found = scope.get(name);
      if (found !== undefined || !pending.has(name)) return found;
      const hint = 'hosts do not wait for each other within a play: read it in a play of its own';
      throw new ValueProblem(`what ${host} tells as ${quoted(name)} is not known here`, hint);
    },
  });
}

/** The names of a host that the task is not about. */
function scopeOfHost(target: Target, known: Knowledge): Scope {
  const { host } = target;
  return new Scope([
    levelOf({ ...describe(host), inventory_hostname: host.name }),
    { names: () => known.variables.keys(), get: (name) => known.variables.get(name) },
    levelOf(host.vars),
    magicLevel(target, known),
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
