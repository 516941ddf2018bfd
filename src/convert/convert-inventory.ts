import { groupName, hostName, variableName } from '../inventory/name-rules.ts';
import {
  type KeptMap,
  type KeptNode,
  type KeptPair,
  keptList,
  keptMap,
  keptPair,
  keptScalar,
  remarked,
} from '../source/kept-yaml.ts';
import type { KeptDocument } from '../source/read-kept-yaml.ts';
import { becomeValue, connectionOf, isOfConnection } from './connection-vars.ts';
import type { ConnectionWords } from './convert-play.ts';
import type { AnsibleGroup, AnsibleHost, AnsibleInventory, Vars } from './inventory-model.ts';
import { rewriteVariables } from './rewrite-node.ts';
import { Remarks } from './talk.ts';

/** Variables of files beside an inventory, by the names of groups and hosts. */
export interface VarsFiles {
  readonly groups: ReadonlyMap<string, Vars>;
  readonly hosts: ReadonlyMap<string, Vars>;
}

/** What the playbooks need of the inventory besides. */
export interface Needed {
  readonly connection: ConnectionWords;
  /** Whether a play is for `localhost`. */
  readonly localhost: boolean;
}

/** An inventory of xpush's. Ways to hosts that groups have are written at the hosts. */
export function convertInventory(
  inventory: AnsibleInventory,
  files: VarsFiles,
  { connection, localhost }: Needed,
): KeptDocument {
  const remarks = new Remarks();
  remarks.all(inventory.said);
  const groups = withFiles(inventory, files);
  const names = namesOf(inventory.hosts, remarks);
  const all = groups.get('all');
  const common = connectionOf(new Map([...wordsOf(connection), ...(all?.vars ?? [])]));
  remarks.all(common.remarks);
  const hosts = [...inventory.hosts.values()].map((host) =>
    hostPair(host, names, fromGroups(host.name, groups), files.hosts.get(host.name)),
  );
  if (localhost && !inventory.hosts.has('localhost')) hosts.push(localPair);
  const own = [...groups.values()].filter(({ name }) => name !== 'all' && name !== 'ungrouped');
  const pairs: readonly KeptPair[] = [
    ...(common.ssh.length === 0 ? [] : [keptPair('ssh', keptMap(common.ssh, true))]),
    ...(common.become.length === 0 ? [] : [becomeValue(common.become)]),
    ...varsPairs(common.vars),
    keptPair('hosts', keptMap(hosts)),
    ...(own.length === 0
      ? []
      : [keptPair('groups', keptMap(own.map((group) => groupPair(group, names, remarks))))]),
  ];
  const root = keptMap(pairs.map((pair, index) => ({ ...pair, isApart: index > 0 })));
  return { head: remarks.lines, root, foot: [] };
}

const localPair: KeptPair = keptPair(
  'localhost',
  keptMap([keptPair('ssh', keptMap([keptPair('transport', 'local')], true))], true),
);

/** What plays said of connections, below what the inventory says. */
function wordsOf({ become, becomeMethod, user }: ConnectionWords): Vars {
  return new Map([
    ...(become ? [['ansible_become', keptScalar(true)] as const] : []),
    ...(becomeMethod === null
      ? []
      : [['ansible_become_method', keptScalar(becomeMethod)] as const]),
    ...(user === null ? [] : [['ansible_user', keptScalar(user)] as const]),
  ]);
}

function withFiles(
  inventory: AnsibleInventory,
  files: VarsFiles,
): ReadonlyMap<string, AnsibleGroup> {
  const names = new Set(['all', ...inventory.groups.keys(), ...files.groups.keys()]);
  const nothing = { hosts: [], children: [], vars: new Map<string, KeptNode>(), comments: [] };
  const groups = [...names].map((name): readonly [string, AnsibleGroup] => {
    const group = inventory.groups.get(name) ?? { name, ...nothing };
    return [name, { ...group, vars: new Map([...group.vars, ...(files.groups.get(name) ?? [])]) }];
  });
  return new Map(groups);
}

/** Names as RFC 1123 has them: others are addresses only. */
function namesOf(hosts: AnsibleInventory['hosts'], remarks: Remarks): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const name of hosts.keys()) {
    if (hostName(name) === null) names.set(name, name);
    else {
      const other = name.replace(/[^A-Za-z0-9.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '') || 'host';
      names.set(name, other);
      remarks.say(
        `${name} is no host name (RFC 1123): it is called ${other}, and needs an "address"`,
      );
    }
  }
  return names;
}

