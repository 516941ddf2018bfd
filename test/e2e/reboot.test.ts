import { expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { labPlanFor } from '../../src/lab/inventory-plan.ts';
import type { Lab, LabPlan } from '../../src/lab/lab.ts';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, hostIn, shippedInventory, statuses } from './fleet.ts';
import { GridProbe } from './grid.ts';

/** dom0's own part of the live state: its guests' vifs are called anew at each boot. */
async function dom0State(lab: Lab): Promise<string> {
  const script = `iptables-save -t filter | sed -e '/^#/d' -e 's/ \\[[0-9]*:[0-9]*\\]//'
    sysctl net.ipv4.ip_forward net.ipv4.conf.eth0.proxy_arp`;
  const { stdout, code, stderr } = await lab.host('xen1').exec(['sh', '-ec', script]);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** Guests whose network comes up as on Debian: by ifupdown, from the file that an installer or xpush wrote. */
function withIfupdown(plan: LabPlan): LabPlan {
  const hosts = plan.hosts.map((host) =>
    host.name === 'webserv'
      ? { ...host, packages: ['ifupdown'], bootFrom: 'interfaces' as const }
      : host,
  );
  return { ...plan, hosts };
}

const describe = await labDescribe();
const text = await shippedInventory('webserv');
const describeWithIfupdown = await labDescribe(
  withIfupdown(labPlanFor(await loadInventory({ argument: '-', stdin: text }))),
);

describe('a reboot of dom0', () => {
  test('brings the same firewall and kernel parameters by their files; a check finds nothing on it', async () => {
    await using fleet = await Fleet.start(
      text.replace('uplink: eth0', 'uplink: eth0, firewall: { admin: [192.168.0.0/28] }'),
    );
    const { lab } = fleet;
    const installed = await dom0State(lab);
    await lab.host('xen1').reboot();
    const rebooted = await dom0State(lab);
    await fleet.mustApply();
    const applied = await dom0State(lab);

    await lab.host('xen1').reboot();

    expect(rebooted).toBe(installed);
    expect(applied).not.toBe(installed);
    expect(await dom0State(lab)).toBe(applied);
    const check = await fleet.apply('--check', '--exit-code', '--limit', 'xen1');
    expect(check.code, check.stdout).toBe(0);
    expect(statuses(check.document)).toEqual({ xen1: 'ok' });
  });

  test('without admin networks: XPUSH-KEEP is empty then, which is no difference, and a push fills it again', async () => {
    await using fleet = await Fleet.start(text);
    const { lab } = fleet;
    await fleet.mustApply();
    const applied = await dom0State(lab);

    await lab.host('xen1').reboot();
    const booted = await dom0State(lab);
    const check = await fleet.apply('--check', '--exit-code', '--limit', 'xen1');
    await fleet.mustApply('--limit', 'xen1');

    expect(applied).toMatch(/^-A XPUSH-KEEP .*--dport 22 /m);
    expect(booted).toBe(applied.replace(/^-A XPUSH-KEEP .*\n/gm, ''));
    expect(check.code, check.stdout).toBe(0);
    expect(await dom0State(lab)).toBe(applied);
  });
});

describeWithIfupdown('a reboot of a guest that ifupdown sets up', () => {
  test('brings what had to wait for it, and all addresses answer without another push', async () => {
    await using fleet = await Fleet.start(text, { adapt: withIfupdown, guestRpFilter: 1 });
    const { lab } = fleet;
    const first = await fleet.mustApply();

    await lab.host('webserv').reboot();
    const probe = await GridProbe.start(lab, fleet.inventory, 'webserv', [80, 443]);
    const grid = await probe.look(5000);
    const second = await fleet.apply('--check', '--diff', '--exit-code');

    const pendingOf = (run: typeof first) =>
      hostIn(run.document, 'webserv').tasks.flatMap(({ pending }) => pending);
    expect(pendingOf(first).join('\n')).toContain('eth1');
    expect(grid.in).toEqual({
      '192.168.0.200': 'open',
      '192.168.0.201': 'open',
      '192.168.0.202': 'open',
    });
    expect(statuses(second.document), second.stdout).toEqual({ xen1: 'ok', webserv: 'ok' });
    expect(pendingOf(second)).toEqual([]);
  });
});
