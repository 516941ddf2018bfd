import * as v from 'valibot';
import { exitCodes } from '../engine/exit-code.ts';
import { change } from '../host/change.ts';
import { selectHosts } from '../inventory/patterns.ts';
import { openProgress } from '../report/progress.ts';
import { defineStep } from '../steps/step.ts';
import { carryOut } from './carry-out.ts';
import { CommandResults } from './command-results.ts';
import { readInventory } from './load.ts';
import type { RunCommandOptions } from './run-command.ts';
import { secretStore } from './secrets.ts';
import { type SourceFile, sourceFile } from './sources.ts';
import { UsageError } from './usage-error.ts';

/** A command that nobody says anything of. */
const adHoc = defineStep({
  name: 'command',
  summary: 'Runs a command.',
  on: ['dom0', 'domU', 'host'],
  params: v.strictObject({
    argv: v.array(v.string()),
    timeoutSeconds: v.nullable(v.number()),
  }),
  queries: () => ({}),
  plan: (_target, { argv, timeoutSeconds }) => ({
    changes: [change.command(argv, null, { timeoutSeconds })],
  }),
});

/** Does what `xpush run` is for, and gives the exit code. */
export async function runOnHosts(options: RunCommandOptions): Promise<number> {
  const { inventory: argument, pattern, shell, output, timeout = null, '--': words } = options;
  if (words.length === 0) {
    throw new UsageError('the command is missing', 'write it behind --: xpush run ... -- uname -r');
  }
  const [only = '', ...more] = words;
  const isLine = shell || more.length === 0;
  const argv = isLine ? ['/bin/sh', '-c', shell ? words.join(' ') : only] : words;
  const files: SourceFile[] = [];
  const inventory = await readInventory(argument, secretStore(options), (file, content) =>
    files.push(sourceFile(file, content)),
  );
  const selected = selectHosts(inventory, pattern);
  if (!selected.ok) throw new UsageError(selected.message, selected.hint);
  const hosts = new Set(selected.hosts.map(({ name }) => name));
  if (hosts.size === 0) {
    process.stderr.write(`${JSON.stringify(pattern)} names no host\n`);
    return exitCodes.done;
  }
  const progress = await openProgress(output === 'json' ? process.stderr : process.stdout);
  const results = new CommandResults(argv, output, progress);
  const play = {
    name: 'run',
    tasks: [{ name: 'command', step: adHoc, params: { argv, timeoutSeconds: timeout } }],
  };
  return carryOut(
    { ...quietly, ...options, output: 'plain', 'max-fail': { kind: 'percent', most: 100 } },
    {
      inventory,
      plays: [{ play, hosts }],
      notes: [],
      sources: { inventory: { argument, files }, playbooks: [] },
    },
    { takesLimit: false, reporter: results },
  );
}

/** Options of a run that only shows what a command printed. */
const quietly = {
  check: false,
  diff: false,
  'no-confirm': false,
  'exit-code': false,
  verbose: 0,
} as const;
