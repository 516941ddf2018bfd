import { describe, expect, test } from 'vitest';
import { hostsOfPlan } from '../../src/cli/plan-document.ts';
import { redactor } from '../../src/cli/redaction.ts';
import { change } from '../../src/host/change.ts';
import { DiffText } from '../../src/report/diff-text.ts';

describe('hostsOfPlan', () => {
  test('shows no secret, whatever a host or a step says', () => {
    redactor.add('canary7f0e2');
    const plan = {
      changes: change.setParameter('net.ipv4.ip_forward', '1', '0'),
      pending: ['canary7f0e2 waits'],
      message: 'it said canary7f0e2',
    };
    const task = { play: 0, task: 0, network: false, plan, found: [] };
    const hosts = new Map([
      ['xen1', { status: 'changed' as const, error: null, tasks: [task] }],
      ['xen2', { status: 'failed' as const, error: 'canary7f0e2: bad', tasks: [] }],
    ]);

    const planned = hostsOfPlan(['xen1', 'xen2'], { hosts, plays: [] }, new DiffText());

    expect(planned).toMatchObject([
      { tasks: [{ status: 'changed', message: 'it said ***', pending: ['*** waits'] }] },
      { host: 'xen2', status: 'failed', error: '***: bad' },
    ]);
    expect(JSON.stringify(planned)).not.toContain('canary');
  });
});
