import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, hostIn, shippedInventory } from './fleet.ts';
import { GridProbe } from './grid.ts';

/** The source document's names for its tables, and its second script, the one that "actually works". */
const documentTables = '16\teth0-200\n17\teth1-201\n18\teth2-202\n';
const documentScript = `
/sbin/ip route del default via 192.168.0.1
for table in eth0-200 eth1-201 eth2-202;
do
   iface=\`echo $table | perl -pe 's/^(\\S+)\\-.*$/$1/;'\`
   ipEnding=\`echo $table | perl -pe 's/^.*\\-(\\S+)$/$1/;'\`
   ip=192.168.0.$ipEnding
   /sbin/ip route add 192.168.0.0/24 dev $iface table $table

   /sbin/ip route add 192.168.0.0/24 dev $iface src $ip

   /sbin/ip route add default via 192.168.0.1 table $table
   /sbin/ip rule add from $ip table $table

   /sbin/ip rule add to 0.0.0.0 dev $iface table $table

   /sbin/ip route del 192.168.0.0/24 dev $iface src $ip
done
/sbin/ip route add 192.168.0.0/24 dev eth0 src 192.168.0.200
/sbin/ip route add default via 192.168.0.1
/sbin/ip route del 192.168.0.0/24 dev eth0 src 192.168.0.200
`;

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
    const byScript = await probe.look();
    await fleet.mustApply();

    expect(byScript.in).toEqual(open);
    expect((await probe.look()).in).toEqual(open);
  });
});
