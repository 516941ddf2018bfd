import * as v from 'valibot';
import { type ConnectionError, createSsh2Transport } from '../connection/index.ts';
import { endpointOf, type SshOverrides } from '../engine/endpoint.ts';
import { exitCodes } from '../engine/exit-code.ts';
import { run } from '../engine/run.ts';
import type { Host } from '../inventory/model.ts';
import { createReporter } from '../report/reporter.ts';
import { ConfigError } from '../source/diagnostic.ts';
import { count, defineCommand, flag, oneOf, text } from './command.ts';
import { listenForInterrupts } from './interrupts.ts';
import { readWork } from './load.ts';
import { askPassphrase } from './passphrase.ts';
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
    const { inventory, plays, notes } = await readWork(
      options.inventory,
      options.playbook,
      options.limit ?? null,
    );
    const overrides: SshOverrides = {
      user: options.user,
      identity: options.identity,
      hostKeyChecking: options['host-key-checking'],
    };
    const toEndpoint = (host: Host) => endpointOf(host, inventory, overrides);

    // Passphrases are asked for before there is a display, and what is said by then waits for it.
    const remarks: string[] = [];
    let warn = (text: string): void => void remarks.push(text);
    const transport = createSsh2Transport({
      passphrase: askPassphrase,
      ...(options['ssh-config'] === undefined ? {} : { config: options['ssh-config'] }),
      warn: (text) => warn(text),
    });
    const names = new Set(plays.flatMap((play) => [...play.hosts]));
    const hosts = [...inventory.hosts.values()].filter(({ name }) => names.has(name));
    refuseMistakes(await transport.prepare(hosts.map(toEndpoint)));

    const reporter = createReporter({
      form: options.output,
      diff: options.diff,
      verbose: options.verbose,
      stdout: process.stdout,
      stderr: process.stderr,
    });
    const tell = (level: 'info' | 'warning', text: string): void =>
      reporter.emit({ event: 'message', level, host: null, text });
    warn = (text) => tell('warning', text);
    for (const text of remarks) tell('warning', text);
    for (const text of notes) tell('info', text);
    using interrupts = listenForInterrupts((times) => {
      tell(
        'warning',
        times === 1
          ? 'Interrupted: no new hosts; what is under way is finished. Again to leave now.'
          : 'Leaving: hosts stop before their next change.',
      );
    });
    try {
      return await run({
        version: version(),
        inventory,
        plays,
        transport,
        endpointOf: toEndpoint,
        check: options.check,
        forks: options.forks,
        pendingAsExit: options['exit-code'],
        emit: (event) => reporter.emit(event),
        stopping: interrupts.stopping,
        leaving: interrupts.leaving,
      });
    } finally {
      await reporter.close().finally(async () => {
        if (interrupts.leaving.aborted) process.exit(exitCodes.interrupted); // open connections would hold the process
        await transport.close();
      });
    }
  },
});

/** What is wrong with the files that say how to connect is the user's mistake: nobody is contacted. */
function refuseMistakes(problems: readonly ConnectionError[]): void {
  const mistakes = problems.filter(({ reason }) => reason === 'config');
  if (mistakes.length === 0) return;
  throw new ConfigError(
    mistakes.map(({ message, hint }) => ({ position: null, message, hint, excerpt: null })),
  );
}
