import { expect, test } from 'vitest';
import type { LabPlan } from '../../src/lab/lab.ts';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, hostIn, shippedInventory } from './fleet.ts';

const withSmallDisks = (plan: LabPlan): LabPlan => ({
  ...plan,
  hosts: plan.hosts.map((host) => ({ ...host, diskMiB: 8 })),
});

const describe = await labDescribe();

describe('a dom0 whose disk is full', () => {
  test('fails with the reason, keeps the old file whole and nothing beside it, and is put right once there is room', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'), {
      adapt: withSmallDisks,
    });
    const dom0 = fleet.lab.host('xen1');
    const list = async () => (await dom0.exec(['ls', '-A', '/etc/xen'])).stdout;
    const before = [await list(), (await dom0.readFile('/etc/xen/webserv.cfg')).toString()];
    await dom0.exec([
      'sh',
      '-c',
      'dd if=/dev/zero of=/var/fill bs=4k; dd if=/dev/zero of=/var/rest bs=1',
    ]);

    const full = await fleet.apply();
    const after = [await list(), (await dom0.readFile('/etc/xen/webserv.cfg')).toString()];
    await dom0.exec(['rm', '/var/fill', '/var/rest']);
    await fleet.mustApply();

    expect(full.code).toBe(1);
    expect(hostIn(full.document, 'xen1').error?.message).toContain('disk full');
    expect(hostIn(full.document, 'webserv').status).toBe('skipped');
    expect(after).toEqual(before);
  });
});
