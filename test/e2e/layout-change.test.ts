import { expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { labPlanFor, surroundings } from '../../src/lab/inventory-plan.ts';
import type { LabPlan } from '../../src/lab/lab.ts';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';
import { Fleet, hostIn, statuses } from './fleet.ts';
import { addresses, layout, one, three } from './layout.ts';
import { recordSessions } from './sessions.ts';

/** What xl does differently when the list has one vif with all addresses, done to a guest that was just started. */
const asOneVif = `
first=$(ip -o -4 route show 192.168.0.200 | sed 's/.* dev \\([^ ]*\\).*/\\1/')
domid=\${first#vif} domid=\${domid%.0}
for n in 1 2; do
  ip link del "vif$domid.$n"
  ip link add "vif$domid.$n" type bridge # for the lab, which takes it away when the guest stops
  rm -r "/run/xenstore/backend/vif/$domid/$n"
done
xenstore-write "backend/vif/$domid/0/ip" '${addresses.join(' ')}'
for ip in 201 202; do ip route add "192.168.0.$ip" dev "$first" src 192.168.0.100 metric 2; done`;

/** All of one layout that the other has no use for. */
const remains = `
ip rule | sed -n '/^1[0-9][0-9][0-9]:/p'
for table in 16 17 18; do ip -N route show table $table 2>/dev/null || true; done
grep -E '^1[678]' /etc/iproute2/rt_tables || true
grep -E 'eth[12]' /etc/network/interfaces /etc/iftab || true`;

function withIfupdown(plan: LabPlan): LabPlan {
  const hosts = plan.hosts.map((host) =>
    host.name === 'web'
      ? { ...host, packages: ['ifupdown'], bootFrom: 'interfaces' as const }
      : host,
  );
  return { ...plan, hosts };
}

const inventory = await loadInventory({ argument: '-', stdin: layout(three) });
const describe = await labDescribe(withIfupdown(labPlanFor(inventory)));

describe('a guest that goes from a vif for each address to one for all, and back', () => {
  const { far } = surroundings(inventory);

  const allAnswer = async ({ lab }: Fleet): Promise<void> => {
    await using _ = await lab
      .host('web')
      .listen(addresses.map((address) => ({ address, port: 80 })));
    await until(async () => {
      const results = await lab.host(far).probe(addresses.map((to) => ({ to, port: 80 })));
      return results.every(({ status }) => status === 'open');
    });
  };
  const left = async ({ lab }: Fleet): Promise<string> => {
    const { stdout, stderr } = await lab.host('web').exec(['sh', '-ec', remains]);
    expect(stderr).toBe('');
    return stdout;
  };
  const pendingOf = (run: Awaited<ReturnType<Fleet['apply']>>) =>
    ['xen1', 'web'].flatMap((name) =>
      hostIn(run.document, name).tasks.flatMap((task) => task.pending),
    );

  /** Pushes while a session to each address is open, which must not notice. */
  const push = async (fleet: Fleet, vifs: string, address: string): Promise<void> => {
    await fleet.write('inventory.yaml', layout(vifs, address));
    const { sessions, control } = await recordSessions(fleet, 'web', addresses, 8080, async () => {
      const run = await fleet.mustApply();
      expect(statuses(run.document)).toEqual({ xen1: 'changed', web: 'changed' });
      expect(pendingOf(run).join('\n')).toMatch(/when web is next created/);
    });
    expect(sessions.every(({ echoes }) => echoes > 20)).toBe(true);
    const gapMs = Math.max(...sessions.map(({ longestGapMs }) => longestGapMs));
    expect(gapMs - control.longestGapMs).toBeLessThan(1000);
    await allAnswer(fleet);
  };
  const expectNothingLeft = async (fleet: Fleet): Promise<void> => {
    const check = await fleet.apply('--check', '--diff', '--exit-code');
    expect(statuses(check.document), check.stdout).toEqual({ xen1: 'ok', web: 'ok' });
    expect(pendingOf(check)).toEqual([]);
  };

  test('keeps open sessions to all of them, whichever it came in by, and nothing of the old once it is created anew', async () => {
    const [first = '', second = '', third = ''] = addresses;
    await using fleet = await Fleet.start(layout(three, first), {
      adapt: withIfupdown,
      guestRpFilter: 1,
    });
    const { lab } = fleet;
    await fleet.mustApply();
    await lab.host('web').reboot();
    await allAnswer(fleet);
    await expectNothingLeft(fleet);

    await push(fleet, one, second);
    await lab.host('web').reboot();
    const created = await lab.host('xen1').exec(['sh', '-ec', asOneVif]);
    expect(created).toMatchObject({ code: 0, stderr: '' });
    await allAnswer(fleet);
    await fleet.mustApply();
    expect(await left(fleet)).toBe('');
    await expectNothingLeft(fleet);

    await push(fleet, three, third);
    await lab.host('web').reboot();
    await allAnswer(fleet);
    await expectNothingLeft(fleet);
    expect(await left(fleet)).toMatch(/1032:\tfrom 192.168.0.202 lookup eth2-202/);
  });
});
