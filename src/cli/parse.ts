import yargs, { type Argv } from 'yargs';
import { didYouMean } from '../source/did-you-mean.ts';
import type { Command } from './command.ts';
import { commands, nameOf } from './commands.ts';
import { UsageError } from './usage-error.ts';
import { version } from './version.ts';

declare module 'yargs' {
  interface Argv<T> {
    /** Of yargs 17.3 and later; its type declarations lack it. */
    usageConfiguration(configuration: { readonly 'hide-types': boolean }): this;
  }
}

/** Reads a command line; gives what to run. Throws `UsageError` when it is wrong. */
export async function parse(all: readonly string[]): Promise<() => Promise<number>> {
  const { argv, rest } = withoutRest(all);
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
    .version(version())
    .alias('help', 'h')
    .wrap(Math.min(100, process.stdout.columns ?? 80))
    .usageConfiguration({ 'hide-types': true })
    .epilogue(
      'Exit codes: 0 done, 1 a task or a proof failed, 2 bad usage or files,\n' +
        '3 unreachable, 4 rolled back, 5 needs a human, 6 busy,\n' +
        '10 changes pending (with --check --exit-code), 130 interrupted.\n' +
        'The worst host decides.\n' +
        'Options can also be given in the environment: XPUSH_FORKS=8 is --forks 8.',
    )
    .fail((message, error) => {
      throw inOurWords(message ?? error?.message ?? '', argv);
    });
  for (const command of commands) {
    parser.command(
      command.usage,
      command.summary,
      (builder) => describe(builder, command),
      (given) => {
        const own = argv.includes('-') ? withDash(given, command) : given;
        chosen = () => command.run(command.takesRest === true ? { ...own, '--': rest } : own);
      },
    );
  }
  refuseOddFlags(argv);
  await parser.parseAsync(withEnvironment(argv, process.env));
  return chosen;
}

/** yargs looks for options in the words behind `--`, if they are arguments of a command. */
function withoutRest(argv: readonly string[]): {
  readonly argv: readonly string[];
  readonly rest: readonly string[];
} {
  const command = commands.find((each) => nameOf(each) === argv[0]);
  const end = argv.indexOf('--');
  if (command?.takesRest !== true || end < 0) return { argv, rest: [] };
  return { argv: argv.slice(0, end), rest: argv.slice(end + 1) };
}

/** yargs reads the argument `-` (standard input) as an empty one. */
function withDash(
  given: Readonly<Record<string, unknown>>,
  command: Command,
): Readonly<Record<string, unknown>> {
  const dashed = Object.keys(command.positionals).filter((name) => given[name] === '');
  return { ...given, ...Object.fromEntries(dashed.map((name) => [name, '-'])) };
}

/** yargs' complaints, with what would be right. */
function inOurWords(message: string, argv: readonly string[]): UsageError {
  const [word] = argv;
  const command = commands.find((each) => nameOf(each) === word);
  const help = `see xpush ${command === undefined ? '' : `${word} `}--help`;
  if (command === undefined) {
    return word === undefined || word.startsWith('-')
      ? new UsageError(message, help)
      : new UsageError(
          `there is no command ${JSON.stringify(word)}`,
          didYouMean(word, commands.map(nameOf)) ?? help,
        );
  }
  const unknown =
    unknownOption(argv, command) ?? /^Unknown (?:argument|command)s?: ([^,]+)/.exec(message)?.[1];
  if (unknown !== undefined) {
    return new UsageError(
      `unknown option or argument ${JSON.stringify(unknown)}`,
      didYouMean(unknown, Object.keys(command.options)) ?? help,
    );
  }
  if (message.startsWith('Not enough non-option arguments')) {
    return new UsageError(`${command.usage.split(' ')[1]} is missing`, help);
  }
  const valueless = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  if (valueless === undefined) return new UsageError(message, help);
  const byAlias = Object.entries(command.options).find(([, { alias }]) => alias === valueless);
  return new UsageError(`--${byAlias?.[0] ?? valueless} needs a value`, help);
}

/** A misspelt option may have eaten the argument after it: it is the mistake, not what is missing then. */
function unknownOption(argv: readonly string[], { options }: Command): string | undefined {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const known = ['help', 'version', ...Object.keys(options)];
  return argv
    .slice(0, end)
    .flatMap((word) => /^--([^=]+)/.exec(word)?.[1] ?? [])
    .find((name) => !known.includes(name));
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
  const flags = new Map(
    commands.flatMap(({ options }) =>
      Object.entries(options).flatMap(([name, { type, alias }]): [string, string][] =>
        type === 'boolean' ? [name, String(alias)].map((word) => [word, name]) : [],
      ),
    ),
  );
  for (const word of argv) {
    if (word === '--') return;
    const [, name = '', value = ''] = /^--?([\w-]+)=(.*)$/.exec(word) ?? [];
    const flag = flags.get(name);
    if (flag !== undefined && value !== 'true' && value !== 'false') {
      throw new UsageError(`${word}: a flag takes no value`, `write --${flag}`);
    }
  }
}

/** Adds the options of the chosen command that `XPUSH_<OPTION>` gives and the command line doesn't. */
function withEnvironment(argv: readonly string[], environment: NodeJS.ProcessEnv): string[] {
  const command = commands.find((each) => nameOf(each) === argv[0]);
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
