import { keepFile } from '../../src/cli/keep-file.ts';
import type { Transport } from '../../src/connection/transport.ts';
import type { RunEvent, TaskEnd } from '../../src/engine/events.ts';
import { planHosts } from '../../src/engine/plays.ts';
import { run } from '../../src/engine/run.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import type { Variables } from '../../src/playbook/keywords.ts';
import { loadPlaybooks } from '../../src/playbook/load-playbook.ts';
import { selectTasks } from '../../src/playbook/select-tasks.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';
import { identity } from '../engine/identity.ts';
import { type LocalHost, localHost } from '../engine/local-host.ts';

/** Where playbooks are run. */
export interface PlayedFleet {
  readonly transport: Transport;
  /** How many programs a host was sent so far. */
  readonly programsOf: (host: string) => number;
}

/** Hosts that are all this machine, each with a memory of its own. */
export class LocalFleet implements PlayedFleet {
  readonly #hosts = new Map<string, LocalHost>();
  readonly transport: Transport = {
    connect: async ({ name }) => this.host(name).connect(),
    close: async () => {},
  };

  programsOf(host: string): number {
    return this.host(host).programs.length;
  }

  host(name: string): LocalHost {
    const known = this.#hosts.get(name) ?? localHost();
    this.#hosts.set(name, known);
    return known;
  }
}

/** How a playbook is run. */
export interface PlayOptions {
  readonly check: boolean;
  readonly extraVars: Variables;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
}

/** What a run came to. */
export interface Played {
  readonly exit: number;
  readonly ended: readonly TaskEnd[];
  /** Programs that were sent to all hosts together. */
  readonly programs: number;
  readonly events: readonly RunEvent[];
}

/** Runs a playbook with the whole engine, on hosts that are this machine. */
export async function playOnFleet(
  file: string,
  given: Inventory,
  fleet: PlayedFleet,
  { check, extraVars, tags, skipTags }: PlayOptions,
): Promise<Played> {
  const books = loadPlaybooks([file], { extraVars });
  const chosen = selectTasks(
    books.flatMap(({ plays }) => plays),
    { tags, skipTags, startAt: null },
  );
  if (!chosen.ok) throw new ConfigError(chosen.diagnostics);
  const { plays, inventory, rehost } = planHosts(chosen.value, given, null);
  const events: RunEvent[] = [];
  const before = programsOf(inventory, fleet);
  const exit = await run({
    ...{
      version: '0',
      identity,
      inventory,
      plays,
      check,
      forks: 4,
      pendingAsExit: false,
      keepFile,
    },
    ...(rehost === undefined ? {} : { rehost }),
    transport: fleet.transport,
    endpointOf: ({ name, address }) => ({ name, address }),
    emit: (event) => events.push(event),
    stopping: new AbortController().signal,
    leaving: new AbortController().signal,
  });
  const ended = events.filter((event): event is TaskEnd => event.event === 'task');
  return { exit, ended, events, programs: programsOf(inventory, fleet) - before };
}

function programsOf({ hosts }: Inventory, fleet: PlayedFleet): number {
  return [...hosts.keys()].reduce((sum, name) => sum + fleet.programsOf(name), 0);
}
