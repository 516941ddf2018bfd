import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LabHost } from '../../src/lab/lab.ts';
import { until } from '../until.ts';
import { type CliRun, Fleet } from './fleet.ts';

const most = 24;

const inventoryText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
hosts:
  dead: { address: 192.168.0.100, vars: { password: !secret db } }
  "h[1:${most}]": { address: "192.168.0.[101:${100 + most}]" }
ssh: { connect_timeout: 1 }
`;

/** Told apart by its parts, whatever is done to what is between them. */
export const left = 'canary7f0e2';
const right = 'yranac3b9d1';
export const canary = `${left} '"&<$(id)>é\\ ${right}`;

/** For the shell of a host: prints the names of files that hold the secret. */
export const searching = `grep -rlaE '${left}|${right}' /etc /root /home /tmp /var /run /dev/shm /srv /opt 2>/dev/null`;

/** Ways in which commands show what they were given. */
export const shows: readonly string[] = [
  'cat',
  'base64',
  'base64 -w 10',
  '{ printf ab; cat; } | base64',
  'od -An -v -tx1 | tr -d " \\n"',
  'sh -c \'x=$(cat); printf "%s\\n" "$x" | sed "s/./&/g"; set -x; : "$x"\' 2>&1',
  'bash -c \'x=$(cat); printf %q "$x"; declare -p x\'',
  'perl -0777 -ne \'s/([^A-Za-z0-9])/sprintf "%%%02X", ord $1/ge; print\'',
  '{ head -c 65530 /dev/zero | tr "\\\\0" x; cat; }',
];

/** A playbook of commands that are given the secret; with `keywords` of their tasks. */
export function tasks(lines: readonly string[], keywords: readonly string[] = []): string {
  const each = lines.map((line) =>
    [
      `command: { changes: always, stdin: !secret db, shell: ${JSON.stringify(line)} }`,
      ...keywords,
    ].join('\n      '),
  );
  return `- name: Secret\n  hosts: all\n  tasks:\n    - ${each.join('\n    - ')}\n`;
}

/** The same in a confirm window. */
export function networkTasks(...lines: readonly string[]): string {
  return tasks(lines, ['network: true']);
}

/** What is left of the canary in a text, in any coding that a test of its own knows. */
export function traces(text: string): readonly string[] {
  const parts = [left, right];
  const codings = parts.flatMap((part) => [
    part,
    Buffer.from(part).toString('hex'),
    ...[0, 1, 2].map((before) =>
      Buffer.from(`${'-'.repeat(before)}${part}`)
        .toString('base64')
        .slice(4, -4),
    ),
  ]);
  const bare = text.replace(/[\s\\]+/g, '');
  return codings.filter((coding) => text.includes(coding) || bare.includes(coding));
}

export function expectNoTrace({ stdout, stderr }: CliRun): void {
  expect([traces(stdout), traces(stderr)], `${stdout}\n${stderr}`).toEqual([[], []]);
}

/** All regular files below a directory. */
export function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, String(name)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

/** A run of the CLI that is under way. */
export interface Begun {
  /** What it said so far, on both outputs. */
  readonly said: () => string;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<number | null>;
}

/** Hosts, one of them dead, and a canary in a file of secrets; each test takes hosts of its own. */
export class SecretRoom implements AsyncDisposable {
  readonly fleet: Fleet;
  /** Options that open the secrets. */
  readonly secrets: readonly string[];
  /** XDG_STATE_HOME of all runs. */
  readonly state: string;
  #taken = 0;
  #files = 0;

  private constructor(fleet: Fleet, secrets: readonly string[], state: string) {
    this.fleet = fleet;
    this.secrets = secrets;
    this.state = state;
  }

  static async open(): Promise<SecretRoom> {
    const fleet = await Fleet.start(inventoryText.replace('!secret db', 'none'));
    await fleet.write('inventory.yaml', inventoryText);
    await fleet.lab.host('dead').stop();
    const state = join(fleet.lab.directory, 'state');
    await mkdir(state, { mode: 0o700 });
    const identity = join(fleet.lab.directory, 'identity');
    execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
    await chmod(identity, 0o600);
    const recipient = execFileSync('age-keygen', ['-y', identity]).toString().trim();
    const file = join(fleet.lab.directory, 'secrets.age');
    const input = JSON.stringify({ db: canary, short: 'abc' });
    execFileSync('age', ['-e', '-r', recipient, '-o', file], { input });
    return new SecretRoom(fleet, ['--secrets', file, '--secrets-identity', identity], state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet.lab.down();
  }

  /** A host that no other test is at. */
  take(): LabHost {
    this.#taken += 1;
    return this.fleet.lab.host(`h${this.#taken}`);
  }

  /** The hosts that were taken. */
  get taken(): readonly LabHost[] {
    return this.fleet.lab.hosts.filter(({ name }) => /^h\d/.test(name)).slice(0, this.#taken);
  }

  async write(text: string): Promise<string> {
    this.#files += 1;
    return await this.fleet.write(`play${this.#files}.yaml`, text);
  }

  async xpush(...args: readonly string[]): Promise<CliRun> {
    const { argv, env } = this.fleet.command(...args);
    return await this.fleet.lab.run(argv, { env: this.#with(env), timeoutMs: 50_000 });
  }

  /** `xpush apply` of this playbook, with the secrets. */
  async apply(playbook: string, ...args: readonly string[]): Promise<CliRun> {
    const file = await this.write(playbook);
    return await this.xpush('apply', this.fleet.file, file, ...this.secrets, ...args);
  }

  /** The same on a terminal. */
  async onTerminal(playbook: string, ...args: readonly string[]): Promise<CliRun> {
    const file = await this.write(playbook);
    const words = ['apply', this.fleet.file, file, ...this.secrets, ...args];
    const { argv, env } = this.fleet.command(...words);
    const line = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const all = { ...this.#with(env), TERM: 'xterm', SHELL: '/bin/sh' };
    return await this.fleet.lab.run(['script', '-qfec', line, '/dev/null'], {
      env: all,
      timeoutMs: 50_000,
    });
  }

  /** The same, to be ended by the test. */
  async begin(playbook: string, ...args: readonly string[]): Promise<Begun> {
    const file = await this.write(playbook);
    const words = ['apply', this.fleet.file, file, ...this.secrets, ...args];
    const { argv, env } = this.fleet.command(...words);
    const child = this.fleet.lab.spawn(argv, { env: this.#with(env) });
    let said = '';
    for (const output of [child.stdout, child.stderr]) {
      output?.on('data', (chunk: Buffer) => {
        said += chunk;
      });
    }
    return {
      said: () => said,
      kill: (signal) => child.kill(signal),
      ended: once(child, 'close').then(([code]) => code),
    };
  }

  /** Nothing of it is in any file of the host, nor in its log; in a moment, where it tidies up by itself. */
  async expectClean(host: LabHost): Promise<void> {
    let found = '';
    await until(async () => {
      found = (await host.exec(['sh', '-c', `${searching}; :`])).stdout;
      return found === '';
    }).catch(() => expect(found).toBe(''));
  }

  #with(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return { ...env, XDG_STATE_HOME: this.state };
  }
}
