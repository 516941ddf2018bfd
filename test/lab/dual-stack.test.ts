import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { labPlanFor, surroundings } from '../../src/lab/inventory-plan.ts';
import { type Lab, startLab } from '../../src/lab/lab.ts';
import { labDescribe } from '../lab-tier.ts';

const fleet = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  lan6: { subnet: "2001:db8:1::/64", gateway: "fe80::1" }
  dmz6: { subnet: "2001:db8:2::/64", gateway: "2001:db8:2::1" }
dom0:
  xen1: { address: 192.168.0.100 }
domU:
  web:
    dom0: xen1
    vifs:
      - { ips: [192.168.0.200, "2001:db8:1::200"] }
      - { ip: "2001:db8:2::200", script: vif-bridge, bridge: br0 }
  six: { dom0: xen1, vifs: [{ ip: "2001:db8:1::201" }] }
`;
const WEB = '2001:db8:1::200';
const BRIDGED = '2001:db8:2::200';
const SIX = '2001:db8:1::201';

const describe = await labDescribe();

describe('a lab of both families', () => {
  let lab: Lab;
  let farAddress6: string;

  const probe = async (from: string, to: readonly string[]): Promise<readonly string[]> => {
    const results = await lab.host(from).probe(to.map((each) => ({ to: each, port: 80 })));
    return results.map(({ status }) => status);
  };

  beforeAll(async () => {
    const inventory = await loadInventory({ argument: '-', stdin: fleet });
    farAddress6 = surroundings(inventory).farAddress6 ?? '';
    lab = await startLab(labPlanFor(inventory, { kinds: { six: 'mini' } }));
    await lab.host('web').listen([WEB, BRIDGED].map((address) => ({ address, port: 80 })));
    await lab.host('six').listen([{ address: SIX, port: 80 }]);
    await lab.host('far').listen([{ address: farAddress6, port: 80 }]);
  });
  afterAll(async () => {
    await lab?.down();
  });

  test('the router leads beyond by a link-local gateway as by another, from the first moment', async () => {
    expect(await probe('client', [farAddress6])).toEqual(['open']);
    expect(await probe('xen1', [farAddress6])).toEqual(['open']);
    expect(await probe('web', [farAddress6])).toEqual(['open']);
  });

  test('a bridged guest is there, and a routed one is not yet: dom0 does not answer for it', async () => {
    expect(await probe('far', [BRIDGED])).toEqual(['open']);
    expect(await probe('client', [BRIDGED, WEB, SIX])).toEqual(['open', 'timeout', 'timeout']);
  });

  test('a routed guest has its addresses alone on its link, and a router only where it has no IPv4', async () => {
    const routes = async (name: string): Promise<string> =>
      (await lab.host(name).exec(['ip', '-6', 'route', 'show', 'dev', 'eth0'])).stdout;

    expect(await routes('web')).toMatch(/^2001:db8:1::200 proto kernel/m);
    expect(await routes('web')).not.toMatch(/^(?:default|2001:db8:1::\/64)/m);
    expect(await routes('six')).toMatch(/^default via fe80::fcff:ffff:feff:ffff /m);
    expect(await probe('six', [farAddress6])).toEqual(['timeout']);
  });

  test('once dom0 routes and answers for them, the guests are reached, from beyond too', async () => {
    const dom0 = lab.host('xen1');
    const { stdout } = await dom0.exec(['xl', 'list']);
    const vifOf = (name: string): string =>
      `vif${new RegExp(`^${name} +(\\d+)`, 'm').exec(stdout)?.[1]}.0`;

    await dom0.exec(['sh', '-e'], {
      input: `sysctl -w net.ipv6.conf.all.forwarding=1 net.ipv6.conf.eth0.proxy_ndp=1
ip -6 route add ${WEB} dev ${vifOf('web')}
ip -6 route add ${SIX} dev ${vifOf('six')}
for ip in ${WEB} ${SIX}; do ip -6 neigh add proxy $ip dev eth0; done`,
    });
    await lab.flushNeighbours();

    expect(await probe('client', [SIX])).toEqual(['open']);
    expect(await probe('far', [SIX])).toEqual(['open']);
    expect(await probe('six', [farAddress6])).toEqual(['open']);
    // Its answers leave by the bridged vif, as its only IPv6 router is there.
    expect(await probe('client', [WEB])).toEqual(['open']);
  });
});
