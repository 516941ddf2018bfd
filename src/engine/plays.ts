import type { Host, Inventory } from '../inventory/model.ts';
import { selectHosts } from '../inventory/patterns.ts';
import { addsToFleet, expectedAfter } from '../playbook/added-names.ts';
import { delegateOf, delegateProblem } from '../playbook/delegate.ts';
import { noKeywords } from '../playbook/keywords.ts';
import type { Play } from '../playbook/model.ts';
import { ConfigError, type Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import { diagnosticAt } from '../source/source-text.ts';
import type { HostedPlay } from './legs.ts';
import type { Rehosted, RunRequest } from './run-request.ts';

/** Plays with their hosts, and what people should know about the choice. */
export interface HostedPlays {
  readonly plays: readonly HostedPlay[];
  /** The fleet, with hosts that become root where a task of theirs is for root. */
  readonly inventory: Inventory;
  readonly notes: readonly string[];
  /** Chooses the hosts of plays anew, once plays before them have added to the fleet. */
  readonly rehost?: NonNullable<RunRequest['rehost']>;
}

/**
 * The hosts of each play within `limit` (a host pattern; null for no limit) and among `only` (names;
 * null for all). Throws `ConfigError` with every pattern that names nothing, every group that is not
 * there, and every step that isn't for its hosts.
 */
export function planHosts(
  plays: readonly Play[],
  inventory: Inventory,
  limit: string | null,
  only: ReadonlySet<string> | null = null,
): HostedPlays {
  const diagnostics: Diagnostic[] = [];
  const limited = selectHosts(inventory, limit ?? 'all', expectedAfter(plays));
  if (!limited.ok) {
    const { message, hint } = limited;
    diagnostics.push({ position: null, message: `--limit: ${message}`, hint, excerpt: null });
  }
  const within = new Set(
    (limited.ok ? limited.hosts : []).flatMap(({ name }) =>
      only === null || only.has(name) ? [name] : [],
    ),
  );
  const notes = [...(only ?? [])]
    .filter((name) => !inventory.hosts.has(name))
    .map((name) => `${name} is not in the inventory any more; skipped`);
  const hosted = plays.map((play, index): HostedPlay => {
    const before = plays.slice(0, index);
    const isExpected = expectedAfter(before);
    const selection = selectHosts(inventory, play.hosts, isExpected);
    if (!selection.ok) {
      diagnostics.push(diagnosticAt(play.hostsPlace, selection.message, selection.hint));
      return { play, hosts: new Set() };
    }
    const isOpen = before.some(({ tasks }) => tasks.some(addsToFleet));
    diagnostics.push(
      ...misplacedSteps(play, selection.hosts, inventory, isOpen),
      ...unknownGroups(play, inventory, isExpected),
    );
    if (selection.hosts.length === 0 && !isOpen) notes.push(`${play.name}: no hosts; skipped`);
    const names = selection.hosts.map(({ name }) => name).filter((name) => within.has(name));
    return { play, hosts: new Set(names), ...(isOpen ? { isOpen } : {}) };
  });
  if (diagnostics.length > 0) throw new ConfigError(diagnostics);
  return {
    plays: hosted,
    inventory: becoming(hosted, inventory),
    notes: [...notes, ...dom0sOutside(hosted, inventory)],
    ...(hosted.some(({ isOpen }) => isOpen === true)
      ? {
          rehost: ({ from, to }, grown) => rehosted(plays.slice(from, to), grown, { limit, only }),
        }
      : {}),
  };
}

/** What nobody is called in the end has no hosts. */
function rehosted(
  plays: readonly Play[],
  inventory: Inventory,
  { limit, only }: { readonly limit: string | null; readonly only: ReadonlySet<string> | null },
): Rehosted {
  const limited = selectHosts(inventory, limit ?? 'all', () => true);
  const within = new Set(
    (limited.ok ? limited.hosts : []).flatMap(({ name }) =>
      only === null || only.has(name) ? [name] : [],
    ),
  );
  const notes: string[] = [];
  const hosted = plays.map((play) => {
    const selection = selectHosts(inventory, play.hosts, () => true);
    const hosts = (selection.ok ? selection.hosts : [])
      .map(({ name }) => name)
      .filter((name) => within.has(name));
    if (hosts.length === 0) notes.push(`${play.name}: no hosts; skipped`);
    return { play, hosts: new Set(hosts) };
  });
  return {
    hosts: hosted.map(({ hosts }) => hosts),
    inventory: becoming(hosted, inventory),
    notes,
  };
}

/** Groups that `max_per` names and the inventory does not. */
function unknownGroups(
  { rollout }: Play,
  { groups }: Inventory,
  isExpected: (name: string) => boolean,
): Diagnostic[] {
  return rollout.maxPer
    .filter(({ group }) => group !== 'dom0' && !groups.has(group) && !isExpected(group))
    .map(({ group, place }) => {
      const hint = didYouMean(group, [...groups.keys()]);
      const message = `max_per: there is no group ${quoted(group)}`;
      return diagnosticAt(place, message, hint ?? 'name a group, or dom0 for each dom0');
    });
}

/** Steps that can't work on some of the play's hosts, whatever the limit; hosts that are nowhere. */
function misplacedSteps(
  play: Play,
  hosts: readonly Host[],
  inventory: Inventory,
  isOpen: boolean,
): Diagnostic[] {
  return play.tasks.flatMap(({ step, place, keywords = noKeywords }) => {
    if (keywords.delegate !== null && isOpen) return []; // told by its hosts
    if (keywords.delegate !== null) {
      const problems = hosts.flatMap(
        (host) => delegateProblem(keywords, { host, inventory }) ?? [],
      );
      if (problems.length > 0) return problems.slice(0, 1);
    }
    const wrong = hosts
      .map(
        (host) =>
          (keywords.delegate === null ? host : delegateOf(keywords, { host, inventory })) ?? host,
      )
      .filter(({ kind }) => !step.on.includes(kind));
    const [first] = wrong;
    if (first === undefined) return [];
    const others = wrong.length > 1 ? ` and ${wrong.length - 1} more` : '';
    return [
      diagnosticAt(
        place,
        `${step.name} is for ${step.on.join(' and ')} hosts; this play has ${first.name} (${first.kind})${others}`,
        'give the play other hosts, or move the task to a play of its own',
      ),
    ];
  });
}

/** `become: true` of a play or a task: who logs in as root already stays what he is. */
function becoming(plays: readonly HostedPlay[], inventory: Inventory): Inventory {
  const names = new Set(
    plays
      .filter(({ play }) => play.tasks.some(({ keywords }) => keywords?.becomes === true))
      .flatMap(({ hosts }) => [...hosts]),
  );
  if (names.size === 0) return inventory;
  const become = { method: 'sudo', user: 'root', password: null } as const;
  const hosts = [...inventory.hosts.values()].map((host): readonly [string, Host] => [
    host.name,
    names.has(host.name) && host.become === null ? { ...host, become } : host,
  ]);
  return { ...inventory, hosts: new Map(hosts) };
}

/** More names than that are told by their number. */
const mostNames = 8;

/** A dom0 outside the limit counts as done; its domUs say so. */
function dom0sOutside(plays: readonly HostedPlay[], inventory: Inventory): string[] {
  const chosen = new Set(plays.flatMap(({ hosts }) => [...hosts]));
  const outside = new Map<string, number>();
  for (const name of chosen) {
    const host = inventory.hosts.get(name);
    if (host?.kind !== 'domU' || chosen.has(host.dom0)) continue;
    outside.set(host.dom0, (outside.get(host.dom0) ?? 0) + 1);
  }
  if (outside.size === 0) return [];
  const names = [...outside.keys()];
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : '';
  const guests = [...outside.values()].reduce((sum, count) => sum + count, 0);
  const [is, whose] = names.length === 1 ? ['is', 'its'] : ['are', 'their'];
  return [
    `${names.slice(0, mostNames).join(', ')}${more} ${is} not part of this run: taken as done for ${guests} of ${whose} guests`,
  ];
}
