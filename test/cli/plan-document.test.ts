import { describe, expect, test } from 'vitest';
import { hostOfPlan } from '../../src/cli/plan-document.ts';
import { PlannedHosts } from '../../src/cli/planned-hosts.ts';
import { redactor } from '../../src/cli/redaction.ts';
import type { RecordedHost } from '../../src/engine/plan-recorder.ts';
import { change } from '../../src/host/change.ts';
import { DiffText } from '../../src/report/diff-text.ts';
import type { Plan } from '../../src/steps/step.ts';

const host = (...plans: readonly Plan[]): RecordedHost => ({
  ...{ status: 'changed', error: null },
  tasks: plans.map((plan, task) => ({ play: 0, task, network: false, plan, found: [] })),
});
const planned = (name: string, found: RecordedHost) => hostOfPlan(name, found, [], new DiffText());
const command = (line: string): Plan => ({
  changes: [change.command(['/bin/sh', '-c', line], null)],
});

describe('hostOfPlan', () => {
  test('shows no secret, whatever a host or a step says', () => {
    redactor.add('canary7f0e2');
    const plan = {
      changes: change.setParameter('net.ipv4.ip_forward', '1', '0'),
      pending: ['canary7f0e2 waits'],
      message: 'it said canary7f0e2',
    };
    const failed = { status: 'failed' as const, error: 'canary7f0e2: bad', tasks: [] };

    const both = [planned('xen1', host(plan)), planned('xen2', failed)];

    expect(both).toMatchObject([
      { tasks: [{ status: 'changed', message: 'it said ***', pending: ['*** waits'] }] },
      { host: 'xen2', status: 'failed', error: '***: bad' },
    ]);
    expect(JSON.stringify(both)).not.toContain('canary');
  });
});

describe('PlannedHosts', () => {
  test('gives hosts as they were added, in the order of the inventory', () => {
    const hosts = new PlannedHosts();
    const all = ['b', 'a'].map((name) => planned(name, host(command(`echo ${name}`))));
    for (const one of all) hosts.add(one);

    expect([...hosts.of(['a', 'none', 'b'])]).toEqual(all.toReversed());
  });

  test('leaves out what shows a secret that was revealed later, and commands behind it', () => {
    const hosts = new PlannedHosts();
    const parameter = { changes: change.setParameter('net.ipv4.ip_forward', '1', '0') };
    hosts.add(
      planned('xen1', host(command('a'), command('echo later9c41'), parameter, command('b'))),
    );

    redactor.add('later9c41');

    const [{ tasks } = { tasks: [] }] = hosts.of(['xen1']);
    expect(tasks.map(({ status }) => status)).toEqual([
      ...['changed', 'unknown', 'changed', 'unknown'],
    ]);
    expect(tasks[1]?.message).toContain('it uses a secret');
  });

  test('keeps none when no plan could hold them', () => {
    const hosts = new PlannedHosts();
    const large = planned('xen1', host(command('x'.repeat(1024 * 1024))));
    for (let index = 0; index < 21; index += 1) hosts.add({ ...large, host: `xen${index}` });

    expect(hosts.isTooLarge).toBe(true);
    expect([...hosts.of(['xen0', 'xen20'])]).toEqual([]);
  });
});
