import type { Contact } from '../connection/index.ts';
import type { Answered, Sources, Visit } from '../doctor/model.ts';
import { type ExpectedTask, lackOfTools } from '../doctor/needed-tools.ts';
import { bindTask } from '../engine/bind-task.ts';
import type { SshOverrides } from '../engine/endpoint.ts';
import type { HostedPlay } from '../engine/legs.ts';
import { planHosts } from '../engine/plays.ts';
import type { Surveyed } from '../engine/survey.ts';
import { answerTo } from '../host/answer.ts';
import { type Query, query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import { selectHosts } from '../inventory/patterns.ts';
import { ControllerReader } from '../playbook/controller-files.ts';
import { nothingTold } from '../playbook/knowledge.ts';
import { PlaybookFiles } from '../playbook/playbook-files.ts';
import { ConfigError } from '../source/diagnostic.ts';
import type { DoctorOptions } from './doctor.ts';
import { readInventory } from './load.ts';
import { defaultPlaybook } from './load-work.ts';
import { readBooks } from './read-books.ts';
import { secretStore } from './secrets.ts';
import { withSurveyor } from './survey-hosts.ts';
import { UsageError } from './usage-error.ts';

/** Goes to the hosts, once each, and gives what was seen; `skipped`: an interrupt came before them. */
export async function visitHosts(
  options: DoctorOptions,
): Promise<{ readonly visits: readonly Visit[]; readonly skipped: readonly Host[] }> {
  const { inventory, hosts, plays } = await hostsOf(options);
  const tasks = new Map(hosts.map((host) => [host.name, tasksOf(host, plays, inventory)]));
  const queries: readonly Query[] = [query.windows(), query.lacks(), query.condition()];
  const contacts = new Map<string, Partial<Contact>>();
  const toldAt = new Map<string, number>();
  return await withSurveyor(
    options,
    inventory,
    hosts,
    async ({ look, endpointOf }) => {
      const surveyed = await look(hosts, (host, known) => {
        const isTold = answerTo(known, query.condition()) !== null;
        if (isTold && !toldAt.has(host.name)) toldAt.set(host.name, Date.now());
        return queries;
      });
      const visitOf = (host: Host): readonly Visit[] => {
        const found = surveyed.get(host.name);
        if (found === undefined) return [];
        const { become, legacyAlgorithms = false } = endpointOf(host, inventory);
        const told = toldAt.get(host.name) ?? null;
        return [
          {
            ...{ host, legacyAlgorithms, sources: sourcesOf(host, options) },
            contact: contacts.get(host.name) ?? {},
            needsRoot: (tasks.get(host.name) ?? []).some(({ hasWindow }) => hasWindow),
            become: become === undefined ? null : { method: become.method, user: become.user },
            failure: failureOf(found),
            answers:
              'answers' in found
                ? answersOf(found.answers, tasks.get(host.name) ?? [], told)
                : null,
          },
        ];
      };
      return {
        visits: hosts.flatMap(visitOf),
        skipped: hosts.filter(({ name }) => !surveyed.has(name)),
      };
    },
    {
      isPatient: true,
      observe: (name, seen) => contacts.set(name, { ...contacts.get(name), ...seen }),
    },
  );
}

/** The hosts that are meant, and the plays that they are in; secrets of tasks are not looked for. */
async function hostsOf(options: DoctorOptions): Promise<{
  readonly inventory: Inventory;
  readonly hosts: readonly Host[];
  readonly plays: readonly HostedPlay[];
}> {
  const { limit, host: names } = options;
  if (limit !== undefined && names.length > 0) {
    throw new UsageError('hosts are named, and --limit is given', 'one of them is enough');
  }
  const store = secretStore(options);
  const inventory = await readInventory(options.inventory, store);
  const selection = selectHosts(inventory, names.length > 0 ? names : (limit ?? 'all'));
  if (!selection.ok) throw new UsageError(selection.message, selection.hint);
  const { hosts } = selection;
  const files = inventory.playbooks.length > 0 ? inventory.playbooks : [defaultPlaybook];
  const reader = new PlaybookFiles(new ControllerReader('when needed'));
  const { playbooks } = await readBooks(files, [], reader, store);
  if (!playbooks.ok) throw new ConfigError(playbooks.diagnostics);
  const { plays } = planHosts(
    playbooks.value.flatMap((playbook) => playbook.plays),
    inventory,
    null,
  );
  return { inventory, hosts, plays };
}

/** What is known of the tasks of a host before it is. */
function tasksOf(
  host: Host,
  plays: readonly HostedPlay[],
  inventory: Inventory,
): readonly ExpectedTask[] {
  const tasks = plays.flatMap(({ play, hosts }) => (hosts.has(host.name) ? play.tasks : []));
  return tasks.flatMap((task) => {
    const prepared = bindTask(task, { host, inventory })(nothingTold);
    if (prepared.type !== 'ready') return [];
    const { queries, network: hasWindow } = prepared.bound;
    return [{ step: task.step.name, queries, hasWindow }];
  });
}

function failureOf(found: Surveyed): Visit['failure'] {
  return 'unreachable' in found ? { message: found.unreachable, hint: found.hint } : null;
}

/** `toldAt`: when the answers arrived, in ms since 1970. */
function answersOf(
  state: HostState,
  tasks: readonly ExpectedTask[],
  toldAt: number | null,
): Answered {
  const condition = answerTo(state, query.condition());
  const clock = condition?.clockSeconds ?? null;
  return {
    condition,
    // a clock of whole seconds is half a second behind on average
    skewSeconds: clock === null || toldAt === null ? null : clock + 0.5 - toldAt / 1000,
    windows: answerTo(state, query.windows()),
    lack: lackOfTools(tasks, answerTo(state, query.lacks()) ?? []),
  };
}

function sourcesOf({ ssh }: Host, options: DoctorOptions): Sources {
  const source = (given: SshOverrides[keyof SshOverrides], own: unknown): string | null =>
    given !== undefined ? 'the command line' : own !== null ? 'the inventory' : null;
  const all = {
    user: source(options.user, ssh.user),
    port: source(undefined, ssh.port),
    identity: source(options.identity, ssh.identity),
    jump: source(undefined, ssh.jump),
    host_key: source(undefined, ssh.hostKey),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, by]) => (by === null ? [] : [[name, by]])),
  );
}
