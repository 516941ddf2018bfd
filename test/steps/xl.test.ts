import { expect, test } from 'vitest';
import { Fleet, hostIn, shippedInventory } from '../e2e/fleet.ts';
import { labDescribe } from '../lab-tier.ts';

const describe = await labDescribe();

describe('xl', () => {
  test('shuts a guest down, finds it so, and creates it again', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'));
    const state = async (wanted: string, ...options: readonly string[]) => {
      const file = await fleet.write(
        'xl.yaml',
        `- { hosts: xen1, tasks: [{ xl: { name: webserv, state: ${wanted} }, register: it }] }\n`,
      );
      const { document, stderr } = await fleet.apply(file, ...options);
      return hostIn(document, 'xen1').tasks[0]?.status ?? stderr;
    };

    expect(await state('running')).toBe('ok');
    expect(await state('shutdown', '--check')).toBe('unknown');
    expect(await state('running')).toBe('ok');
  });

  test('is for dom0s', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'));
    const file = await fleet.write(
      'xl.yaml',
      '- { hosts: webserv, tasks: [{ xl: { name: a } }] }\n',
    );
    const { code, stdout } = await fleet.apply(file);
    expect(code).toBe(2);
    expect(stdout).toContain('xl is for dom0 hosts');
  });
});
