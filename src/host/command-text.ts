import { checkedPath } from './names.ts';
import { quote, quoteAll } from './quote.ts';

/** What is run, and how. */
export interface CommandSpec {
  /** As executed; a shell line is `['/bin/sh', '-c', line]`. */
  readonly argv: readonly string[];
  readonly directory: string | null;
  /** Variables besides those that the login has. */
  readonly environment: Environment;
  /** Whom it runs as; null: as the programs do. */
  readonly user: string | null;
}

/** A text that is shown to nobody: only the program of a host is made with it. */
export interface Sensitive {
  readonly reveal: () => string;
}

/** Names and values of environment variables; a secret is shown to nobody but the command. */
export type Environment = Readonly<Record<string, string | Sensitive>>;

/**
 * The text that a subshell of ours runs in place of itself (`xp_start_run`). Values of the environment are
 * in no word of a command that is executed. Throws for what no step may name.
 */
export function commandText(
  { argv, directory, environment, user }: CommandSpec,
  umask: number | null = null,
): string {
  if (argv.length === 0) throw new Error('a command has a name');
  const bits = umask === null ? [] : [`umask ${umask.toString(8).padStart(3, '0')}`];
  const run = `exec ${quoteAll(argv)}`;
  return [
    ...entering(directory),
    ...bits,
    // known before the environment is that of the command
    ...(user === null ? [] : [`xp_user=$(id -un)`]),
    ...exports(environment),
    ...(user === null
      ? [run]
      : [
          `[ "$xp_user" != ${quote(checkedUser(user))} ] || ${run}`,
          `exec su -s /bin/sh -c ${quote([...bits, run].join('\n'))} ${quote(user)}`,
        ]),
  ].join('\n');
}

/** The text that a subshell of ours goes on with, as a shell of its own would that is given these words. */
export function scriptText(
  { directory, environment }: Pick<CommandSpec, 'directory' | 'environment'>,
  words: readonly string[],
  text: string,
): string {
  const given = `set -- ${quoteAll(words)}`;
  return [...entering(directory), ...exports(environment), given, text].join('\n');
}

function exports(environment: Environment): readonly string[] {
  return Object.entries(environment).map(
    ([name, value]) =>
      `export ${checkedVariable(name)}=${quote(typeof value === 'string' ? value : value.reveal())}`,
  );
}

function entering(directory: string | null): readonly string[] {
  if (directory === null) return [];
  const missing = `the directory ${checkedPath(directory)} does not exist\n`;
  return [
    `[ -d ${quote(directory)} ] || { xp_print ${quote(missing)} >&2; exit 1; }`,
    `cd ${quote(directory)} || exit 1`,
  ];
}

/** Whether an environment variable may have that name. */
export function isVariable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name) && name !== '__proto__';
}

/** Whether a user may have that name, or number. */
export function isUser(name: string): boolean {
  return /^[\w][\w.@-]{0,255}\$?$/.test(name);
}

function checkedVariable(name: string): string {
  if (!isVariable(name)) throw new Error(`not an environment variable: ${name}`);
  return name;
}

function checkedUser(name: string): string {
  if (!isUser(name)) throw new Error(`not the name of a user: ${name}`);
  return name;
}
