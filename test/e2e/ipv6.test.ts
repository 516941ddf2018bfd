import { expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { labPlanFor, surroundings } from '../../src/lab/inventory-plan.ts';
import type { LabPlan } from '../../src/lab/lab.ts';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';
import { Fleet, statuses } from './fleet.ts';

const text = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  lan6: { subnet: "2001:db8:1::/64", gateway: "2001:db8:1::1" }
dom0:
  xen1: { address: 192.168.0.100, uplink: eth0 }
domU:
  six:
    dom0: xen1
    names: iftab
    network_config: ifupdown
    vifs:
      - { ips: [192.168.0.200, "2001:db8:1::200"] }
      - { ips: [192.168.0.201, "2001:db8:1::201", "2001:db8:1::202"] }
    allow:
      - { proto: tcp, ports: [80] }
`;
const addresses = ['2001:db8:1::200', '2001:db8:1::201', '2001:db8:1::202'];

/** What a push has to do on a guest that ifupdown brings up. */
function withIfupdown(plan: LabPlan): LabPlan {
  const hosts = plan.hosts.map((host) =>
    host.name === 'six'
      ? { ...host, packages: ['ifupdown'], bootFrom: 'interfaces' as const }
      : host,
  );
  return { ...plan, hosts };
}

const inventory = await loadInventory({ argument: '-', stdin: text });
const describe = await labDescribe(withIfupdown(labPlanFor(inventory)));

/** dom0 lets only its own addresses through each vif, as a firewall against wrong senders does. */
const spoofGuard = `
for vif in /sys/class/net/vif*; do
  vif=\${vif##*/}
  for ip in $(ip -6 route show dev "$vif" | sed -n 's/^\\(2001[^ ]*\\).*/\\1/p'); do
    ip6tables -w -t raw -A PREROUTING -i "$vif" -s "$ip" -j ACCEPT
  done
  ip6tables -w -t raw -A PREROUTING -i "$vif" -s 2000::/3 -j DROP
done`;

describe('a guest with IPv6 behind vif-route', () => {
  const { far, client } = surroundings(inventory);
  const look = async ({ lab }: Fleet, from: string) => {
    const results = await lab.host(from).probe(addresses.map((to) => ({ to, port: 80 })));
    return results.map(({ status }) => status);
  };
  const isOpen = async (fleet: Fleet): Promise<boolean> => {
    const both = [await look(fleet, far), await look(fleet, client)];
    return both.flat().every((status) => status === 'open');
  };
  const listen = ({ lab }: Fleet) =>
    lab.host('six').listen(addresses.map((address) => ({ address, port: 80 })));

  test('answers at every address from near and far, though dom0 drops wrong senders', async () => {
    await using fleet = await Fleet.start(text);
    await using _servers = await listen(fleet);
    const before = await look(fleet, far);

    await fleet.mustApply();
    await fleet.lab.host('xen1').exec(['sh', '-ec', spoofGuard]);

    expect(before).toEqual(['timeout', 'timeout', 'timeout']);
    await until(() => isOpen(fleet));
    const second = await fleet.mustApply('--exit-code');
    expect(statuses(second.document), second.stdout).toEqual({ xen1: 'ok', six: 'ok' });

    // The guard bites: without its rules the guest answers from its first address only.
    const without = ['201', '202'].map((last) => `ip -6 rule del from 2001:db8:1::${last}`);
    await fleet.lab.host('six').exec(['sh', '-ec', without.join('\n')]);
    expect(await look(fleet, far)).toEqual(['open', 'timeout', 'timeout']);
  });

  test('is routed by dom0’s hook when it is created anew, and by its own files', async () => {
    await using fleet = await Fleet.start(text, { adapt: withIfupdown });
    await fleet.mustApply();

    await fleet.lab.host('six').reboot();

    await fleet.lab.host('xen1').exec(['sh', '-ec', spoofGuard]);
    await using _servers = await listen(fleet);
    await until(() => isOpen(fleet));
    const check = await fleet.apply('--check', '--exit-code', '--diff');
    expect(statuses(check.document), check.stdout).toEqual({ xen1: 'ok', six: 'ok' });
  });
});
