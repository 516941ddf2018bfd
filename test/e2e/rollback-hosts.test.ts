import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitingChange } from './faults/changes.ts';
import { FaultFleet, type FaultHost, faultDescribe } from './faults/fault-fleet.ts';
import { hostIn } from './fleet.ts';

const kinds = ['full', 'mini'] as const;
const describe = await faultDescribe(kinds);
const soon = ['--confirm-timeout', '5'];
const generations = '/var/lib/xpush/generations';

let fleet: FaultFleet;
beforeAll(async () => {
  fleet = await FaultFleet.start({ hosts: { full: 8, mini: 4 } });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

const filter = 'net.ipv4.conf.eth0.rp_filter';
const martians = 'net.ipv4.conf.eth0.log_martians';

const setting = (name: string, value: number) => `
- hosts: all
  tasks:
    - name: Set it
      sysctl: { name: ${name}, value: ${value} }
`;

async function valueNow(host: FaultHost, name: string): Promise<number> {
  return Number(await host.sh(`cat /proc/sys/${name.replaceAll('.', '/')}`));
}

function idOf(start: object | undefined): string {
  const { run } = start as { readonly run: { readonly id: string } };
  return run.id;
}

/** A run in a window; gives its id. */
async function change(host: FaultHost, name: string, value: number, keys?: string) {
  const way = keys === undefined ? {} : { keys };
  const { code, stderr, events } = await host.apply(setting(name, value), soon, way);
  expect(code, stderr).toBe(0);
  return idOf(events.find(({ event }) => event === 'run_start'));
}

/** `xpush rollback -o json`. */
async function rollback(host: FaultHost, ...args: readonly string[]) {
  const run = await host.json('rollback', ...soon, ...args);
  return { ...run, host: hostIn(run.document, host.name) };
}

describe('xpush rollback of a pending window', () => {
  test.concurrent.each(kinds)('%s: undoes it at once, by hand', async (kind) => {
    const host = await fleet.take(kind);
    const run = await host.begin(waitingChange, ['--confirm-timeout', '60']);
    await host.waits();
    run.kill('SIGKILL');
    await run.ended;
    await host.go();
    await host.reaches('applied');

    const checked = await host.xpush('rollback', '--check', '--exit-code');
    expect([checked.code, checked.stderr]).toEqual([
      10,
      `Would undo what waits to be confirmed on ${host.name}\n`,
    ]);
    const reported = await host.xpush('rollback', '--check', '-o', 'json');
    expect(reported.code).toBe(2);
    expect(reported.stdout).toContain('reports nothing of what waits to be confirmed');
    expect(await host.windowFiles()).toContain('applied');

    const { code, stdout } = await host.xpush('rollback');

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `${host.name}  undone  it is as before\n`,
    });
    await host.expectOld();
    expect((await host.xpush('rollback')).stderr).toContain('Nothing to undo');
  });
});

describe('xpush rollback with --run while a window of another run waits', () => {
  test.concurrent('undoes what was asked, hosts out of reach count, and the window is left alone', async () => {
    const [host, done] = [await fleet.take('full'), await fleet.take('full')];
    const completed = await change(done, filter, 1);
    const run = await host.begin(waitingChange, ['--confirm-timeout', '60']);
    await host.waits();
    run.kill('SIGKILL');
    await run.ended;
    await host.go();
    await host.reaches('applied');
    const waiting = idOf(run.events.find(({ event }) => event === 'run_start'));
    const lines = [host, done].map(({ name, address }) => `  ${name}: { address: ${address} }\n`);
    const inventory = await fleet.write(
      'fleet.yaml',
      `hosts:\n${lines.join('')}  away: { address: 10.0.7.78 }\n`,
    );
    const xpush = (...args: readonly string[]) => fleet.fleet.xpush('rollback', inventory, ...args);

    const checked = await xpush('--check');
    expect([checked.code, checked.stderr]).toEqual([
      3,
      expect.stringMatching(
        new RegExp(`^Would undo what waits to be confirmed on ${host.name}\naway: unreachable: `),
      ),
    ]);

    const named = await xpush('--run', completed, '-o', 'json', ...soon);
    expect(named.code, named.stderr).toBe(3);
    expect(named.stderr).toContain(
      `A change of another run waits to be confirmed on ${host.name}: without --run, it is undone`,
    );
    await done.expectOld();
    expect(await host.windowFiles()).toContain('applied');

    const undone = await xpush('--run', waiting);
    expect(undone.code, undone.stdout).toBe(3);
    expect(undone.stderr).toContain('away: unreachable: ');
    expect(undone.stdout).toContain(`${host.name} `);
    await host.expectOld();
  });
});

