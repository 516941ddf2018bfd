import type { Host, Inventory } from '../inventory/model.ts';
import { asked } from '../playbook/judge.ts';
import { noKeywords, type Variables } from '../playbook/keywords.ts';
import { nothingTold, untold } from '../playbook/knowledge.ts';
import type { Play, Task } from '../playbook/model.ts';
import { reachedNames, valuesOn } from '../playbook/names-used.ts';
import type { Scope } from '../playbook/scope.ts';
import { scopeOf } from '../playbook/scope-of.ts';
import { builtInSteps } from '../playbook/step-book.ts';
import { secretsIn } from '../source/secret.ts';
import type { VariableUse } from '../template/template.ts';
import { sampleHosts } from './sample-hosts.ts';
import { hostsOf, type Subject } from './subject.ts';
import { namesTold, usesInValue } from './uses.ts';

/** A task on one host of each kind. */
export interface TaskVisit {
  readonly task: Task;
  readonly host: Host;
  readonly inventory: Inventory;
  /** Whether its play has no other host. */
  readonly isOnlyHost: boolean;
  /** What it sees, with what the tasks before it have yet to tell. */
  readonly scope: Scope;
  /** The first of these levels that has a variable decides. */
  readonly levels: readonly Variables[];
  /** Variables that tasks before it, or its own loop, have yet to give. */
  readonly later: ReadonlySet<string>;
  /** Whether it is done with what is known here: its conditions, and variables that steps of a user's own may set. */
  readonly isDone: 'surely' | 'perhaps';
}

/** All tasks on their hosts in order, but for those whose conditions are false there. */
export function* taskVisits({ plays, inventory, within }: Subject): Generator<TaskVisit> {
  if (inventory === null) return;
  const told = new Map<string, readonly string[]>();
  const toldOn = ({ name }: Host): readonly string[] => told.get(name) ?? [];
  for (const play of plays) {
    const hosts = hostsOf(play, inventory, within);
    for (const host of sampleHosts(hosts, toldOn)) {
      for (const visit of visitsOn(host, play, inventory, toldOn(host))) {
        yield { ...visit, isOnlyHost: hosts.length === 1 };
      }
    }
    const names = play.tasks.flatMap(namesTold);
    for (const host of hosts) told.set(host.name, [...toldOn(host), ...names]);
  }
}

/** @param before names that the plays before it tell */
function* visitsOn(
  host: Host,
  play: Play,
  inventory: Inventory,
  before: readonly string[],
): Generator<Omit<TaskVisit, 'isOnlyHost'>> {
  const told = new Set([...before, ...(play.prompts ?? []).map(({ name }) => name)]);
  let mayHaveSet = false;
  for (const task of play.tasks) {
    const { keywords = noKeywords } = task;
    const { loop, register } = keywords;
    const ofItem =
      loop === null ? [] : [loop.variable, loop.indexVariable ?? [], 'ansible_loop'].flat();
    const later = new Set([...told, ...ofItem, register ?? []].flat());
    const variables = new Map([...later].map((name) => [name, untold] as const));
    const scope = scopeOf(keywords, { host, inventory }, { ...nothingTold, variables });
    const levels = [
      keywords.extraVars,
      ...keywords.vars.toReversed(),
      host.vars,
      ...keywords.defaults.toReversed(),
    ];
    const isReached = isDoneIn(scope, levels, task);
    if (isReached !== 'never') {
      const isSure = isReached === 'surely' && !mayHaveSet;
      const isDone = isSure ? 'surely' : 'perhaps';
      yield { task, host, inventory, scope, levels, later, isDone };
    }
    mayHaveSet ||= !builtInSteps.has(task.step.name);
    for (const name of namesTold(task)) told.add(name);
  }
}

function isDoneIn(
  scope: Scope,
  levels: readonly Variables[],
  { keywords = noKeywords }: Task,
): TaskVisit['isDone'] | 'never' {
  const { when: conditions } = keywords;
  const uses = conditions.flatMap(({ names }) => names);
  if (takesSecrets(uses, levels)) return 'perhaps';
  const when = asked(conditions, scope);
  if (when === null) return 'surely';
  if (when.type === 'waits') return 'perhaps';
  return when.type === 'value' && !when.value ? 'never' : 'surely';
}

/** Whether these come to secrets, or may: none is fetched here. */
export function takesSecrets(uses: readonly VariableUse[], levels: readonly Variables[]): boolean {
  const roots = uses.map(({ keys: [root] }) => root);
  if (!levels.some(hasSecrets)) return roots.includes('hostvars');
  const valuesOf = valuesOn(levels);
  const names = reachedNames(roots, valuesOf);
  return names.has('hostvars') || [...names].some((name) => areSecret([...valuesOf(name)]));
}

const known = new WeakMap<Variables, boolean>();

function hasSecrets(level: Variables): boolean {
  const before = known.get(level);
  if (before !== undefined) return before;
  // hostvars by way of another variable may have some, too
  const has = areSecret(level) || Object.values(level).flatMap(usesInValue).some(isOfOthers);
  known.set(level, has);
  return has;
}

function areSecret(values: unknown): boolean {
  return secretsIn(values).some(({ isSettled }) => !isSettled);
}

function isOfOthers({ keys: [root] }: VariableUse): boolean {
  return root === 'hostvars';
}
