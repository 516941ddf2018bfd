import yargs, { type Argv } from 'yargs';
import { apply } from './apply.ts';
import type { Command } from './command.ts';
import { inventory } from './inventory.ts';
import { steps } from './steps.ts';
import { UsageError } from './usage-error.ts';
import { version } from './version.ts';

const commands: readonly Command[] = [apply, inventory, steps];

/** Reads a command line; gives what to run. Throws `UsageError` when it is wrong. */
export async function parse(argv: readonly string[]): Promise<() => Promise<number>> {
  let chosen = async () => 0; // help and version print by themselves
  const parser = yargs()
    .scriptName('xpush')
    .usage('xpush pushes configuration to fleets of Xen hosts over SSH.\n\nUsage: $0 COMMAND')
    .parserConfiguration({
      'boolean-negation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'camel-case-expansion': false,
    })
    .exitProcess(false)
    .strict()
    .demandCommand(1, 'a command is needed')
    .recommendCommands()
    .version(version())
    .alias('help', 'h')
    .wrap(Math.min(100, process.stdout.columns ?? 80))
    .epilogue(
      'Exit codes: 0 done, 1 a task failed, 2 bad usage or files, 3 unreachable, 4 rolled back,\n' +
        '5 needs a human, 6 busy, 10 changes pending (--check --exit-code), 130 interrupted.\n' +
        'Options can also be given in the environment, as XPUSH_FORKS=8 for --forks 8.',
    )
    .fail((message, error) => {
      throw error ?? new UsageError(message);
    });
  for (const command of commands) {
    parser.command(
      command.usage,
      command.summary,
      (builder) => describe(builder, command),
      (given) => {
        chosen = () => command.run(given);
      },
    );
  }
  refuseOddFlags(argv);
  await parser.parseAsync(withEnvironment(argv, process.env));
  return chosen;
}

function describe(builder: Argv, command: Command): Argv {
  for (const [name, options] of Object.entries(command.positionals)) {
    builder.positional(name, options);
  }
  for (const [name, options] of Object.entries(command.options)) builder.option(name, options);
  for (const [line, meaning] of command.examples) builder.example(line, meaning);
  return builder;
}

/** yargs reads `--check=yes` as false, which would be a real apply: refused. */
function refuseOddFlags(argv: readonly string[]): void {
  const flags = new Set(
    commands.flatMap(({ options }) =>
      Object.entries(options).flatMap(([name, { type, alias }]) =>
        type === 'boolean' ? [name, String(alias)] : [],
      ),
    ),
  );
  for (const word of argv) {
    if (word === '--') return;
    const match = /^--?([\w-]+)=(.*)$/.exec(word);
    if (match?.[1] !== undefined && flags.has(match[1]) && !/^(true|false)$/.test(match[2] ?? '')) {
      throw new UsageError(`${word}: a flag takes no value`, `write --${match[1]}`);
    }
  }
}

/** Adds the options of the chosen command that `XPUSH_<OPTION>` gives and the command line doesn't. */
function withEnvironment(argv: readonly string[], environment: NodeJS.ProcessEnv): string[] {
  const command = commands.find(({ usage }) => usage.split(' ')[0] === argv[0]);
  const added = Object.entries(command?.options ?? {}).flatMap(([name, { alias }]) => {
    const value = environment[`XPUSH_${name.toUpperCase().replaceAll('-', '_')}`];
    const isGiven = argv.some(
      (word) =>
        word === `--${name}` ||
        word.startsWith(`--${name}=`) ||
        (typeof alias === 'string' && word.startsWith(`-${alias}`)),
    );
    return value === undefined || value === '' || isGiven ? [] : [`--${name}=${value}`];
  });
  refuseOddFlags(added);
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  return [...argv.slice(0, end), ...added, ...argv.slice(end)];
}
