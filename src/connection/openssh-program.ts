import { execFile } from 'node:child_process';
import { codeOf, printable } from './text.ts';
import { ConnectionError } from './transport.ts';

/** What one call of `ssh` came to that connects to nobody. */
interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Calls at once that ask `ssh` for its settings. */
const callsAtOnce = 4;

/** A `Match exec` of the user's takes its time. */
const callTimeoutMs = 20_000;

const longestAnswer = 1024 * 1024;

/**
 * The user's own `ssh`, asked for what it would do. Methods reject with `ConnectionError` (`config`)
 * when it is not there.
 */
export class OpensshProgram {
  readonly #settings = new Map<string, Promise<ReadonlyMap<string, readonly string[]>>>();
  readonly #supported = new Map<string, Promise<readonly string[]>>();
  readonly #waiting: (() => void)[] = [];
  #version: Promise<number> | null = null;
  #calls = 0;

  /** 9.2 for `OpenSSH_9.2p1`; infinite for what does not say. */
  version(): Promise<number> {
    this.#version ??= this.#call(['-V']).then(({ stderr }) => {
      const [, version] = /OpenSSH\D*(\d+\.\d+)/.exec(stderr) ?? [];
      return version === undefined ? Infinity : Number(version);
    });
    return this.#version;
  }

  /** Names of algorithms that it has: `ssh -Q KIND`. */
  supported(kind: string): Promise<readonly string[]> {
    const known = this.#supported.get(kind);
    if (known !== undefined) return known;
    const names = this.#call(['-Q', kind]).then(({ stdout }) => stdout.split(/\s+/));
    this.#supported.set(kind, names);
    return names;
  }

  /**
   * The settings that it would use: `ssh -G ARGS -- NAME`, by keyword in lower case. Rejects with
   * `ConnectionError` (`config`) when it refuses them.
   */
  settings(args: readonly string[], name: string): Promise<ReadonlyMap<string, readonly string[]>> {
    const id = JSON.stringify([args, name]);
    const known = this.#settings.get(id);
    if (known !== undefined) return known;
    // With BatchMode, Debian's has a default for keepalives that would look like the user's own.
    const settings = this.#read(['-T', '-G', '-o', 'BatchMode=no', ...args, '--', name], name);
    this.#settings.set(id, settings);
    return settings;
  }

  async #read(
    args: readonly string[],
    name: string,
  ): Promise<ReadonlyMap<string, readonly string[]>> {
    const { stdout, stderr, code } = await this.#call(args);
    if (code !== 0) {
      const words = printable(stderr.trim().replaceAll(/\r?\n/g, '; '), 500);
      throw new ConnectionError('config', `ssh cannot be used for ${name}: ${words}`, {
        hint: `try: ssh -G ${name}`,
      });
    }
    const settings = new Map<string, string[]>();
    for (const line of stdout.split('\n')) {
      const space = line.indexOf(' ');
      if (space < 0) continue;
      const key = line.slice(0, space);
      settings.set(key, [...(settings.get(key) ?? []), line.slice(space + 1)]);
    }
    return settings;
  }

  async #call(args: readonly string[]): Promise<Answer> {
    if (this.#calls === callsAtOnce) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#calls += 1;
    }
    try {
      return await callSsh(args);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#calls -= 1;
      else next();
    }
  }
}

/** What `ssh` is given of this program's environment: messages in English, and no options of ours. */
export function opensshEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('XPUSH_'));
  return { ...Object.fromEntries(own), LC_ALL: 'C' };
}

/** Why `ssh` could not be started. */
export function startError(error: Error): ConnectionError {
  return codeOf(error) === 'ENOENT'
    ? new ConnectionError('config', 'the transport openssh needs the program ssh: there is none', {
        hint: 'install the OpenSSH client, or use --transport ssh2',
      })
    : new ConnectionError('config', `cannot start ssh: ${error.message}`);
}

function callSsh(args: readonly string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'ssh',
      args,
      {
        timeout: callTimeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: longestAnswer,
        env: opensshEnvironment(),
      },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code === 'string') reject(startError(error));
        else resolve({ stdout, stderr, code: error === null ? 0 : (child.exitCode ?? 255) });
      },
    );
    child.stdin?.end();
  });
}
