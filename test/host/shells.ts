import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { type Act, compileAct } from '../../src/host/act-program.ts';
import type { Change } from '../../src/host/change.ts';
import { compileLook, type Observation, readAnswers } from '../../src/host/look-program.ts';
import { compound, nothingKnown, type Program } from '../../src/host/program.ts';
import { type Answer, type Query, queryKey } from '../../src/host/query.ts';
import { type Section, type SectionEvent, SectionReader } from '../../src/host/sections.ts';
import { placeFor } from '../place.ts';
import { allProcesses, ofProcess } from '../processes.ts';

export type { Section } from '../../src/host/sections.ts';

/** A shell with the tools that a host of its kind has. */
export interface Shell {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly path: string;
  /** Runs its own tools before those in PATH. */
  readonly isBusybox: boolean;
}

const directory = placeFor('host');

const busyboxPath = join(directory, 'busybox');
mkdirSync(busyboxPath);
execFileSync('busybox', ['--install', '-s', busyboxPath]);

export const fullPath = '/usr/sbin:/usr/bin:/sbin:/bin';

const full = { path: fullPath, isBusybox: false };
export const dash: Shell = { name: 'dash', argv: ['/bin/dash', '-s'], ...full };
export const bash: Shell = { name: 'bash', argv: ['/bin/bash', '--posix', '-s'], ...full };
/** Only busybox's own tools. */
export const busybox: Shell = {
  name: 'busybox ash',
  argv: [join(busyboxPath, 'ash'), '-s'],
  path: busyboxPath,
  isBusybox: true,
};

const mksh: Shell = { name: 'mksh', argv: ['/bin/mksh', '-s'], ...full };

/** The shells that hosts have; mksh, which has no printf of its own, where it is installed. */
export const shells: readonly Shell[] = [dash, busybox, bash, ...(hasTool('mksh') ? [mksh] : [])];

/** `describe` once for each shell. */
export function describeShells(name: string, body: (shell: Shell) => void): void {
  for (const shell of shells) describe(`${name} (${shell.name})`, () => body(shell));
}

/** The same for tests that mostly wait, and may go on side by side. */
export function describeWaitingShells(name: string, body: (shell: Shell) => void): void {
  for (const shell of shells) describe.concurrent(`${name} (${shell.name})`, () => body(shell));
}

export const isRoot = process.getuid?.() === 0;

export function hasTool(name: string): boolean {
  return fullPath.split(':').some((place) => existsSync(join(place, name)));
}

/** A wrapper that gives the shell namespaces of its own, furnished by a script. */
export function unshared(kinds: '-m' | '-nm', script: string): readonly string[] {
  const text = `PATH=${fullPath}\n${script}\nPATH=$XPUSH_TEST_PATH\nexec "$@"`;
  return ['/usr/bin/unshare', kinds, '/bin/sh', '-c', text, 'sh'];
}

/** An empty directory that is removed when all tests are over. */
export function temporaryDirectory(): string {
  const made = mkdtempSync(join(directory, 'd-'));
  chmodSync(made, 0o755);
  return made;
}

interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Command that runs the shell, such as `unshare -n`. */
  readonly wrapper?: readonly string[];
  readonly cwd?: string;
}

/** A shell that reads its programs from an input that stays open, as over SSH. */
export class RunningShell {
  readonly nonce = randomBytes(16).toString('hex');
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  readonly #reader = new SectionReader(this.nonce);
  readonly #events: SectionEvent[] = [];
  #wake = () => {};
  #isOver = false;
  known = nothingKnown;
  errors = '';

  constructor(shell: Shell, { env = {}, wrapper = [], cwd = '/' }: StartOptions = {}) {
    const [command = '', ...args] = [...wrapper, ...shell.argv];
    const marks = { XPUSH_TEST_NONCE: this.nonce, XPUSH_TEST_PATH: shell.path };
    const child = spawn(command, args, {
      cwd,
      env: { PATH: shell.path, ...marks, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child = child;
    child.stdin.on('error', () => {});
    child.stdout.on('data', (chunk: Buffer) => {
      this.#events.push(...this.#reader.read(chunk.toString('latin1')));
      this.#wake();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString('latin1');
    });
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        this.#isOver = true;
        this.#wake();
        resolve({ code, signal });
      });
    });
  }

  /** The observations for these queries, by key. */
  async observe(queries: readonly Query[]): Promise<ReadonlyMap<string, Observation>> {
    this.send(compileLook(queries, this.nonce, this.known));
    const answers = readAnswers(queries, await this.sections());
    if (answers === null) throw new Error('the answers do not hold together');
    return answers;
  }

  /** The answer to one query; throws what the host says in its place. */
  async look<Q extends Query>(asked: Q): Promise<Answer<Q>> {
    const observation = (await this.observe([asked])).get(queryKey(asked));
    if (observation === undefined || !('answer' in observation)) {
      throw new Error(JSON.stringify(observation ?? 'no answer'));
    }
    return observation.answer as Answer<Q>; // the one to this query
  }

  /** Makes the changes; gives how those went that were begun. */
  async act(...changes: readonly Change[]): Promise<readonly Section[]> {
    if (!this.known.has('look.sh')) await this.observe([]);
    const acts = changes.map((change, index): Act => ({ id: `act.${index}`, change }));
    this.send(compileAct(acts, this.known));
    return [...(await this.sections()).values()];
  }

  /** Runs this text in a shell that has the runtime of both programs. */
  async call(text: string): Promise<Section> {
    if (!this.known.has('act.sh')) await this.act();
    this.send(
      compound([], this.known, [
        `xp_called() {\n${text}\n}`,
        'xp_section called xp_called',
        'xp_done',
      ]),
    );
    const section = (await this.sections()).get('called');
    if (section === undefined) throw new Error('it was not called');
    return section;
  }

  /** Sends a program, or just a text. */
  send(program: Program | string): void {
    const { text, known } =
      typeof program === 'string' ? { text: program, known: this.known } : program;
    this.known = known;
    this.child.stdin?.write(text);
  }

  /** The sections of one program, once it is over. */
  async sections(): Promise<ReadonlyMap<string, Section>> {
    const sections = new Map<string, Section>();
    for (;;) {
      const event = await this.event();
      if (event.type === 'done') return sections;
      if (event.type === 'end') {
        const { type: _, id, ...section } = event;
        sections.set(id, section);
      }
    }
  }

  /** The next thing that the shell says. */
  async event(): Promise<SectionEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) return event;
      if (this.#isOver) throw new Error(`the shell ended: ${this.errors}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Numbers of all processes that came of it and still run. */
  processes(): readonly number[] {
    const mark = `XPUSH_TEST_NONCE=${this.nonce}`;
    return allProcesses().filter((pid) =>
      ofProcess(pid, (directory) => readFileSync(`${directory}/environ`, 'latin1')).includes(mark),
    );
  }

  /** Those of them that read its input, without the shell itself. */
  watchers(): readonly number[] {
    return this.processes().filter(
      (pid) =>
        pid !== this.child.pid &&
        ofProcess(pid, (directory) => readlinkSync(`${directory}/fd/0`)).startsWith('socket:'),
    );
  }

  /** Ends its input, and waits for its end. */
  async close(): Promise<{ readonly code: number | null; readonly signal: string | null }> {
    this.child.stdin?.end();
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    this.child.stdin?.destroy();
    await this.ended;
  }
}
