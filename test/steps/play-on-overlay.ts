import type { RunEvent, TaskEnd } from '../../src/engine/events.ts';
import { usualConfirm } from '../../src/engine/leg-options.ts';
import { runLeg } from '../../src/engine/leg-run.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';
import { identity } from '../engine/identity.ts';
import type { OverlayHost } from '../engine/overlay-host.ts';

const inventory = await loadInventory({ argument: '-', stdin: 'hosts: { here: {} }' });

type Ended = Pick<TaskEnd, 'status' | 'message' | 'changes'>;

/** Runs one task, its step and parameters as YAML; how it ended, with its message and its changes. */
export async function playOn(
  host: Pick<OverlayHost, 'connect'>,
  task: string,
  { check = false } = {},
): Promise<Ended> {
  const [ended] = await playAllOn(host, [task], { check });
  if (ended === undefined) throw new Error(`nothing is known of ${task}`);
  return ended;
}

/** The same for several tasks of a play. */
export async function playAllOn(
  host: Pick<OverlayHost, 'connect'>,
  tasks: readonly string[],
  { check = false } = {},
): Promise<readonly Ended[]> {
  const text = tasks.map((task) => `{ name: it, ${task} }`).join(', ');
  const node = parseYaml(`[{ hosts: all, tasks: [${text}] }]`, '/site.yaml');
  const book = node.ok ? parsePlaybook(node.value, '/site.yaml') : node;
  if (!book.ok) throw new Error(JSON.stringify(book.diagnostics));
  const target = inventory.hosts.get('here');
  const [play] = book.value.plays;
  if (target === undefined || play === undefined) throw new Error('no host or no play');
  const events: RunEvent[] = [];
  await runLeg(
    { host: target, tasks: play.tasks.map((each) => ({ play, task: each })), after: [] },
    {
      ...{ inventory, identity, check },
      confirm: usualConfirm,
      emit: (event) => events.push(event),
      stopping: new AbortController().signal,
      leaving: new AbortController().signal,
      nextNumber: () => 1,
      enterWindow: async () => () => {},
      reach: async (probes) => probes.map(() => null),
    },
    host.connect,
  );
  return events
    .filter((event): event is TaskEnd => event.event === 'task')
    .map(({ status, message, changes }) => ({ status, message, changes }));
}
