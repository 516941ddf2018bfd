import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { keepFile } from '../../src/cli/keep-file.ts';
import type { RunEvent, TaskEnd } from '../../src/engine/events.ts';
import type { ExplainedSegment } from '../../src/engine/explain-leg.ts';
import { usualConfirm } from '../../src/engine/leg-options.ts';
import { runLeg } from '../../src/engine/leg-run.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';
import { identity } from './identity.ts';
import { type LocalHost, localHost } from './local-host.ts';

const inventory = await loadInventory({
  argument: '-',
  stdin: 'hosts: { here: { vars: { color: blue, shade: "dark {{ color }}", n: 3 } } }',
});

/** What came of a play on a real shell. */
export interface Played {
  readonly result: Awaited<ReturnType<typeof runLeg>>;
  /** Each task that ended, as `name status: message`. */
  readonly lines: readonly string[];
  readonly ended: readonly TaskEnd[];
  /** In a check: how it would be carried out. */
  readonly explained: readonly ExplainedSegment[];
  /** How many programs the host was sent by now. */
  readonly programs: number;
}

/** Runs the rest of a play (`tasks: ...`) on the host `here`, with DIR for a directory. */
export async function play(
  host: LocalHost,
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
  const result = await runLeg(
    { host: target, tasks: first.tasks.map((task) => ({ play: first, task })), after: [] },
    {
      ...{ inventory, identity, check, keepFile },
      confirm: usualConfirm,
      emit: (event) => events.push(event),
      ...(check ? { explain: (_host, segments) => void explained.push(...segments) } : {}),
      stopping: new AbortController().signal,
      leaving: new AbortController().signal,
      nextNumber: () => 1,
      enterWindow: async () => () => {},
      reach: async (probes) => probes.map(() => null),
    },
    host.connect,
  );
  const ended = events.filter((event): event is TaskEnd => event.event === 'task');
  const lines = ended.map(
    ({ task, status, message }) => `${task} ${status}${message === null ? '' : `: ${message}`}`,
  );
  return { result, lines, ended, explained, programs: host.programs.length };
}

/** Plays on a host and in a directory of each test's own. */
export interface LocalPlaybook {
  readonly host: LocalHost;
  /** DIR of the playbooks. */
  readonly directory: string;
  readonly run: (rest: string, options?: { readonly check?: boolean }) => Promise<Played>;
  /**
   * In a check, in earnest, and once more: the check foretells what is done, and then there is nothing
   * left to do. Gives the lines of what was done.
   */
  readonly runThrice: (rest: string) => Promise<readonly string[]>;
}

/** For a test file: a host of its own for each test. */
export function playbookOnLocalHost(): LocalPlaybook {
  const room = { host: localHost(), directory: '' };
  beforeEach(() => {
    room.host = localHost();
    room.directory = mkdtempSync(join(tmpdir(), 'xpush-play-'));
  });
  afterEach(() => rmSync(room.directory, { recursive: true, force: true }));
  const run: LocalPlaybook['run'] = (rest, options = {}) =>
    play(room.host, rest, { directory: room.directory, ...options });
  return {
    get host() {
      return room.host;
    },
    get directory() {
      return room.directory;
    },
    run,
    runThrice: async (rest) => {
      const check = await run(rest, { check: true });
      const done = await run(rest);
      const again = await run(rest);
      expect(check.ended.map(({ status, changes }) => ({ status, changes }))).toEqual(
        done.ended.map(({ status, changes }) => ({ status, changes })),
      );
      expect(again.ended.map(({ changes }) => changes)).toEqual(done.ended.map(() => []));
      return done.lines;
    },
  };
}
