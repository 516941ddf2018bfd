import { join } from 'node:path';
import { expect } from 'vitest';
import { keepFile } from '../../src/cli/keep-file.ts';
import type { RunEvent, TaskEnd } from '../../src/engine/events.ts';
import type { ExplainedSegment } from '../../src/engine/explain-leg.ts';
import type { Connect } from '../../src/engine/host-contact.ts';
import { runLeg } from '../../src/engine/leg-run.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';
import { legOptions } from './leg-options.ts';

const inventory = await loadInventory({
  argument: '-',
  stdin: 'hosts: { here: { vars: { color: blue, shade: "dark {{ color }}", n: 3 } } }',
});

/** Where tasks are done. */
interface PlayedOn {
  readonly connect: Connect;
  /** That it was sent, where it counts them. */
  readonly programs?: readonly string[];
}

/** What came of a play on a real shell. */
export interface Played {
  readonly result: Awaited<ReturnType<typeof runLeg>>;
  /** Each task that ended, as `name status: message`. */
  readonly lines: readonly string[];
  readonly ended: readonly TaskEnd[];
  /** In a check: how it would be carried out. */
  readonly explained: readonly ExplainedSegment[];
  /** How many programs the host was sent for it. */
  readonly programs: number;
}

/** Runs the rest of a play (`tasks: ...`) on the host `here`, with DIR for a directory. */
export async function play(
  host: PlayedOn,
  rest: string,
  { directory, check = false }: { readonly directory: string; readonly check?: boolean },
): Promise<Played> {
  const file = join(directory, 'site.yaml');
  const text = rest.replaceAll('DIR', directory).trim().replace(/^/gm, '  ');
  const node = parseYaml(`- hosts: all\n${text}\n`, file);
  const book = node.ok ? parsePlaybook(node.value, file) : node;
  if (!book.ok) throw new Error(book.diagnostics.map(formatDiagnostic).join('\n'));
  const target = inventory.hosts.get('here');
  const [first] = book.value.plays;
  if (target === undefined || first === undefined) throw new Error('no host or no play');
  const events: RunEvent[] = [];
  const explained: ExplainedSegment[] = [];
  const before = host.programs?.length ?? 0;
  const result = await runLeg(
    { host: target, tasks: first.tasks.map((task) => ({ play: first, task })), after: [] },
    {
      ...legOptions(inventory, events),
      ...{ check, keepFile },
      ...(check ? { explain: (_host, segments) => void explained.push(...segments) } : {}),
    },
    host.connect,
  );
  const ended = events.filter((event): event is TaskEnd => event.event === 'task');
  const lines = ended.map(
    ({ task, status, message }) => `${task} ${status}${message === null ? '' : `: ${message}`}`,
  );
  return { result, lines, ended, explained, programs: (host.programs?.length ?? 0) - before };
}

/**
 * In a check, in earnest, and once more: the check foretells what is done, and then there is nothing
 * left to do. Gives the lines of what was done.
 */
export async function playThrice(
  run: (options: { readonly check: boolean }) => Promise<Played>,
): Promise<readonly string[]> {
  const check = await run({ check: true });
  const done = await run({ check: false });
  const again = await run({ check: false });
  expect(check.ended.map(shown)).toEqual(done.ended.map(shown));
  expect(
    again.ended.filter(({ status, changes }) => !isIdle(status) || changes.length > 0),
  ).toEqual([]);
  return done.lines;
}

function shown({ task, status, changes }: TaskEnd): Pick<TaskEnd, 'task' | 'status' | 'changes'> {
  return { task, status, changes };
}

function isIdle(status: TaskEnd['status']): boolean {
  return status === 'ok' || status === 'skipped';
}

type Ended = Pick<TaskEnd, 'status' | 'message' | 'changes'>;

/** Runs one task, its step and parameters as YAML; how it ended, with its message and its changes. */
export async function playOn(
  host: PlayedOn,
  task: string,
  options: { readonly check?: boolean } = {},
): Promise<Ended> {
  const [ended] = await playAllOn(host, [task], options);
  if (ended === undefined) throw new Error(`nothing is known of ${task}`);
  return ended;
}

/** The same for several tasks of a play. */
export async function playAllOn(
  host: PlayedOn,
  tasks: readonly string[],
  { check = false }: { readonly check?: boolean } = {},
): Promise<readonly Ended[]> {
  const text = tasks.map((task) => `{ name: it, ${task} }`).join(', ');
  const { ended } = await play(host, `tasks: [${text}]`, { directory: '/', check });
  return ended.map(({ status, message, changes }) => ({ status, message, changes }));
}
