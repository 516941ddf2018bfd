import * as v from 'valibot';
import { type Decided, decide } from '../engine/decide.ts';
import { exitCode } from '../engine/exit-code.ts';
import type { Visited } from '../engine/visit.ts';
import type { DecisionPlan, PendingWindow } from '../host/window.ts';
import { selectHosts } from '../inventory/patterns.ts';
import { defineCommand, text } from './command.ts';
import { connectingEntries, connectingOptions } from './connecting.ts';
import { compressNames } from './host-names.ts';
import { readInventory } from './load.ts';
import { oneLine } from './one-line.ts';
import { sayProblems } from './problems.ts';
import { secretEntries, secretOptions, secretStore } from './secrets.ts';
import { withSurveyor } from './survey-hosts.ts';
import { aligned } from './table.ts';
import { UsageError } from './usage-error.ts';
import { confirmationOf } from './windows-words.ts';

export const confirm = defineCommand({
  usage: 'confirm <inventory>',
  summary: 'Keep changes that wait to be confirmed, by hand',
  positionals: {
    inventory: { describe: 'File, directory, executable, or - for standard input', type: 'string' },
  },
  options: {
    limit: { ...text, alias: 'l', describe: 'Only these hosts: names, groups, globs; a,b:&c:!d' },
    ...secretOptions,
    ...connectingOptions,
  },
  examples: [['xpush confirm fleet.yaml -l xen07', 'keep what xen07 would undo by itself']],
  schema: v.object({
    inventory: v.string(),
    limit: v.optional(v.string()),
    ...secretEntries,
    ...connectingEntries,
  }),

  run: async (options) => {
    const inventory = await readInventory(options.inventory, secretStore(options));
    const selection = selectHosts(inventory, options.limit ?? 'all');
    if (!selection.ok) throw new UsageError(`--limit: ${selection.message}`, selection.hint);
    const { hosts } = selection;
    const { decided, interrupted } = await withSurveyor(
      options,
      inventory,
      hosts,
      async ({ transport, endpointOf, stopping, leaving }) => ({
        decided: await decide({
          ...{ hosts, transport, stopping, leaving, forks: options.forks },
          endpointOf: (host) => endpointOf(host, inventory),
          choose: (_host, window) => confirmationFor(window),
          onHost: () => {},
        }),
        interrupted: stopping.aborted,
      }),
    );

    const reports = hosts.map((host) => ({ host, outcome: outcomeOf(decided.get(host.name)) }));
    const rows = reports.flatMap(({ host, outcome }) =>
      outcome.text === undefined ? [] : [[host.name, outcome.word, oneLine(outcome.text)]],
    );
    if (rows.length > 0) process.stdout.write(aligned(rows));
    const quiet = reports.flatMap(({ host, outcome }) =>
      outcome.status === 'ok' ? [host.name] : [],
    );
    if (quiet.length > 0) {
      process.stdout.write(`Nothing to confirm on ${compressNames(quiet).join(', ')}\n`);
    }
    sayProblems(reports);
    const statuses = reports.map(({ outcome }) => outcome.status);
    return exitCode(statuses, { interrupted, pendingAsExit: false });
  },
});

function confirmationFor({ id }: PendingWindow): DecisionPlan {
  return { id, decision: 'confirm', why: '', identity: null };
}

const words = {
  changed: 'confirmed',
  failed: 'not confirmed',
  rolled_back: 'undone',
  needs_human: 'needs a human',
  busy: 'busy',
} as const;

function outcomeOf(visited: Visited<Decided> | undefined) {
  if (visited === undefined) return { status: 'skipped' as const };
  if ('unreachable' in visited) {
    const { unreachable: message, hint } = visited;
    return { status: 'unreachable' as const, message, hint };
  }
  const { result: decided } = visited;
  if (decided.type === 'left') return { status: 'ok' as const };
  const { status, text } = confirmationOf(decided.window, decided.result);
  return { status, word: words[status], text };
}
