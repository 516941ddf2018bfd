import { describe, expect, test } from 'vitest';
import { report } from './capture.ts';
import { fileChange, runOf } from './sample-run.ts';

const cfg = fileChange('/etc/xen/webserv.cfg', "vif = ['']\n", "vif = ['mac=x']\n");

describe('createReporter', () => {
  test('smoke', async () => {
    const run = runOf([
      ['xen1', 'dom0', [{ status: 'changed', changes: [cfg] }, {}], { status: 'changed' }],
      ['webserv', 'domU', [{ pending: ['eth1 appears when webserv is next created'] }], {}],
      [
        'xen31',
        'dom0',
        [],
        {
          status: 'unreachable',
          error: {
            message: 'connect to xen31 port 22: connection refused',
            hint: 'is sshd running?',
          },
        },
      ],
      [
        'xen32',
        'dom0',
        [],
        {
          status: 'unreachable',
          error: {
            message: 'connect to xen32 port 22: connection refused',
            hint: 'is sshd running?',
          },
        },
      ],
    ]);
    for (const form of ['auto', 'json', 'ndjson'] as const) {
      const { stdout, stderr } = await report(run, { form, diff: true, verbose: 0 });
      process.stdout.write(`=====${form}\n${stdout}\n----\n${stderr}\n`);
    }
    expect(1).toBe(1);
  });
});