describe('xpush rollback of runs', () => {
  test.concurrent.each(kinds)(
    '%s: two in a row undo two runs, in windows, and a check shows exactly what is done',
    async (kind) => {
      const host = await fleet.take(kind);
      await change(host, filter, 1);
      await change(host, filter, 2);

      const checked = await rollback(host, '--check', '--diff');
      expect(await valueNow(host, filter)).toBe(2);
      const first = await rollback(host, '--diff');

      expect(first.code, first.stderr).toBe(0);
      const diffs = checked.host.tasks.map(({ task, changes }) => ({ task, changes }));
      expect(first.host.tasks.map(({ task, changes }) => ({ task, changes }))).toEqual(diffs);
      expect(JSON.stringify(diffs)).toContain(`+${filter} = 1`);
      expect(await valueNow(host, filter)).toBe(1);
      expect(await host.windowFiles()).toContain('settled');
      expect((await rollback(host)).code).toBe(0);
      await host.expectOld();
      const third = await host.xpush('rollback');
      expect([third.code, third.stderr]).toEqual([0, expect.stringContaining('Nothing to undo')]);
    },
  );

  test.concurrent.each(kinds)(
    '%s: of four runs the last three are kept; --run undoes one of them, and names what others moved',
    async (kind) => {
      const host = await fleet.take(kind);
      const keys = 'safety: { keep_generations: 3 }';
      const gone = await change(host, filter, 1, keys);
      const other = await change(host, martians, 1, keys);
      const moved = await change(host, filter, 2, keys);
      const last = await change(host, filter, 1, keys);
      const kept = [other, moved, last];
      const listed = await host.sh(`cd ${generations}; ls`);
      expect([
        ...new Set(
          listed
            .trim()
            .split('\n')
            .map((name) => name.replace(/\..*/, '')),
        ),
      ]).toEqual(kept.toSorted());

      const forgotten = await host.xpush('rollback', '--run', gone);
      expect([forgotten.code, forgotten.stderr]).toEqual([
        0,
        `Nothing to undo: no host remembers run ${gone}\n`,
      ]);
      expect((await rollback(host, '--run', other)).code).toBe(0);
      expect([await valueNow(host, filter), await valueNow(host, martians)]).toEqual([1, 0]);

      const before = await host.sh(
        `cd ${generations}; ls; cat /proc/sys/net/ipv4/conf/eth0/rp_filter`,
      );
      await host.sh('echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter');
      const refused = await rollback(host, '--run', last);
      expect(refused.code).toBe(1);
      expect(refused.host.error?.message).toContain(
        `${filter} is 0: the run set it to 1: nothing was undone on this host`,
      );
      await host.sh('echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter');
      expect(
        await host.sh(`cd ${generations}; ls; cat /proc/sys/net/ipv4/conf/eth0/rp_filter`),
      ).toBe(before);
    },
  );
});

describe('xpush rollback on a host that lies', () => {
  const id = '20201231T235959Z-ffffff';
  const painting = '\u001b]0;pwned\u0007\u001b[2J';
  const text = (changes: unknown, task = 't') =>
    JSON.stringify({
      ...{ schema: 1, run: { id, by: `root${painting}`, since: painting }, problem: null },
      tasks: [{ play: 'p', task, step: 'x', network: false, isUpkeep: false, changes }],
    });
  const write = {
    ...{ kind: 'write', effect: 'boot', path: '/etc/fault.conf', content: 'x', mode: null },
    before: { type: 'absent' },
  };

  const forged: readonly (readonly [string, string, RegExp])[] = [
    ['no JSON', '{', /is not as xpush wrote it/],
    ['a prototype', `{"__proto__":{"schema":1},"constructor":1,"schema":1}`, /is not as xpush/],
    ['a path that is none', text([{ ...write, path: '../etc/passwd' }]), /is not as xpush/],
    ['a line feed in a path', text([{ ...write, path: '/etc/a\nb' }]), /is not as xpush/],
    ['another kind', text([{ kind: 'exec', argv: ['rm'] }]), /is not as xpush/],
    [
      'chains of others',
      text([
        {
          ...{ kind: 'chains', effect: 'live', family: 4, removed: ['DOCKER'], chains: [] },
          ...{ jumps: [], policies: [], before: {} },
        },
      ]),
      /is not as xpush/,
    ],
    ['too much', text([{ ...write, content: 'x'.repeat(300_000) }]), /is not as xpush/],
    [
      'escapes, and a file of others',
      text([write], `t${painting}`),
      /\/etc\/fault\.conf is not as/,
    ],
    [
      'a command',
      text([
        {
          ...{ kind: 'command', effect: 'both', argv: ['touch', `/etc/x${painting}`] },
          ...{ directory: null, files: [], stdin: null },
        },
      ]),
      /what the command did is not undone/,
    ],
  ];

  test.concurrent('neither crashes nor paints, and nothing of the host is touched', async () => {
    const host = await fleet.take('full');
    await host.sh(`mkdir -p -m 700 /var/lib/xpush ${generations}; echo theirs >/etc/fault.conf`);
    const theirs = () => host.sh('ls -l --time-style=full-iso /etc; cat /etc/fault.conf');
    const before = await theirs();
    for (const [name, forgery, said] of forged) {
      await host.lab.writeFile(`${generations}/${id}.1.json`, forgery);

      const { code, stdout, stderr } = await host.xpush('rollback', '-v', '--diff', ...soon);

      expect(code === 0 || code === 1, `${name}: ${stderr}`).toBe(true);
      expect(stdout + stderr, name).toMatch(said);
      expect(stdout + stderr, name).not.toMatch(/(?![\t\n])\p{Cc}/u);
      expect(stdout + stderr, name).not.toMatch(/\n\s+at /);
      expect(await theirs(), name).toBe(before);
    }
  });

  test.concurrent('files that are none of a run are not read, and many of them change nothing', async () => {
    const host = await fleet.take('full');
    await change(host, filter, 1);
    await host.sh(
      `cd ${generations}; for n in 1 2 3 4 5 6 7 8 9; do ln -s /etc/shadow zzz.$n.json; echo x >"9 $n.json"; done; mkdir ${id}.1.json`,
    );

    const { code, stderr } = await host.xpush('rollback', ...soon);

    expect(code, stderr).toBe(0);
    await host.sh(`cd ${generations}; rm -r -- *`);
    await host.expectOld();
  });
});
