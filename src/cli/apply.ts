import * as v from 'valibot';
import { type ConnectionError, createSsh2Transport } from '../connection/index.ts';
import { endpointOf, type SshOverrides } from '../engine/endpoint.ts';
import type { RunEvent } from '../engine/events.ts';
import { exitCodes } from '../engine/exit-code.ts';
import { run } from '../engine/run.ts';
import type { Host } from '../inventory/model.ts';
import { createReporter } from '../report/reporter.ts';
import { ConfigError } from '../source/diagnostic.ts';
import { count, defineCommand, flag, oneOf, text } from './command.ts';
import { dieOfInterrupt, leftInVain, listenForInterrupts } from './interrupts.ts';
import { readWork, type Work } from './load.ts';
import { askPassphrase } from './passphrase.ts';
import { Remarks } from './remarks.ts';
import { version } from './version.ts';

const defaultForks = 32;

export const apply = defineCommand({
  usage: 'apply <inventory> [playbook..]',
  summary: 'Make the hosts as the inventory and the playbooks describe them',
  positionals: {
    inventory: {
      describe: 'File, directory, executable, or - for standard input',
      type: 'string',
    },
    playbook: {
      describe: 'Playbook files; default: those of the inventory, else vif-route',
      type: 'string',
      array: true,
    },
  },
  options: {
    check: { ...flag, alias: 'C', describe: 'Show what would change; nothing that writes is sent' },
    diff: { ...flag, alias: 'D', describe: 'Show the differences of files and live state' },
    limit: { ...text, alias: 'l', describe: 'Only these hosts: names, groups, globs; a,b:&c:!d' },
    forks: { ...text, alias: 'f', describe: `Hosts at once [default: ${defaultForks}]` },
    user: { ...text, alias: 'u', describe: 'Log in as this user' },
    identity: { ...text, alias: 'i', describe: 'Private key file to log in with' },
    'ssh-config': {
      ...text,
      alias: 'F',
      describe: 'OpenSSH client config to use in place of ~/.ssh/config; "none" for none',
    },
    'host-key-checking': {
      ...text,
      describe: 'What to do with unknown host keys: strict (refuse) or accept-new (record)',
    },
    output: { ...text, alias: 'o', describe: 'auto, plain, json or ndjson [default: auto]' },
    'exit-code': { ...flag, describe: 'With --check: exit 10 when changes are pending' },
    verbose: { type: 'count', alias: 'v', describe: 'Say more: a line for each task; -vv: all' },
  },
  examples: [
    ['xpush apply fleet.yaml -C -D', 'what would change, exactly'],
    ['xpush apply fleet.yaml', 'make it so'],
    ['xpush apply fleet.yaml -l xen1', 'on one host'],
    ['xpush apply fleet.yaml web.yaml', 'by another playbook'],
  ],
  schema: v.object({
    inventory: v.string(),
    playbook: v.optional(v.array(v.string()), []),
    check: v.optional(v.boolean(), false),
    diff: v.optional(v.boolean(), false),
    limit: v.optional(v.string()),
    forks: v.optional(count, String(defaultForks)),
    user: v.optional(v.pipe(v.string(), v.nonEmpty('a user name is needed'))),
    identity: v.optional(v.pipe(v.string(), v.nonEmpty('a file is needed'))),
    'ssh-config': v.optional(v.string()),
    'host-key-checking': v.optional(oneOf(['strict', 'accept-new'])),
    output: v.optional(oneOf(['auto', 'plain', 'json', 'ndjson']), 'auto'),
    'exit-code': v.optional(v.boolean(), false),
    verbose: v.optional(v.number(), 0),
  }),

  run: async (options) => {
    const work = await readWork(options.inventory, options.playbook, options.limit ?? null);
    const overrides: SshOverrides = {
      user: options.user,
      identity: options.identity,
      hostKeyChecking: options['host-key-checking'],
    };
    const remarks = new Remarks();
    for (const text of work.notes) remarks.add({ level: 'info', text });
    const transport = createSsh2Transport({
      passphrase: askPassphrase,
      ...(options['ssh-config'] === undefined ? {} : { config: options['ssh-config'] }),
      warn: (text) => remarks.add({ level: 'warning', text }),
    });
    const toEndpoint = (host: Host) => endpointOf(host, work.inventory, overrides);
    refuseMistakes(await transport.prepare(hostsOf(work).map(toEndpoint)));

    const { output: form, diff, verbose, check, forks, 'exit-code': pendingAsExit } = options;
    const { stdout, stderr } = process;
    const reporter = createReporter({ form, diff, verbose, stdout, stderr });
    const emit = (event: RunEvent): void => reporter.emit(event);
    remarks.showWith(emit);
    using interrupts = listenForInterrupts((times) => {
      remarks.add({ level: 'warning', text: times === 1 ? stoppingText : leavingText });
    });
    const { stopping, leaving } = interrupts;
    const request = { check, forks, pendingAsExit, emit, stopping, leaving };
    try {
      return await run({
        version: version(),
        ...work,
        transport,
        endpointOf: toEndpoint,
        ...request,
      });
    } finally {
      try {
        await Promise.race([reporter.close(), leftInVain(leaving).then(dieOfInterrupt)]);
      } finally {
        if (leaving.aborted) process.exit(exitCodes.interrupted); // open connections would hold the process
        await transport.close();
      }
    }
  },
});

const stoppingText =
  'Interrupted: no new hosts; what is under way is finished. Again to leave now.';
const leavingText = 'Leaving: hosts stop before their next change.';

function hostsOf({ inventory, plays }: Work): readonly Host[] {
  const names = new Set(plays.flatMap(({ hosts }) => [...hosts]));
  return [...inventory.hosts.values()].filter(({ name }) => names.has(name));
}

/** What is wrong with the files that say how to connect is the user's mistake: nobody is contacted. */
function refuseMistakes(problems: readonly ConnectionError[]): void {
  const mistakes = problems.filter(({ reason }) => reason === 'config');
  if (mistakes.length === 0) return;
  throw new ConfigError(
    mistakes.map(({ message, hint }) => ({ position: null, message, hint, excerpt: null })),
  );
}
