import { access, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../src/lab/lab.ts';
import type { CommandResult } from '../../src/lab/process.ts';

/** What a command cost. */
export interface Cost {
  readonly wallMs: number;
  /** Of it and all its descendants, also those that it left behind; null: can't be told here. */
  readonly controllerMs: number | null;
  /** Of the hosts, over the same time; null: can't be told here. */
  readonly hostsMs: number | null;
}

type Argv = readonly [string, ...string[]];

interface RunOptions {
  /** The group of the hosts, as `start` gave it. */
  readonly hosts?: string | null;
  readonly mustSay?: RegExp;
}

/**
 * Runs a command and tells what it cost. CPU is counted by control groups, cgroups(7), which count
 * daemons too; of the old kind or the new, as long as the unified hierarchy is mounted somewhere.
 */
export class Meter implements AsyncDisposable {
  /** Where the groups are made; null: this machine or user has none. */
  readonly #root: string | null;
  /** The group of this process before. */
  readonly #home: string;
  #last = 0;

  private constructor(root: string | null, home: string) {
    this.#root = root;
    this.#home = home;
  }

  static async open(): Promise<Meter> {
    const own = /^0::(.*)$/m.exec(await readFile('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
    for (const top of ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']) {
      const root = join(top, `xpush-bench-${process.pid}`);
      try {
        await access(join(top, 'cgroup.procs'));
        await mkdir(root);
        await access(join(root, 'cpu.stat'));
        return new Meter(root, join(top, own));
      } catch {
        await rmdir(root).catch(() => undefined);
      }
    }
    return new Meter(null, '');
  }

  get isCounting(): boolean {
    return this.#root !== null;
  }

  /** Starts a lab whose hosts' CPU `run` can tell. */
  async start(
    lab: () => Promise<Lab>,
  ): Promise<{ readonly lab: Lab; readonly group: string | null }> {
    if (this.#root === null) return { lab: await lab(), group: null };
    const group = await this.#make('hosts');
    // What it starts meanwhile stays in there
    await writeFile(join(group, 'cgroup.procs'), String(process.pid));
    try {
      return { lab: await lab(), group };
    } finally {
      await writeFile(join(this.#home, 'cgroup.procs'), String(process.pid));
    }
  }

  /**
   * Runs `argv` by `runner`; its leftovers are ended. Throws when it did not end with 0, or did not say
   * `mustSay`.
   */
  async run(
    argv: Argv,
    runner: (argv: Argv) => Promise<CommandResult>,
    { hosts = null, mustSay = /^/ }: RunOptions = {},
  ): Promise<Cost> {
    const own = this.#root === null ? null : await this.#make('command');
    const enter = 'echo $$ >"$0" && exec "$@"';
    const inside: Argv =
      own === null ? argv : ['sh', '-c', enter, join(own, 'cgroup.procs'), ...argv];
    const hostsBefore = await usedMs(hosts);
    const startedAt = performance.now();
    const { code, stdout, stderr } = await runner(inside);
    const wallMs = performance.now() - startedAt;
    const controllerMs = await usedMs(own);
    const hostsAfter = await usedMs(hosts);
    if (own !== null) await end(own);
    if (code !== 0 || !mustSay.test(stdout)) {
      const said = `${stdout.slice(-2000)}${stderr.slice(-2000)}`;
      throw new Error(`${argv.join(' ')}: exit ${code}:\n${said}`);
    }
    const hostsMs = hostsAfter === null || hostsBefore === null ? null : hostsAfter - hostsBefore;
    return { wallMs, controllerMs, hostsMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#root === null) return;
    for (; this.#last > 0; this.#last -= 1) {
      for (const kind of ['hosts', 'command']) await end(join(this.#root, `${kind}${this.#last}`));
    }
    await end(this.#root);
  }

  async #make(kind: 'hosts' | 'command'): Promise<string> {
    this.#last += 1;
    const group = join(this.#root ?? '', `${kind}${this.#last}`);
    await mkdir(group);
    return group;
  }
}

async function usedMs(group: string | null): Promise<number | null> {
  if (group === null) return null;
  const text = await readFile(join(group, 'cpu.stat'), 'utf8');
  return Number(/^usage_usec (\d+)/m.exec(text)?.[1]) / 1000;
}

/** Ends what is still in a group, such as the masters of shared SSH connections, and removes it. */
async function end(group: string): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    const text = await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '');
    // one that is on its way out is listed as 0, which would be everyone beside this process
    for (const pid of text
      .split('\n')
      .map(Number)
      .filter((each) => each > 1)) {
      try {
        process.kill(pid, 'SIGTERM');
      } catch {
        // it has ended meanwhile
      }
    }
    const isGone = await rmdir(group).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
    );
    if (isGone) return;
    await sleep(20);
  }
}
