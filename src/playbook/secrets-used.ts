import type { Inventory } from '../inventory/model.ts';
import { type Secret, secretsIn } from '../source/secret.ts';
import { noKeywords, type Variables } from './keywords.ts';
import type { Task } from './model.ts';
import { closed, levelsOf, namesUsed, readBy, templateFilesOf, valuesOn } from './names-used.ts';

/** Tasks, and the hosts that they are for. */
interface Hosted {
  readonly play: { readonly tasks: readonly Pick<Task, 'step' | 'params' | 'keywords'>[] };
  readonly hosts: ReadonlySet<string>;
}

/**
 * The secrets that tasks can come to use: those written in them, and those of the variables that their
 * templates can reach on any of their hosts; of all hosts, where they ask for `hostvars`.
 */
export function secretsUsed(
  plays: readonly Hosted[],
  { hosts: all }: Pick<Inventory, 'hosts'>,
): readonly Secret[] {
  const found = new Set<Secret>();
  const keep = (value: unknown): void => {
    for (const secret of secretsIn(value)) found.add(secret);
  };
  const allVars = [...all.values()].map(({ vars }) => vars);
  for (const { play, hosts } of plays) {
    if (hosts.size === 0) continue;
    const ofHosts = valuesOn(
      [...hosts].flatMap((name): Variables[] => {
        const host = all.get(name);
        return host === undefined ? [] : [host.vars];
      }),
    );
    // of many hosts, for many tasks: looked at once
    const readOnHosts = once((name) => readBy(ofHosts(name)));
    const secretsOnHosts = once((name) => secretsIn([...ofHosts(name)]));
    for (const task of play.tasks) {
      const { written, loop, environment } = task.keywords ?? noKeywords;
      keep([task.params, written?.node, loop?.items, environment]);
      const ofTask = valuesOn(levelsOf(task));
      const next = (name: string) => [...readBy(ofTask(name)), ...readOnHosts(name)];
      const names = closed(rootsUsed(task), next);
      for (const name of names) keep([[...ofTask(name)], secretsOnHosts(name)]);
      const mayReadAll = names.has('hostvars') || templateFilesOf(task).includes(null);
      if (mayReadAll) keep([allVars, levelsOf(task)]);
    }
  }
  return [...found];
}

function once<T>(work: (name: string) => T): (name: string) => T {
  const known = new Map<string, { readonly value: T }>();
  return (name) => {
    const found = known.get(name) ?? { value: work(name) };
    known.set(name, found);
    return found.value;
  };
}

function rootsUsed(task: Parameters<typeof namesUsed>[0]): readonly string[] {
  return namesUsed(task).map(({ keys: [root] }) => root);
}