/** Ways to a host that its groups have, outer ones first. */
function fromGroups(host: string, groups: ReadonlyMap<string, AnsibleGroup>): Vars {
  const depths = new Map<string, number>();
  const visit = (name: string, depth: number): void => {
    if (depth > 50 || (depths.get(name) ?? -1) >= depth) return;
    depths.set(name, depth);
    for (const child of groups.get(name)?.children ?? []) visit(child, depth + 1);
  };
  for (const name of groups.keys()) visit(name, 0);
  const holds = (name: string, depth = 0): boolean => {
    const group = groups.get(name);
    if (group === undefined || depth > 50 || name === 'all') return false;
    return group.hosts.includes(host) || group.children.some((child) => holds(child, depth + 1));
  };
  const order = [...groups.keys()]
    .filter((name) => holds(name))
    .toSorted(
      (one, other) => (depths.get(one) ?? 0) - (depths.get(other) ?? 0) || (one < other ? -1 : 1),
    );
  const vars = order.flatMap((name) => [...(groups.get(name)?.vars ?? [])]);
  return new Map(vars.filter(([name]) => isOfConnection(name)));
}

function hostPair(
  { name, vars, comments }: AnsibleHost,
  names: ReadonlyMap<string, string>,
  inherited: Vars,
  file: Vars = new Map(),
): KeptPair {
  const way = connectionOf(new Map([...inherited, ...vars, ...file]));
  const { address } = way;
  const pairs: readonly KeptPair[] = [
    ...(address === null ? [] : [address]),
    ...(way.ssh.length === 0 ? [] : [keptPair('ssh', keptMap(unique(way.ssh), true))]),
    ...(way.staysUser
      ? [keptPair('become', false)]
      : way.become.length === 0
        ? []
        : [becomeValue(way.become)]),
    ...varsPairs(way.vars),
  ];
  const remarks = new Remarks();
  remarks.all(way.remarks);
  const isFlow = pairs.every(({ key }) => key !== 'vars');
  const pair = keptPair(names.get(name) ?? name, keptMap(pairs, isFlow));
  return remarked(pair, [...comments, ...remarks.lines]);
}

function unique(pairs: readonly KeptPair[]): readonly KeptPair[] {
  return [...new Map(pairs.map((pair) => [pair.key, pair])).values()];
}

function groupPair(
  { name, hosts, children, vars, comments }: AnsibleGroup,
  names: ReadonlyMap<string, string>,
  remarks: Remarks,
): KeptPair {
  if (groupName(name) !== null)
    remarks.say(`${name} is no name of a group here: name it otherwise`);
  const own = [...vars].filter(([key]) => !isOfConnection(key));
  const list = (all: readonly string[]) =>
    keptList(
      all.map((one) => keptScalar(one)),
      true,
    );
  const members = list(hosts.map((host) => names.get(host) ?? host));
  const rest: readonly KeptPair[] = [
    ...(hosts.length === 0 ? [] : [keptPair('hosts', members)]),
    ...(children.length === 0 ? [] : [keptPair('children', list(children))]),
    ...varsPairs(own),
  ];
  const value = children.length === 0 && own.length === 0 ? members : keptMap(rest);
  return remarked(keptPair(name, value), comments);
}

/** `vars`, in xpush's words; a name that is none is a comment. */
function varsPairs(vars: Iterable<readonly [string, KeptNode]>): readonly KeptPair[] {
  const remarks = new Remarks();
  const pairs: KeptPair[] = [];
  for (const [name, value] of vars) {
    if (variableName(name) !== null) {
      remarks.say(`${name} is no name of a variable: use letters, digits and "_"`);
      continue;
    }
    const own = new Remarks();
    const node = rewriteVariables(keptMap([keptPair(name, value)]), own);
    const rewritten = node.kind === 'map' ? node.pairs : [];
    pairs.push(...rewritten.map((pair) => remarked(pair, own.lines)));
  }
  if (pairs.length === 0) return [];
  const map: KeptMap = keptMap(pairs);
  return [remarked(keptPair('vars', map), remarks.lines)];
}
