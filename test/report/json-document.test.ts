import { describe, expect, test } from 'vitest';
import { errorDocument } from '../../src/report/json-document.ts';
import { report } from './capture.ts';
import { fileChange, runOf } from './sample-run.ts';

const cfg = fileChange('/etc/xen/webserv.cfg', 'a\n', 'b\n');
const rules = {
  kind: 'routing',
  subject: 'ip rules and routes',
  path: null,
  before: '',
  after: 'from 192.0.2.1 lookup 16\n',
} as const;
const command = {
  kind: 'command',
  subject: 'touch /x',
  path: null,
  before: null,
  after: null,
} as const;

describe('JsonDocumentBuilder', () => {
  test('builds the document of the manual', async () => {
    const run = runOf([
      ['xen1', 'dom0', [{ status: 'changed', changes: [cfg] }], { status: 'changed' }],
    ]);

    const { stdout } = await report(run, { form: 'json', diff: true });

    expect(JSON.parse(stdout)).toEqual({
      schema: 1,
      xpush: '0.1.0',
      check: false,
      exit: 0,
      seconds: 1.9,
      hosts: {
        xen1: {
          kind: 'dom0',
          status: 'changed',
          error: null,
          tasks: [
            {
              play: 'Xen hosts',
              task: "The guests' vif lists",
              step: 'vif_config',
              status: 'changed',
              pending: [],
              changes: [
                {
                  kind: 'write',
                  path: '/etc/xen/webserv.cfg',
                  diff: '--- /etc/xen/webserv.cfg\n+++ /etc/xen/webserv.cfg\n@@ -1,1 +1,1 @@\n-a\n+b\n',
                },
              ],
              message: null,
            },
          ],
        },
      },
      recap: {
        ok: 0,
        changed: 1,
        failed: 0,
        unreachable: 0,
        rolled_back: 0,
        needs_human: 0,
        busy: 0,
        skipped: 0,
      },
    });
  });

  test('names live state by subject, and leaves diffs out unless they are asked for', async () => {
    const run = runOf([
      ['web', 'domU', [{ status: 'changed', changes: [cfg, rules, command] }], {}],
    ]);

    const without = JSON.parse((await report(run, { form: 'json' })).stdout);
    const withDiffs = JSON.parse((await report(run, { form: 'json', diff: true })).stdout);

    expect(without.hosts.web.tasks[0].changes).toEqual([
      { kind: 'write', path: '/etc/xen/webserv.cfg' },
      { kind: 'routing', subject: 'ip rules and routes' },
      { kind: 'command', subject: 'touch /x' },
    ]);
    expect(withDiffs.hosts.web.tasks[0].changes[1].diff).toContain('+from 192.0.2.1 lookup 16');
    expect(withDiffs.hosts.web.tasks[0].changes[2].diff).toBeNull();
  });

  test('has every host, those that the run did not get to as skipped', async () => {
    const [start, ...rest] = runOf([
      ['a', 'dom0', [], {}],
      ['__proto__', 'dom0', [], {}],
      ['c', 'dom0', [], {}],
    ]);
    const run = [start!, ...rest.filter((event) => !('host' in event) || event.host !== 'c')];

    const { stdout } = await report(run, { form: 'json' });

    const { hosts, recap } = JSON.parse(stdout);
    expect(Object.keys(hosts)).toEqual(['a', '__proto__', 'c']);
    expect(hosts.c.status).toBe('skipped');
    expect(hosts.c.error.message).toBe('the run ended before this host was done');
    expect(recap).toMatchObject({ ok: 2, skipped: 1 });
  });

  test('is not printed for a run that broke off', async () => {
    const run = runOf([['a', 'dom0', [], {}]]).slice(0, -1);

    const { stdout, stderr } = await report(run, { form: 'json' });

    expect(stdout).toBe('');
    expect(stderr).not.toContain('Recap');
  });
});

describe('NdjsonView', () => {
  test('writes an object a line, and the document in the last one', async () => {
    const run = runOf([['xen1', 'dom0', [{ message: 'two\nlines' }], {}]]);
    const moments = [
      { event: 'phase', name: 'Look', status: 'start' },
      { event: 'message', level: 'warning', host: null, text: 'careful' },
    ] as const;

    const { stdout } = await report([...moments, ...run], { form: 'ndjson' });
    const document = JSON.parse((await report(run, { form: 'json' })).stdout);

    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      { event: 'message', level: 'warning', host: null, text: 'careful' },
      {
        event: 'run_start',
        schema: 1,
        xpush: '0.1.0',
        run: { id: '20261122T230501Z-3f9a2c', by: 'ops@controller', since: '2026-11-22T23:05:01Z' },
        check: false,
        hosts: [{ name: 'xen1', kind: 'dom0', dom0: null, addresses: [] }],
      },
      { event: 'host_start', host: 'xen1', kind: 'dom0' },
      {
        event: 'task',
        host: 'xen1',
        play: 'Xen hosts',
        task: "The guests' vif lists",
        step: 'vif_config',
        status: 'ok',
        pending: [],
        changes: [],
        message: 'two\nlines',
      },
      {
        event: 'host_end',
        host: 'xen1',
        kind: 'dom0',
        status: 'ok',
        error: null,
        seconds: 1.25,
      },
      { event: 'run_end', document },
    ]);
  });
});

describe('errorDocument', () => {
  test('lists everything that is wrong, with places, escaped', () => {
    const position = { file: 'inv\x1b.yaml', line: 3, column: 7 };

    const document = errorDocument([
      { position, message: 'bad \x9b name', hint: 'did you mean xen1?', excerpt: null },
      { position: null, message: 'no such file', hint: null, excerpt: null },
    ]);

    expect(document).toEqual({
      schema: 1,
      exit: 2,
      errors: [
        {
          file: 'inv\\x1b.yaml',
          line: 3,
          column: 7,
          message: 'bad \\x9b name',
          hint: 'did you mean xen1?',
        },
        { file: null, line: null, column: null, message: 'no such file', hint: null },
      ],
    });
  });
});
