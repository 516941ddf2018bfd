import type { RunEvent, TaskEnd } from '../../src/engine/events.ts';
import { usualConfirm } from '../../src/engine/leg-options.ts';
import { runLeg } from '../../src/engine/leg-run.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';
import { identity } from '../engine/identity.ts';
import type { OverlayHost } from '../engine/overlay-host.ts';

const inventory = await loadInventory({ argument: '-', stdin: 'hosts: { here: {} }' });

/** Runs one task, its step and parameters as YAML; how it ended, with its message and its changes. */
export async function playOn(
  host: Pick<OverlayHost, 'connect'>,
  task: string,
  { check = false } = {},
): Promise<Pick<TaskEnd, 'status' | 'message' | 'changes'>> {
  const node = parseYaml(`[{ hosts: all, tasks: [{ name: it, ${task} }] }]`, '/site.yaml');
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
  const [ended] = events.filter((event): event is TaskEnd => event.event === 'task');
  if (ended === undefined) throw new Error(JSON.stringify(events));
  const { status, message, changes } = ended;
  return { status, message, changes };
}
