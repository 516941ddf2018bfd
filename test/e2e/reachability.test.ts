import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { Fleet, shippedInventory } from './fleet.ts';
import { type Grid, GridProbe, type Row } from './grid.ts';

/** The source document's guest, which may also open connections to web servers elsewhere. */
async function inventoryText(): Promise<string> {
  const text = await shippedInventory('webserv');
  return `${text.trimEnd()}\n      - { proto: tcp, ports: [80, 443], direction: out }\n`;
}

const withoutIpRules = `
- name: Xen hosts
  hosts: dom0
  tasks:
    - vif_config:
    - firewall:
    - sysctl:
- name: Guests
  hosts: domU
  tasks:
    - command: { changes: always, argv: ["true"] }
`;

function grid(first: Row, others: Row): Grid {
  const rows = {
    '192.168.0.200': first,
    '192.168.0.201': others,
    '192.168.0.202': others,
  };
  return { in: rows, out: rows };
}

const describe = await labDescribe();

describe('the reachability of three addresses, two ports, from the LAN and from beyond, in and out', () => {
  test.concurrent.each([
    ['rp_filter', 0],
    ['rp_filter', 1],
    ['iptables', 0],
    ['iptables', 1],
  ] as const)(
    'turns from nothing, or the first address only, to all of it: anti-spoofing by %s, rp_filter %d on the guest',
    async (antispoof, guestRpFilter) => {
      await using fleet = await Fleet.start(await inventoryText(), { antispoof, guestRpFilter });
      const probe = await GridProbe.start(fleet.lab, fleet.inventory, 'webserv', [80, 443]);
      const partial = await fleet.write('partial.yaml', withoutIpRules);

      const before = await probe.look();
      await fleet.mustApply(partial);
      const withoutRules = await probe.look(5000);
      await fleet.mustApply();
      const after = await probe.look(5000);

      expect(before).toEqual(grid('closed', 'closed'));
      expect(withoutRules).toEqual(grid('open', 'closed'));
      expect(after).toEqual(grid('open', 'open'));
    },
  );
});
