import type { Host, Inventory } from '../inventory/model.ts';
import { asked } from '../playbook/judge.ts';
import { noKeywords } from '../playbook/keywords.ts';
import { nothingTold, untold } from '../playbook/knowledge.ts';
import type { Play, Task } from '../playbook/model.ts';
import { namesUsed, reachedNames, valuesOn } from '../playbook/names-used.ts';
import type { Scope } from '../playbook/scope.ts';
import { scopeOf } from '../playbook/scope-of.ts';
import type { Data } from '../source/data.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { listed, quoted } from '../source/quoted.ts';
import { secretsIn } from '../source/secret.ts';
import type { VariableUse } from '../template/template.ts';
import type { Finding } from './finding.ts';
import { lookUp, type Missing } from './look-up.ts';
import { sampleHosts } from './sample-hosts.ts';
import { hostsOf, type Subject } from './subject.ts';
import { namesTold } from './uses.ts';

/** More names of hosts are told by their number. */
const mostNames = 3;

/** The variables that tasks read and that some of their hosts do not have. */
export function undefinedVariables({ plays, inventory, within }: Subject): readonly Finding[] {
  if (inventory === null) return [];
  const found = new Map<string, Found>();
  const told = new Map<string, readonly string[]>();
  const toldOn = ({ name }: Host): readonly string[] => told.get(name) ?? [];
  for (const play of plays) {
    const hosts = hostsOf(play, inventory, within);
    for (const host of sampleHosts(hosts, toldOn)) {
      for (const one of missingOn(host, play, inventory, toldOn(host))) {
        const { source, start } = one.missing.place;
        const key = `${source.file}:${start}`;
        const before = found.get(key);
        found.set(key, {
          ...one,
          isSure: one.isSure || before?.isSure === true,
          hosts: [...new Set([...(before?.hosts ?? []), host.name])],
          isEverywhere: hosts.length === 1,
        });
      }
    }
    const names = play.tasks.flatMap(namesTold);
    for (const host of hosts) told.set(host.name, [...toldOn(host), ...names]);
  }
  return [...found.values()].map(findingOf);
}

interface MissingUse {
  readonly missing: Missing;
  /** Whether its task is done on that host for sure. */
  readonly isSure: boolean;
}

interface Found extends MissingUse {
  /** One of each kind. */
  readonly hosts: readonly string[];
  /** The play has no other hosts. */
  readonly isEverywhere: boolean;
}

function findingOf({ missing, isSure, hosts, isEverywhere }: Found): Finding {
  const { path, place, known } = missing;
  const names = [...hosts.slice(0, mostNames), ...(hosts.length > mostNames ? ['others'] : [])];
  const where = isEverywhere ? '' : ` on ${listed(names, 'and')}`;
  return {
    rule: 'undefined-variable',
    severity: isSure ? 'error' : 'warning',
    place,
    message: `${quoted(path.join('.'))} is not defined${where}`,
    hint: didYouMean(String(path.at(-1)), known),
  };
}

/** What a play misses on a host; `before` are the names that the plays before it tell. */
function missingOn(
  host: Host,
  play: Play,
  inventory: Inventory,
  before: readonly string[],
): readonly MissingUse[] {
  const told = new Set([...before, ...(play.prompts ?? []).map(({ name }) => name)]);
  return play.tasks.flatMap((task) => {
    const missing = missingIn(task, host, inventory, told);
    for (const name of namesTold(task)) told.add(name);
    return missing;
  });
}

function missingIn(
  task: Task,
  host: Host,
  inventory: Inventory,
  told: ReadonlySet<string>,
): readonly MissingUse[] {
  const { keywords = noKeywords } = task;
  const { loop, register } = keywords;
  const ofItem =
    loop === null ? [] : [loop.variable, loop.indexVariable ?? [], 'ansible_loop'].flat();
  const later = new Set([...told, ...ofItem, ...(register === null ? [] : [register])]);
  const known = {
    ...nothingTold,
    variables: new Map([...later].map((name) => [name, untold] as const)),
  };
  const scope = scopeOf(keywords, { host, inventory }, known);
  const isDone = isDoneOn(task, host, scope);
  if (isDone === 'never') return [];
  const uses = namesUsed(task);
  const isGuarded = guardOf(uses);
  return uses
    .filter((use) => !isGuarded(use))
    .flatMap((use) => lookUp(use, { levels: levelsFor(task, host), scope, inventory, later }))
    .map((missing) => ({ missing, isSure: isDone === 'surely' }));
}

/** The levels in which a variable is looked for, the first that has it decides. */
function levelsFor(
  { keywords = noKeywords }: Task,
  host: Host,
): readonly Readonly<Record<string, Data>>[] {
  return [
    keywords.extraVars,
    ...keywords.vars.toReversed(),
    host.vars,
    ...keywords.defaults.toReversed(),
  ];
}

/** Whether its conditions let a task be done, as far as the inventory tells; no secret is fetched for that. */
function isDoneOn(task: Task, host: Host, scope: Scope): 'surely' | 'perhaps' | 'never' {
  const { when: conditions } = task.keywords ?? noKeywords;
  const valuesOf = valuesOn(levelsFor(task, host));
  const names = conditions.flatMap(({ names }) => names.map(({ keys: [root] }) => root));
  const values = [...reachedNames(names, valuesOf)].flatMap((name) => [...valuesOf(name)]);
  if (names.includes('hostvars') || secretsIn(values).some(({ isSettled }) => !isSettled)) {
    return 'perhaps';
  }
  const when = asked(conditions, scope);
  if (when === null) return 'surely';
  if (when.type === 'waits') return 'perhaps';
  return when.type === 'value' && !when.value ? 'never' : 'surely';
}

/** What a task tests for somewhere it knows that it may be missing. */
function guardOf(uses: readonly VariableUse[]): (use: VariableUse) => boolean {
  const tested = uses.filter(({ mayBeMissing }) => mayBeMissing);
  return ({ keys, mayBeMissing }) =>
    mayBeMissing || tested.some((one) => one.keys.every((key, index) => key === keys[index]));
}
