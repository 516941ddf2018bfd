import { mkdir, readdir, readFile, readlink, rmdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../../lab-tier.ts';
import { until } from '../../until.ts';
import { badChange, changing, everything, goodChange, lockOut } from './changes.ts';
import { ample, errorOf, FaultFleet, type FaultHost, soon } from './fault-fleet.ts';
import { differences, hostState } from './host-state.ts';

const describe = await labDescribe();

let fleet: FaultFleet;
beforeAll(async () => {
  fleet = await FaultFleet.start({ hosts: { full: 9 } });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

/** Processes of a host, as this machine numbers them: those of which this holds. */
async function pidsOf(
  host: FaultHost,
  isMeant: (process: { readonly words: string; readonly own: string }) => boolean,
): Promise<readonly string[]> {
  const space = await readlink(`/proc/${host.lab.pid}/ns/pid`);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      const [, own = ''] = /^NSpid:.*?(\d+)$/m.exec(status) ?? [];
      const at = await readlink(`/proc/${pid}/ns/pid`).catch(() => '');
      return at === space && isMeant({ words: words.replaceAll('\0', ' '), own }) ? [pid] : [];
    }),
  );
  return found.flat();
}

/** What watches over the window first, as it has written down. */
async function supervisorOf(host: FaultHost): Promise<readonly string[]> {
  const said = await host.sh('cd /var/lib/xpush/window/*/now; cut -d" " -f2 supervisor');
  return await pidsOf(host, ({ own }) => own === said.trim());
}

/** What little memory processes may have from now on, and whether the kernel killed for it. */
class Memory implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static readonly root = '/sys/fs/cgroup/memory';

  static async limit(name: string, pids: readonly string[], bytes = 16 * 2 ** 20): Promise<Memory> {
    const path = `${Memory.root}/xpush-fault-${process.pid}-${name}`;
    await mkdir(path);
    await writeFile(`${path}/memory.limit_in_bytes`, String(bytes));
    for (const pid of pids) await writeFile(`${path}/cgroup.procs`, pid);
    return new Memory(path);
  }

  async kills(): Promise<number> {
    const control = await readFile(`${this.#path}/memory.oom_control`, 'utf8');
    return Number(/oom_kill (\d+)/.exec(control)?.[1] ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const isGone = async () =>
      await rmdir(this.#path).then(
        () => true,
        () => false,
      );
    await until(isGone);
  }
}

const hasMemoryGroups = await readdir(Memory.root).then(
  (names) => names.includes('memory.oom_control'),
  () => false,
);

describe('a host that is out of memory', () => {
  const hungry = changing(
    ...everything,
    'touch /run/waits',
    'until [ -e /run/go ]; do sleep 0.1; done',
    'x=$(head -c 100000000 /dev/zero | tr "\\\\0" x)',
  );

  test
    .runIf(hasMemoryGroups)
    .concurrent('what makes the changes is killed: undone at once', async () => {
      const host = await fleet.take('full');
      const run = await host.begin(hungry, ['--confirm-timeout', '60']);
      await host.waits();
      await using memory = await Memory.limit(
        'apply',
        await pidsOf(host, ({ words }) => /run\.sh apply|run\/go/.test(words)),
      );

      await host.go();

      const ended = await run.ended;
      expect(ended.code, ended.stderr).toBe(4);
      expect(await memory.kills()).toBeGreaterThan(0);
      await host.expectOld();
    });

  test
    .runIf(hasMemoryGroups)
    .concurrent('what watches over the window is killed: undone all the same', async () => {
      const host = await fleet.take('full');
      const run = await host.begin(badChange, soon);
      await host.reaches('applied');

      await using memory = await Memory.limit('watch', await supervisorOf(host), 4096);

      const ended = await run.ended;
      expect(ended.code, ended.stderr).toBe(4);
      expect(await memory.kills()).toBeGreaterThan(0);
      await host.expectOld();
    });
});

