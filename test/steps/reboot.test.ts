import { expect, test } from 'vitest';
import { Fleet, hostIn } from '../e2e/fleet.ts';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';

const describe = await labDescribe();

describe('reboot', () => {
  const { runTasks: run } = playbookOnLocalHost();

  test('waits until the host is back as another boot, and goes on there', async () => {
    await using fleet = await Fleet.start(
      'networks: { lan: { subnet: 10.9.0.0/24 } }\nhosts: { h1: { address: 10.9.0.1 } }\n',
    );
    const h1 = fleet.lab.host('h1');
    const file = await fleet.write(
      'reboot.yaml',
      `- hosts: h1
  tasks:
    - { name: before, shell: { cmd: cat /proc/sys/kernel/random/boot_id, changes: never }, register: before }
    - { name: restart, reboot: { reboot_command: touch /run/restart-me, reboot_timeout: 60 } }
    - { name: after, shell: { cmd: cat /proc/sys/kernel/random/boot_id, changes: never }, register: after }
    - { name: other, assert: { that: before.stdout != after.stdout } }
`,
    );

    const running = fleet.apply(file);
    await until(async () => (await h1.exec(['test', '-e', '/run/restart-me'])).code === 0);
    await h1.reboot();
    const { code, document, stderr } = await running;

    expect(code, stderr).toBe(0);
    const { tasks } = hostIn(document, 'h1');
    expect(tasks.map(({ task, status }) => `${task} ${status}`)).toEqual([
      'before ok',
      'restart changed',
      'after ok',
      'other ok',
    ]);
  });

  test('a host that stays away has failed', async () => {
    const { lines, result } = await run(
      '- reboot: { reboot_command: "true", reboot_timeout: 2 }\n- debug: x',
    );
    expect(lines).toEqual([
      'reboot changed',
      'debug skipped: it did not come back within 2 s: no answer',
    ]);
    expect(result.status).toBe('failed');
  });
});
