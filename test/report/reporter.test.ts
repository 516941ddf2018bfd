import { createWriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import { createReporter } from '../../src/report/reporter.ts';
import { Capture, report } from './capture.ts';
import { fileChange, hostEnd, runOf, taskEnd } from './sample-run.ts';

const cfg = fileChange('/etc/xen/webserv.cfg', "vif = ['']\n", "vif = ['mac=x']\n");
const refused = { message: 'connect to xen31 port 22: connection refused', hint: 'is sshd up?' };
const webserv = runOf([
  ['xen1', 'dom0', [{ status: 'changed', changes: [cfg] }, {}], { status: 'changed' }],
  ['webserv', 'domU', [{ pending: ['eth1 appears when webserv is next created'] }], {}],
  ['xen31', 'dom0', [], { status: 'unreachable', error: refused, seconds: 20 }],
]);

describe('createReporter', () => {
  test('writes a line for each finished host and a recap where there is no terminal', async () => {
    const { stdout, stderr } = await report(webserv);

    expect(stderr).toBe('');
    expect(stdout).toBe(`Applying to 3 hosts.
xen1     changed         1.3s  1 of 2 tasks
webserv  ok              1.3s  1 task, 1 pending
xen31    unreachable      20s  connect to xen31 port 22: connection refused

Recap: 3 hosts in 1.9s
  ok           1  webserv
  changed      1  xen1
  unreachable  1  xen31

unreachable: xen31
  connect to xen31 port 22: connection refused
  hint: is sshd up?

Pending:
  eth1 appears when webserv is next created (webserv)

Next: see to the errors above, then run again with --limit xen31.
`);
  });

  test('says what would change in a check, and shows diffs when asked', async () => {
    const opaque = { task: 'Restart', step: 'command', status: 'unknown' } as const;
    const check = runOf(
      [['xen1', 'dom0', [{ status: 'changed', changes: [cfg] }, opaque], { status: 'changed' }]],
      { check: true },
    );

    const { stdout } = await report(check, { diff: true });

    expect(stdout).toBe(`Checking 1 host: nothing will be changed.
xen1  would change    1.3s  1 of 2 tasks, 1 unknown until applied

/etc/xen/webserv.cfg: a 2-line diff on xen1
--- /etc/xen/webserv.cfg
+++ /etc/xen/webserv.cfg
@@ -1,1 +1,1 @@
-vif = ['']
+vif = ['mac=x']

Recap: 1 host in 1.9s (check: nothing was changed)
  would change  1  xen1

Unknown until applied: 1 task on xen1

Next: run again without --check to apply.
`);
  });

  test('adds a line a task when verbose, and what tasks that were ok said when more so', async () => {
    const tasks = [
      { status: 'changed', changes: [cfg], message: 'one vif' },
      { task: 'Say', step: 'command', message: 'hello\nxen1  ok' },
    ] as const;
    const run = runOf([['xen1', 'dom0', tasks, { status: 'changed' }]]);

    const once = await report(run, { verbose: 1 });
    const twice = await report(run, { verbose: 2 });

    expect(once.stdout).toContain(`Applying to 1 host.
xen1  changed       The guests' vif lists (vif_config)
    write /etc/xen/webserv.cfg
    one vif
xen1  ok            Say (command)
xen1  changed         1.3s  1 of 2 tasks
`);
    // A host's words are moved in, so that none can pass for a line of another host.
    expect(twice.stdout).toContain(`xen1  ok            Say (command)
    hello
    xen1  ok
xen1  changed `);
  });

  test('shows messages, with their host and level', async () => {
    const messages: readonly RunEvent[] = [
      { event: 'message', level: 'info', host: null, text: 'xen2 is outside --limit' },
      { event: 'message', level: 'warning', host: 'xen1', text: 'clock is off' },
    ];

    const { stdout } = await report(messages);

    expect(stdout).toBe('xen2 is outside --limit\nwarning: xen1: clock is off\n');
  });

  test('tells what holds of many hosts three times, and of all of them at the end', async () => {
    const text = 'it has no ping';
    const names = Array.from({ length: 20 }, (_, index) => `xen${index + 1}`);
    const messages = names.map(
      (host): RunEvent => ({ event: 'message', level: 'info', host, text }),
    );
    const run = runOf(names.map((name) => [name, 'dom0', [], { status: 'ok' }]));

    const { stdout } = await report([...messages, ...run]);

    expect(stdout.match(/^xen\d+: it has no ping$/gm)).toEqual([
      'xen1: it has no ping',
      'xen2: it has no ping',
      'xen3: it has no ping',
    ]);
    expect(stdout).toMatch(/^20 hosts: it has no ping \(xen1, xen2, .*and 8 more\)$/m);
  });

  test('gives a sign of life while no host finishes', async () => {
    const stdout = new Capture();
    const options = { form: 'auto', diff: false, verbose: 0, heartbeatMs: 20 } as const;
    const reporter = createReporter({ ...options, stdout, stderr: new Capture() });
    for (const event of runOf([
      ['a', 'dom0', [], {}],
      ['b', 'dom0', [], {}],
      ['c', 'dom0', [], {}],
    ]).slice(0, 4)) {
      reporter.emit(event);
    }

    await expect.poll(() => stdout.text).toContain('... 1 running, 1 waiting, 1 done\n');

    await reporter.close();
  });

  test('leaves standard output to JSON, and tells people on standard error', async () => {
    const { stdout, stderr } = await report(webserv, { form: 'json' });

    expect(JSON.parse(stdout).recap.unreachable).toBe(1);
    expect(stderr).toContain('Recap: 3 hosts');
  });

  test('draws live on standard error when it is a terminal and JSON goes elsewhere', async () => {
    const stderr = Object.assign(new Capture(), { isTTY: true, columns: 80, rows: 24 });

    const { stdout } = await report(webserv, { form: 'json', stderr, env: {} });

    expect(JSON.parse(stdout).schema).toBe(1);
    expect(stderr.text).toContain('\x1b[?25h');
  });

  test('draws nothing live where lines of ndjson share the terminal', async () => {
    const terminal = Object.assign(new Capture(), { isTTY: true, columns: 80, rows: 24 });

    await report(webserv, { form: 'ndjson', stdout: terminal, stderr: terminal, env: {} });

    expect(terminal.text).not.toContain('\x1b');
  });

  test('ends quietly when nobody reads any more', async () => {
    const stdout = failing('EPIPE');

    await report(webserv, { stdout });

    expect(stdout.writes).toBe(1);
  });

  test('fails at its end when the disk is full', async () => {
    const stdout = createWriteStream('/dev/full');

    await expect(report(webserv, { form: 'json', stdout })).rejects.toThrow('ENOSPC');
  });

  test('keeps its own bugs from the run, and fails at its end', async () => {
    const reporter = createReporter({
      form: 'plain',
      diff: false,
      verbose: 0,
      stdout: new Capture(),
      stderr: new Capture(),
    });
    const { pending: _, ...broken } = taskEnd('xen1');

    // @ts-expect-error a task without what it waits for
    reporter.emit(broken);
    reporter.emit(hostEnd('xen1', 'dom0'));

    await expect(reporter.close()).rejects.toThrow(TypeError);
  });
});

function failing(code: string): Writable & { writes: number } {
  const stream = Object.assign(
    new Writable({
      autoDestroy: false,
      write(_chunk, _encoding, done) {
        stream.writes += 1;
        done(Object.assign(new Error(code), { code }));
      },
    }),
    { writes: 0 },
  );
  return stream;
}
