import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { LabError } from './lab-error.ts';

/** How a command ended and all it said. */
export interface CommandResult {
  /** The exit status; 128 + the signal's number when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command gets. */
export interface CommandOptions {
  /** Standard input; none: it is empty. */
  readonly input?: string | Uint8Array;
  /** After this the command is killed and the promise rejects with `LabError`. */
  readonly timeoutMs?: number;
  /** The whole environment; none: that of the place where it runs. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

/** A command's argument list; the first is the program. */
export type Argv = readonly [string, ...string[]];

/** What a lab's own processes get of this one's environment: the PATH, as sbin may be missing from it. */
export function cleanEnvironment(): Readonly<Record<string, string>> {
  const { PATH = '/usr/bin:/bin' } = process.env;
  return { PATH: `${PATH}:/usr/sbin:/sbin`, LANG: 'C.UTF-8' };
}

/** Starts `argv` with Node's own options for its standard streams. */
export function spawnCommand(argv: Argv, options: SpawnOptions = {}): ChildProcess {
  const [program, ...args] = argv;
  return spawn(program, args, options);
}

/** Lets this process end although the child and its pipes are still there. */
export function unrefChild(child: ChildProcess): void {
  child.unref();
  for (const stream of child.stdio) {
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
}

/** Runs `argv` to its end. Rejects with `LabError` when it can't be started or takes too long; any exit status is a result. */
export async function runCommand(argv: Argv, options: CommandOptions = {}): Promise<CommandResult> {
  const { code, stdout, stderr } = await collectCommand(argv, options);
  return { code, stdout: stdout.toString('utf8'), stderr };
}

/** As `runCommand`, with the output as bytes. */
export function collectCommand(
  argv: Argv,
  options: CommandOptions = {},
): Promise<{ readonly code: number; readonly stdout: Buffer; readonly stderr: string }> {
  const { promise, resolve, reject } = deferred();
  const child = spawn(argv[0], argv.slice(1), {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A command may end without reading its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');

  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          child.kill('SIGKILL');
          child.stdout.destroy();
          child.stderr.destroy();
          reject(new LabError(`${argv.join(' ')}: took more than ${options.timeoutMs} ms`));
        }, options.timeoutMs);
  child.on('error', (error) => {
    clearTimeout(timer);
    reject(new LabError(`${argv[0]}: ${error.message}`));
  });
  child.on('close', (code, signal) => {
    clearTimeout(timer);
    resolve({
      code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]),
      stdout: Buffer.concat(stdout),
      stderr: Buffer.concat(stderr).toString('utf8'),
    });
  });
  return promise;
}

/** Runs `argv` and rejects with `LabError` unless it exits with 0. Resolves with its standard output. */
export async function mustRun(argv: Argv, options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runCommand(argv, options);
  if (code !== 0) {
    const said = (stderr || stdout).trim().slice(0, 1000);
    throw new LabError(`${argv.join(' ')}: exit ${code}: ${said}`);
  }
  return stdout;
}

interface Collected {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function deferred(): {
  readonly promise: Promise<Collected>;
  readonly resolve: (value: Collected) => void;
  readonly reject: (error: LabError) => void;
} {
  let resolve: (value: Collected) => void = () => undefined;
  let reject: (error: LabError) => void = () => undefined;
  const promise = new Promise<Collected>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
