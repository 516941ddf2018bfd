import { join } from 'node:path';
import type { HostedPlay } from '../engine/legs.ts';
import { type HostedPlays, planHosts } from '../engine/plays.ts';
import type { Inventory } from '../inventory/model.ts';
import { ControllerReader, type WhenSummed } from '../playbook/controller-files.ts';
import type { Variables } from '../playbook/keywords.ts';
import type { Play } from '../playbook/model.ts';
import { PlaybookFiles } from '../playbook/playbook-files.ts';
import { secretsUsed } from '../playbook/secrets-used.ts';
import { selectTasks } from '../playbook/select-tasks.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { ConfigError, type Diagnostic } from '../source/diagnostic.ts';
import type { Result } from '../source/result.ts';
import { secretsIn } from '../source/secret.ts';
import { answerPrompts } from './answer-prompts.ts';
import { chooseSteps } from './choose-steps.ts';
import { readInventory } from './load.ts';
import { readBooks } from './read-books.ts';
import { type SourceFile, type Sources, sourceFile, sourceFiles } from './sources.ts';
import type { SteeringGiven } from './steering-options.ts';

/** What is run when nobody names a playbook. */
export const defaultPlaybook = join(import.meta.dirname, '..', '..', 'playbooks', 'vif-route.yaml');

/** A fleet, and what a run does to it. */
export interface Work extends HostedPlays {
  readonly inventory: Inventory;
  /** The files it was read from; absent: there are none. */
  readonly sources?: Sources;
}

/** Which hosts of the plays are meant; null: all. */
export interface Chosen {
  /** A host pattern. */
  readonly limit: string | null;
  /** Names. */
  readonly only: ReadonlySet<string> | null;
}

/** A fleet and the plays that are meant, before anybody is asked or contacted. */
export interface ReadPlays extends Work {
  readonly sources: Sources;
  /** All that is left of the plays, those without hosts too. */
  readonly written: readonly Play[];
  readonly extraVars: Variables;
}

/** What of a command line says what is to be done. */
export interface WorkGiven {
  readonly inventory: string;
  readonly playbook: readonly string[];
  readonly chosen: Chosen;
  readonly steering: SteeringGiven;
  /** When large files of the controller are summed; at once unless said otherwise. */
  readonly whenSummed?: WhenSummed;
}

/**
 * The fleet, with those tasks of the named playbooks that are meant, else of the playbooks that the
 * inventory names, else of the shipped one; their hosts are among the chosen. Throws `ConfigError` with
 * what is wrong in any of these files or in the choice, and `UsageError`.
 */
export async function readPlays(
  {
    inventory: argument,
    playbook,
    chosen: { limit, only },
    steering,
    whenSummed = 'at once',
  }: WorkGiven,
  store: SecretStore,
): Promise<ReadPlays> {
  const diagnostics: Diagnostic[] = [];
  const take = <T>(result: Result<T>): T | null => {
    if (result.ok) return result.value;
    diagnostics.push(...result.diagnostics);
    return null;
  };
  const read: SourceFile[] = [];
  const inventory = await collect(diagnostics, () =>
    readInventory(argument, store, (file, content) => read.push(sourceFile(file, content))),
  );
  const named = playbook.length > 0 ? playbook : (inventory?.playbooks ?? []);
  const books = named.length > 0 ? named : [defaultPlaybook];
  const files = new PlaybookFiles(new ControllerReader(whenSummed));
  const found = await readBooks(books, steering['extra-vars'], files, store);
  const extraVars = take(found.extraVars);
  const playbooks = take(found.playbooks);
  const plays = playbooks?.flatMap((book) => book.plays) ?? [];
  const { tags, 'skip-tags': skipTags, 'start-at-task': start } = steering;
  const written = playbooks && take(selectTasks(plays, { tags, skipTags, startAt: start ?? null }));
  if (inventory === null || extraVars === null || written === null) {
    throw new ConfigError(diagnostics);
  }
  const sources = {
    inventory: { argument, files: read },
    playbooks: await sourceFiles(files.names),
  };
  const hosted = planHosts(written, inventory, limit, only);
  return { sources, ...hosted, written, extraVars };
}

/**
 * The same with all that is needed to carry it out: answers to what plays ask the operator, and the
 * secrets that are used. Throws `ConfigError` for a secret that cannot be had, too.
 */
export async function readWork(given: WorkGiven, store: SecretStore): Promise<Work> {
  const read = await readPlays(given, store);
  return toWork(given.steering.step === true ? await inSteps(read) : read, store);
}

/** With those tasks only that the operator wants to be done. */
async function inSteps(read: ReadPlays): Promise<ReadPlays> {
  const used = read.plays.filter(isUsed);
  const asked = read.written.filter((one) => used.some(({ play }) => play === one));
  const chosen = await chooseSteps(asked);
  const chosenOf = new Map<unknown, Play | undefined>(
    asked.map((one, index) => [one, chosen[index]]),
  );
  const plays = read.plays.map((hosted) => {
    const play = chosenOf.get(hosted.play);
    return play === undefined ? hosted : { ...hosted, play };
  });
  return { ...read, plays, written: chosen };
}

/** Plays with all that is needed to carry them out. */
async function toWork(
  { written, extraVars, ...work }: ReadPlays,
  store: SecretStore,
): Promise<Work> {
  const used = new Set(work.plays.flatMap((one) => (isUsed(one) ? [one.play] : [])));
  await answerPrompts(
    written.filter((play) => used.has(play)),
    extraVars,
  );
  await store.settle(secretsUsed(work.plays, work.inventory));
  const { rehost } = work;
  return rehost === undefined ? work : { ...work, rehost: settling(rehost, work.plays, store) };
}

/** The same, with the secrets of the hosts that it finds. */
function settling(
  rehost: NonNullable<Work['rehost']>,
  plays: readonly HostedPlay[],
  store: SecretStore,
): typeof rehost {
  return async (cut, grown) => {
    const found = await rehost(cut, grown);
    const { hosts, inventory } = found;
    const hosted = plays
      .slice(cut.from, cut.to)
      .map((one, index) => ({ ...one, hosts: hosts[index] ?? new Set<string>() }));
    const ways = [...new Set(hosts.flatMap((names) => [...names]))].map((name) => {
      const host = inventory.hosts.get(name);
      return [host?.ssh.password, host?.become?.password];
    });
    await store.settle([...secretsUsed(hosted, inventory), ...secretsIn(ways)]);
    return found;
  };
}

function isUsed({ hosts, isOpen = false }: HostedPlay): boolean {
  return hosts.size > 0 || isOpen;
}

/** What `load` gives; null when files are wrong, whose diagnostics are kept for one report. */
async function collect<T>(
  diagnostics: Diagnostic[],
  load: () => T | Promise<T>,
): Promise<T | null> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    diagnostics.push(...error.diagnostics);
    return null;
  }
}
