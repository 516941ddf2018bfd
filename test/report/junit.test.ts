import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../runs.ts';
import { report } from './capture.ts';
import { hostileRun } from './hostile-event.ts';
import { fileChange, runOf } from './sample-run.ts';

const changes = [fileChange('/etc/a', 'a\n', 'b\n')];
const refused = { message: 'connection refused', hint: 'is sshd up?' };
const events = runOf([
  [
    'xen1',
    'dom0',
    [
      { status: 'changed', changes, pending: ['eth1 appears later'] },
      { task: 'firewall', step: 'firewall', status: 'failed', message: 'no <iptables>\nat all' },
      { task: 'sysctl', step: 'sysctl', status: 'skipped' },
    ],
    { status: 'failed', error: { message: 'firewall: no <iptables>', hint: null } },
  ],
  ['xen2.example.net', 'dom0', [], { status: 'unreachable', error: refused }],
]);

describe('junitDocument', () => {
  test('has a suite for each host and a case for each task', async () => {
    const { stdout } = await report(events, { form: 'junit', diff: true });

    const untimed = stdout.replaceAll(/ (time|timestamp)="[^"]*"/g, '');
    expect(untimed).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="xpush" tests="4" failures="1" errors="1" skipped="1">
<testsuite name="xen1" tests="3" failures="1" errors="0" skipped="1" hostname="xen1">
<properties><property name="kind" value="dom0"></property><property name="status" value="failed"></property></properties>
<testcase name="The guests&#39; vif lists (vif_config)" classname="Xen hosts.xen1"><system-out>changed
write /etc/a
pending: eth1 appears later
--- /etc/a
+++ /etc/a
@@ -1,1 +1,1 @@
-a
+b
</system-out></testcase>
<testcase name="firewall (firewall)" classname="Xen hosts.xen1"><failure message="no &lt;iptables&gt;" type="failed">no &lt;iptables&gt;
at all</failure></testcase>
<testcase name="sysctl (sysctl)" classname="Xen hosts.xen1"><skipped message="skipped"></skipped></testcase>
</testsuite>
<testsuite name="xen2.example.net" tests="1" failures="0" errors="1" skipped="0" hostname="xen2.example.net">
<properties><property name="kind" value="dom0"></property><property name="status" value="unreachable"></property></properties>
<testcase name="The host as a whole" classname="Host.xen2_example_net"><error message="connection refused" type="unreachable">connection refused
hint: is sshd up?</error></testcase>
</testsuite>
</testsuites>
`);
  });

  test('shows no differences unless asked', async () => {
    expect((await report(events, { form: 'junit' })).stdout).not.toContain('+++');
  });

  test('is there when the run broke off, with an error for each host that was not done', async () => {
    const { stdout } = await report(events.slice(0, 3), { form: 'junit' });

    expect(stdout).toContain('the run ended before this host was done');
  });

  test('is well-formed whatever hosts say', async () => {
    await fc.assert(
      fc.asyncProperty(hostileRun, async (run) => {
        const { stdout } = await report(run, { form: 'junit', diff: true });

        expect(stdout).not.toMatch(/(?![\n\t])[\p{C}\p{Zl}\p{Zp}]/u);
        expectWellFormed(stdout);
      }),
      { numRuns: runs() },
    );
  });

  test('is well-formed to xmllint', async ({ skip }) => {
    if (spawnSync('xmllint', ['--version']).error !== undefined) skip();
    const samples = fc.sample(hostileRun, { numRuns: 20, seed: 1 });
    for (const run of samples) {
      const { stdout } = await report(run, { form: 'junit', diff: true });
      const { stderr, status } = spawnSync('xmllint', ['--noout', '-'], {
        input: stdout,
        encoding: 'utf8',
      });
      expect(`${stderr}${status}`).toBe('0');
    }
  });
});

/** XML 1.0 as far as we write it: nested elements, attributes in quotes, the five entities, no CDATA. */
function expectWellFormed(text: string): void {
  const [declaration = '', ...rest] = text.split('\n');
  expect(declaration).toBe('<?xml version="1.0" encoding="UTF-8"?>');
  const open: string[] = [];
  const token =
    /<(\/?)([a-z-]+)((?: [a-z]+="(?:[^<&"]|&(?:amp|lt|gt|quot|#\d+);)*")*)>|((?:[^<&>]|&(?:amp|lt|gt|quot|#\d+);)+)/gy;
  const body = rest.join('\n');
  let end = 0;
  for (const [whole, slash, name = '', attributes] of body.matchAll(token)) {
    end += whole.length;
    if (slash === '/') {
      expect(attributes).toBe('');
      expect(open.pop()).toBe(name);
    } else if (name !== '') open.push(name);
    else if (open.length === 0) expect(whole.trim()).toBe('');
  }
  expect(body.slice(end)).toBe('');
  expect(open).toEqual([]);
}