describe('on_rollback_failure: reboot', () => {
  const tools = ['iptables-restore', 'iptables-legacy-restore', 'iptables-nft-restore', 'nft'];
  const broken = tools.map(
    (tool) =>
      `printf '#!/bin/sh\\nexit 1\\n' >/run/${tool}; chmod 755 /run/${tool}; mount --bind /run/${tool} $(which ${tool})`,
  );

  test.concurrent('a host that can not undo all boots, and is as before', async () => {
    const host = await fleet.take('full');
    const shim = '#!/bin/sh\necho "$@" >/run/boots\n';
    await host.lab.writeFile('/usr/local/sbin/reboot', shim, 0o755);
    const old = await hostState(host.lab);
    const keys = 'safety: { on_rollback_failure: reboot }';

    const run = await host.begin(changing(...everything, lockOut, ...broken, 'exit 3'), soon, {
      keys,
    });
    await until(async () => (await host.lab.exec(['test', '-e', '/run/boots'])).code === 0, 40_000);
    await host.lab.reboot();
    const ended = await run.ended;

    expect([4, 5], ended.stderr).toContain(ended.code);
    await until(() => host.isReachable(), 5000);
    expect(differences(old, await hostState(host.lab))).toEqual([]);
  });
});

describe('another host behind the address', () => {
  test.concurrent('is left alone, whatever its host key', async () => {
    const [one, other] = [await fleet.take('full'), await fleet.take('full')];
    const hosts = [one, other] as const;
    const swap = (from: FaultHost, to: FaultHost) =>
      from.sh(
        `set -- $(ip -o -4 addr show dev eth0); prefix=\${4#*/}; ip addr flush dev eth0; ip addr add ${to.address}/$prefix dev eth0; ip route replace default via 10.0.0.1; ip neigh flush all`,
      );
    await Promise.all([swap(one, other), swap(other, one)]);
    const before = await Promise.all(hosts.map(({ lab }) => hostState(lab)));
    const keys = `ssh: { host_key: "${other.lab.hostKey}" }, expect: { hostname: ${one.name} }`;
    await until(() => one.isReachable());

    const run = await one.apply(goodChange, soon, { keys });

    expect(run.code, run.stderr).toBe(1);
    expect(errorOf(run)).toContain(
      `its hostname is ${other.name}, expected ${one.name}; nothing was done to it`,
    );
    const after = await Promise.all(hosts.map(({ lab }) => hostState(lab)));
    expect(after).toEqual(before);
  });
});

/** What would write, outside of /proc and /dev, and of sshd's own books. */
const writes = (trace: string): readonly string[] =>
  trace
    .split('\n')
    .filter((line) => !/ = -1 |<unfinished|\+\+\+|---/.test(line))
    .filter((line) => !/^\S+ +open/.test(line) || /O_WRONLY|O_RDWR|O_CREAT/.test(line))
    .filter(
      (line) =>
        !/"\/(proc|dev)\/|"\/var\/log\/(lastlog|wtmp|btmp|sshd\.log)|"\/(var\/)?run\/utmp/.test(
          line,
        ),
    )
    .filter((line) => line.includes('('));

const tracedCalls =
  'open,openat,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,chmod,fchmodat,chown,fchownat,truncate,utimensat,mknod,mknodat';

describe('what a window costs', () => {
  test.concurrent('a changed host: two connections in place of one', async () => {
    const [one, other] = [await fleet.take('full'), await fleet.take('full')];
    const loginsOf = async (host: FaultHost, args: readonly string[]) => {
      const before = await fleet.fleet.logins(host.name);
      const run = await host.apply(goodChange, args);
      expect(run.code, run.stderr).toBe(0);
      return (await fleet.fleet.logins(host.name)) - before;
    };

    expect(await Promise.all([loginsOf(one, ['--no-confirm']), loginsOf(other, ample)])).toEqual([
      1, 2,
    ]);
  });

  test.concurrent('an unchanged host: one connection, and nothing is written', async () => {
    const host = await fleet.take('full');
    const first = await host.apply(goodChange, ample);
    expect(first.code, first.stderr).toBe(0);
    const before = await fleet.fleet.logins(host.name);
    const strace = `strace -f -e trace=${tracedCalls} -o /run/trace -p $(cat /run/sshd.pid)`;
    await host.sh(`${strace} >/dev/null 2>&1 & echo $! >/run/tracer`);
    const isTraced = 'grep -q "TracerPid:.*[1-9]" /proc/$(cat /run/sshd.pid)/status';
    await until(async () => (await host.lab.exec(['sh', '-c', isTraced])).code === 0);

    const run = await host.apply(goodChange);
    await host.sh('kill $(cat /run/tracer)');

    expect(run.code, run.stderr).toBe(0);
    expect(run.document?.recap).toMatchObject({ ok: 1, changed: 0 });
    expect((await fleet.fleet.logins(host.name)) - before).toBe(1);
    const trace = (await host.lab.readFile('/run/trace')).toString();
    expect(trace).toContain('openat(');
    expect(writes(trace)).toEqual([]);
  });
});
