import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';
import { Fleet, hostIn, statuses } from './fleet.ts';

const inventoryText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
hosts:
  "h[1:2]": { address: "192.168.0.[101:102]" }
`;
const playbookText = `
- name: Slow
  hosts: all
  tasks:
    - name: Waits on h1
      command: { changes: always, shell: "touch /run/waiting; [ $(hostname) = h2 ] || sleep 600" }
    - name: After it
      command: { argv: [touch, /etc/after], creates: /etc/after }
`;

const describe = await labDescribe();

describe('a host that goes away in the middle of a command', () => {
  test('is failed with what was done unknown, neither repeated nor done; the others are not held up', async () => {
    await using fleet = await Fleet.start(inventoryText);
    const host = fleet.lab.host('h1');
    const playbook = await fleet.write('slow.yaml', playbookText);

    const run = fleet.apply(playbook);
    await until(async () => {
      return (await host.exec(['test', '-e', '/run/waiting'])).code === 0;
    });
    await host.reboot();
    const { code, document } = await run;

    expect(code).toBe(1);
    expect(statuses(document)).toEqual({ h1: 'failed', h2: 'changed' });
    expect(hostIn(document, 'h1').error?.message).toContain('what was done is unknown');
    expect(hostIn(document, 'h1').error?.hint).toContain('--check');
    expect((await host.exec(['test', '-e', '/run/waiting'])).code).toBe(1);
    expect((await host.exec(['test', '-e', '/etc/after'])).code).toBe(1);
  });
});
