import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { documentScript, documentTables } from './document-script.ts';
import { Fleet, hostIn, shippedInventory } from './fleet.ts';
import { GridProbe } from './grid.ts';

const describe = await labDescribe();

describe('apply after the source document’s own script', () => {
  test('leaves the rules and tables of a guest that never saw it, and one connected and one default route beside them', async () => {
    const text = await shippedInventory('webserv');
    const startFleet = () => Fleet.start(text, { forwarding: true });
    await using fresh = await startFleet();
    await using fleet = await startFleet();
    const guest = fleet.lab.host('webserv');
    const tables = await guest.readFile('/etc/iproute2/rt_tables');
    await guest.writeFile('/etc/iproute2/rt_tables', `${tables}${documentTables}`);
    const routing = async (of: Fleet) => {
      const script = 'ip -4 -N rule; ip -4 -N route show table all type unicast | sort';
      const { stdout } = await of.lab.host('webserv').exec(['sh', '-c', script]);
      const lines = stdout.split('\n').map((line) => line.trim());
      return {
        main: lines.filter((line) => / dev eth\d/.test(line) && !/ table /.test(line)),
        ours: lines.filter((line) => / table |:\t/.test(line)),
      };
    };

    await guest.exec(['sh'], { input: documentScript });
    await guest.exec(['sh'], { input: documentScript });
    const left = await routing(fleet);
    const run = await fleet.mustApply('--diff');
    await fresh.mustApply();

    // what domain.md says of the script: six rules more at each run, and no connected routes
    expect(left.ours.filter((rule) => /lookup 1[678]$/.test(rule))).toHaveLength(12);
    expect(left.main).toEqual(['default via 192.168.0.1 dev eth0']);
    const ipRules = hostIn(run.document, 'webserv').tasks.find(({ step }) => step === 'ip_rules');
    expect(ipRules?.status).toBe('changed');
    const after = await routing(fleet);
    expect(after.ours).toEqual((await routing(fresh)).ours);
    expect(after.main).toEqual([
      '192.168.0.0/24 dev eth0 scope 253 src 192.168.0.200',
      'default via 192.168.0.1 dev eth0',
    ]);
    expect((await fleet.mustApply()).document.recap).toMatchObject({ ok: 2, changed: 0 });
  });

  test('opens what the script opened, and nothing of it is in the way', async () => {
    await using fleet = await Fleet.start(await shippedInventory('webserv'), {
      forwarding: true,
      guestRpFilter: 1,
    });
    const probe = await GridProbe.start(fleet.lab, fleet.inventory, 'webserv', [80, 443]);
    const guest = fleet.lab.host('webserv');
    const tables = await guest.readFile('/etc/iproute2/rt_tables');
    await guest.writeFile('/etc/iproute2/rt_tables', `${tables}${documentTables}`);
    const open = {
      '192.168.0.200': 'open',
      '192.168.0.201': 'open',
      '192.168.0.202': 'open',
    };

    await guest.exec(['sh'], { input: documentScript });
    await guest.exec(['sh'], { input: documentScript });
    const byScript = await probe.look(5000);
    await fleet.mustApply();

    expect(byScript.in).toEqual(open);
    expect((await probe.look(5000)).in).toEqual(open);
  });
});
